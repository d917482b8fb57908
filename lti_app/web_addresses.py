"""Addresses that people give us to show to others: never fetched by us, only looked at."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from urllib.parse import parse_qsl, urlencode, urlsplit

LONGEST = 2000
WEB = frozenset({"http", "https"})
SECURE = frozenset({"https"})
#: What only says where somebody came from, so that the page behind an address is the same without it.
TRACES = frozenset({"fbclid", "gclid", "msclkid", "mc_cid", "mc_eid", "igshid", "si"})


def good_address(raw: str, schemes: Collection[str] = WEB) -> str | None:
    """Return an address that may be shown as a link, or None: full, of these schemes, without a user in it."""
    address = raw.strip()
    if not 0 < len(address) <= LONGEST or any(letter.isspace() or ord(letter) < 32 for letter in address):
        return None
    try:
        parts = urlsplit(address)
        named = parts.username is not None or parts.password is not None
        _port = parts.port
    except ValueError:
        return None
    host = parts.hostname or ""
    if parts.scheme.lower() not in schemes or "." not in host.strip(".") or "\\" in address or named:
        return None
    return address


def host_of(address: str | None) -> str:
    """Return the site that an address leads to, as people know it."""
    try:
        host = urlsplit(address or "").hostname or ""
    except ValueError:
        return ""
    return host.removeprefix("www.")


def address_key(address: str) -> str:
    """Return what two writings of one address have in common.

    The scheme, "www.", the order of the query, traces of campaigns, the fragment and a slash at the end do not count.
    """
    parts = urlsplit(address)
    port = f":{parts.port}" if parts.port not in (None, 80, 443) else ""
    query = sorted(
        (name, value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
        if name not in TRACES and not name.startswith("utm_")
    )
    same = f"{host_of(address)}{port}{parts.path.rstrip('/')}?{urlencode(query)}"
    return hashlib.sha256(same.encode("utf-8", "surrogatepass")).hexdigest()
