"""The one-time code that lets an academy's administrator connect a platform: signed, good for a week, used once."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta

from itsdangerous import BadSignature, SignatureExpired, URLSafeTimedSerializer

from lti_app.claim_fields import BadLaunch
from lti_app.config import Settings

GOOD_FOR = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Invitation:
    """Who may connect a platform: the academy's name, and the invitation's own id."""

    id: str
    academy: str

    @property
    def used_as(self) -> str:
        """The name under which a used invitation is remembered among the used states."""
        return f"invite-{self.id}"


def _serializer(settings: Settings) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(settings.secret_key, salt="regista-invite-1")


def invitation_address(academy: str, settings: Settings) -> str:
    """Return the address that an administrator pastes into their learning platform."""
    code = _serializer(settings).dumps([secrets.token_urlsafe(12), academy])
    return f"{settings.public_url}/lti/register?code={code}"


def read_invitation(code: str, settings: Settings) -> Invitation:
    """Read a code back; raises BadLaunch when it is missing, forged or older than a week."""
    try:
        values = _serializer(settings).loads(code[:2000], max_age=int(GOOD_FOR.total_seconds()))
        return Invitation(*values)
    except SignatureExpired as e:
        raise BadLaunch("invite_old", "invitation too old") from e
    except (BadSignature, TypeError, ValueError) as e:
        raise BadLaunch("invite_missing" if not code else "invite", type(e).__name__) from e
