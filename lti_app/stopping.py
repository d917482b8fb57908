"""The link under every message that ends messages of its sort: signed, good for ever, and it works without a visit."""

from __future__ import annotations

from itsdangerous import BadSignature, URLSafeSerializer

from lti_app.config import Settings

PATH = "/letters/stop/"


def _serializer(settings: Settings) -> URLSafeSerializer:
    return URLSafeSerializer(settings.secret_key, salt="regista-letters-1")


def stop_address(membership_id: int, group: str, settings: Settings) -> str:
    """Return the address that unsubscribes this member from this sort of message."""
    return f"{settings.public_url}{PATH}{_serializer(settings).dumps([membership_id, group])}"


def read_stop(token: str, settings: Settings) -> tuple[int, str] | None:
    """Return membership and sort of message of such a link, or None when it was not made by us."""
    try:
        membership_id, group = _serializer(settings).loads(token)
    except (BadSignature, TypeError, ValueError):
        return None
    return (membership_id, group) if isinstance(membership_id, int) and isinstance(group, str) else None
