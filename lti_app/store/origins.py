"""Which sites may frame us: the registered platforms' own, and no other."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from urllib.parse import parse_qsl, urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_app.models import Registration

MOST_ORIGINS = 20
# Hosted Canvas has one issuer for all schools, and a host of its own for each school's pages.
CANVAS_HOST = ".instructure.com"
USUAL_PORTS = {"http": 80, "https": 443}
# What stands in a header of ours holds nothing by which a header could be told something else.
_NAME, _NUMBERS = re.compile(r"[a-z0-9._-]+"), re.compile(r"[0-9a-f]*:[0-9a-f:.]+")

SECRETS = frozenset({"sesskey", "session", "sessionid", "sid", "token", "access_token", "jwt", "verifier"})


@lru_cache(maxsize=2048)
def origin_of(url: str) -> str | None:
    """Return the origin of ``url`` as a browser writes it, or None when it has none; ``url`` may be any text."""
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").encode("idna").decode(), parts.port
    except ValueError:
        return None
    if parts.scheme not in USUAL_PORTS or not (_NAME.fullmatch(host) or _NUMBERS.fullmatch(host)):
        return None
    where = f"[{host}]" if ":" in host else host
    unusual = port not in (None, USUAL_PORTS[parts.scheme])
    return f"{parts.scheme}://{where}:{port}" if unusual else f"{parts.scheme}://{where}"


def frame_ancestors(session: Session, registration_id: int | None) -> str:
    """Return the value of CSP's ``frame-ancestors`` for one registration; ``'none'`` when nobody is known."""
    if registration_id is None:
        return "'none'"
    columns = (Registration.issuer, Registration.auth_login_url, Registration.origins)
    row = session.execute(select(*columns).where(Registration.id == registration_id)).one_or_none()
    if row is None:
        return "'none'"
    return ancestors_of(row.issuer, row.auth_login_url, row.origins)


def ancestors_of(issuer: str, login_url: str, learned: Sequence[str] | None) -> str:
    """Return the same for a platform with these addresses."""
    origins = {origin_of(issuer), origin_of(login_url), *(learned or ())} - {None}
    if (origin_of(issuer) or "").endswith(CANVAS_HOST):
        origins.add(f"https://*{CANVAS_HOST}")
    return " ".join(sorted(str(origin) for origin in origins)) or "'none'"


def origin_to_learn(registration: Registration, address: str | None) -> str | None:
    """Return the site from which a signed launch came, where it is none of the platform's known ones."""
    found = origin_of(address) if address else None
    if found is None:
        return None
    known = {origin_of(registration.issuer), origin_of(registration.auth_login_url), *(registration.origins or ())}
    return None if found in known or len(registration.origins or ()) >= MOST_ORIGINS else found


def learn_origin(registration: Registration, address: str | None) -> None:
    """Remember the site from which a signed launch came, where it is none of the platform's known ones."""
    found = origin_to_learn(registration, address)
    if found is not None:
        registration.origins = [*(registration.origins or ()), found]


def keepable(url: str | None) -> str | None:
    """Return an address that may be stored: None when it carries somebody's session (Moodle's return_url does)."""
    if url is None:
        return None
    names = {name.lower() for name, _ in parse_qsl(urlsplit(url).query, keep_blank_values=True)}
    return None if names & SECRETS else url
