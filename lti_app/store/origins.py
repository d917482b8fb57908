"""Which sites may frame us: the registered platforms' own, and no other."""

from __future__ import annotations

from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_app.models import Registration


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
    row = session.execute(
        select(Registration.issuer, Registration.auth_login_url).where(Registration.id == registration_id)
    ).one_or_none()
    origins = {origin_of(url) for url in row} - {None} if row else set()
    return " ".join(sorted(str(origin) for origin in origins)) or "'none'"
