"""Which addresses are ours: where platforms may send people, and where a link may lead."""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import parse_qs, urlsplit

from lti_app.catalogue import HOME, panels
from lti_app.config import Settings
from lti_app.store.origins import origin_of


def launch_url(settings: Settings) -> str:
    """Return the one redirect_uri that we ever name to a platform."""
    return f"{settings.public_url}/lti/launch"


def is_ours(target: str, settings: Settings) -> bool:
    """Return whether a target_link_uri leads to our own front door (LTI core 1.3, 5.3.4)."""
    return len(target) <= 2000 and _is_below(target, settings.public_url)


@lru_cache(maxsize=512)
def _is_below(target: str, public_url: str) -> bool:
    try:
        parts = urlsplit(target)
        port = parts.port
    except ValueError:
        return False
    if parts.username or parts.password or parts.fragment:
        return False
    base = urlsplit(public_url)
    same = (parts.scheme, (parts.hostname or ""), port) == (base.scheme, base.hostname, base.port)
    return same and parts.path in (f"{base.path}/lti/launch", f"{base.path}/", base.path)


def panel_in(target: str) -> str | None:
    """Return the panel that a target_link_uri names in its query, if it is one of ours."""
    named = parse_qs(urlsplit(target).query).get("panel", [""])[-1]
    return named if named in panels() else None


def panel_for(target: str, custom_panel: str | None) -> str:
    """Return the panel to open: what the link's own address says, then its custom parameter, then home."""
    return panel_in(target) or (custom_panel if custom_panel in panels() else None) or HOME


def same_origin(one: str | None, *others: str) -> bool:
    """Return whether an address has the origin of one of the others."""
    found = origin_of(one) if one else None
    return found is not None and found in {origin_of(other) for other in others}
