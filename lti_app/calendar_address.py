"""The address of a person's own calendar: signed, and good until they make a new one; it works without a visit."""

from __future__ import annotations

from itsdangerous import BadSignature, URLSafeSerializer

from lti_app.config import Settings

PATH = "/calendar/"


def _serializer(settings: Settings) -> URLSafeSerializer:
    return URLSafeSerializer(settings.secret_key, salt="regista-calendar-1")


def feed_address(person_id: int, secret: str, settings: Settings) -> str:
    """Return the address that gives this person's meetings to whoever has it."""
    return f"{settings.public_url}{PATH}{_serializer(settings).dumps([person_id, secret])}.ics"


def read_address(token: str, settings: Settings) -> tuple[int, str] | None:
    """Return person and secret of such an address, or None when it was not made by us."""
    try:
        person_id, secret = _serializer(settings).loads(token)
    except (BadSignature, TypeError, ValueError):
        return None
    return (person_id, secret) if isinstance(person_id, int) and isinstance(secret, str) else None
