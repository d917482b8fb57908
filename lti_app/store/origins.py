"""Which sites may frame us: the registered platforms' own, and no other."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from urllib.parse import parse_qsl, urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_app.models import Registration

MOST_ORIGINS = 20
# Hosted Canvas has one issuer for all schools, and a host of its own for each school's pages.
CANVAS_HOST = ".instructure.com"


SECRETS = frozenset({"sesskey", "session", "sessionid", "sid", "token", "access_token", "jwt", "verifier"})


@lru_cache(maxsize=2048)
def origin_of(url: str) -> str | None:
    """Return the origin of ``url`` as a browser writes it, or None when it has none."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        return None
    return f"{parts.scheme}://{parts.netloc}"


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
    if (urlsplit(issuer).hostname or "").endswith(CANVAS_HOST):
        origins.add(f"https://*{CANVAS_HOST}")
    return " ".join(sorted(str(origin) for origin in origins)) or "'none'"


def origin_to_learn(registration: Registration, address: str | None) -> str | None:
    """Return the site from which a signed launch came, where it is none of the platform's known ones."""
    found = origin_of(address) if address else None
    if found is None:
        return None
    known = {origin_of(registration.issuer), origin_of(registration.auth_login_url), *(registration.origins or ())}
    if found in known or len(registration.origins or ()) >= MOST_ORIGINS:
        return None
    return found if found.isascii() and not any(letter in found for letter in " ;,'\"*") else None


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
