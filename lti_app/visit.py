"""A visit: one person in one course through one launch, carried by a signed token instead of a session.

Third-party cookies are blocked in most browsers, so the token travels with each request: in the header
``X-Regista-Visit``, in the form field ``visit_token``, or (for plain links, where the browser allows it)
in a partitioned cookie whose path belongs to this visit alone. Several panels on one page never disturb each other.
"""

from __future__ import annotations

import base64
import hmac
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from itsdangerous import BadSignature

from lti_app.config import Settings
from lti_app.signed import signer

PURPOSE = "regista-visit-1"
HEADER = "X-Regista-Visit"
FIELD = "visit_token"
COOKIE = "regista_visit"


class NoVisit(Exception):
    """There is no valid token: ``expired`` says whether there was one that is too old."""

    def __init__(self, expired: bool = False) -> None:
        self.expired = expired
        super().__init__("the visit has expired" if expired else "no valid visit token")


@dataclass(frozen=True, slots=True)
class Visit:
    """Whom a request speaks for. Ids are our own; ``ref`` names the visit in addresses and is no secret.

    ``role`` is learner, tutor, manager or admin: the highest of the launch *in this context*.
    """

    ref: str
    registration_id: int
    deployment_id: int
    academy_id: int
    person_id: int
    context_id: int | None
    membership_id: int | None
    resource_link_id: int | None
    role: str
    locale: str
    launch_id: str
    return_url: str | None = None
    student_view: bool = False

    @property
    def is_staff(self) -> bool:
        """Whether the desk and the settings are theirs to see."""
        return self.role in ("tutor", "manager", "admin")


def new_ref(registration_id: int, settings: Settings) -> str:
    """Return a fresh name for a visit; it carries, marked by us, which registration's platform shows the page."""
    name = f"{registration_id:x}.{secrets.token_urlsafe(9)}"
    return f"{name}.{_mark(name, settings)}"


def registration_of(ref: str, settings: Settings) -> int | None:
    """Return the registration that a visit's name carries, or None when the name was made up."""
    name, _, mark = ref.rpartition(".")
    if not hmac.compare_digest(mark.encode("utf-8", "replace"), _mark(name, settings).encode()):
        return None
    return int(name.partition(".")[0], 16)


@lru_cache(maxsize=16)
def _key(secret_key: str) -> bytes:
    return f"regista-ref-1:{secret_key}".encode()


def _mark(name: str, settings: Settings) -> str:
    mark = hmac.digest(_key(settings.secret_key), name.encode("utf-8", "replace"), "sha256")
    return base64.urlsafe_b64encode(mark[:6]).decode()


def seal(visit: Visit, settings: Settings) -> str:
    """Return the signed token of ``visit``; it is good for ``settings.panel_token_seconds`` from now."""
    return signer(settings.secret_key, PURPOSE).dumps([getattr(visit, name) for name in Visit.__slots__])


def unseal(token: str, settings: Settings, *, now: datetime | None = None) -> Visit:
    """Read a token back; raises NoVisit when it is forged, damaged or too old."""
    try:
        values, sealed_at = signer(settings.secret_key, PURPOSE).loads(token)
        visit = Visit(*values)
    except (BadSignature, TypeError, ValueError) as e:
        raise NoVisit from e
    if ((now or datetime.now(UTC)) - sealed_at).total_seconds() > settings.panel_token_seconds:
        raise NoVisit(expired=True)
    return visit
