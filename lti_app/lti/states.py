"""The login's state: stateless, signed, bound to the registration, the nonce and the browser; used once.

The state travels through the platform as a signed text, so that logins which never end leave nothing behind. Using it
is the insertion of its id into ``consumed_state`` (store/launches.py), in the transaction that records the launch.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass

from itsdangerous import BadSignature, SignatureExpired

from lti_app.claim_fields import BadLaunch
from lti_app.config import Settings
from lti_app.signed import signer

PURPOSE = "regista-login-1"
STATE_SECONDS = 600
LARGEST_STATE = 2048
# The library puts this before every state that it sends.
PREFIX = "state-"


@dataclass(frozen=True, slots=True)
class State:
    """One login. ``target`` and ``binding`` are digests; ``deployment`` is the login's hint or empty.

    ``storage`` names the platform's storage frame where the binding was put, empty when it was not.
    """

    id: str
    registration_id: int
    target: str
    binding: str
    deployment: str = ""
    storage: str = ""

    @property
    def launch_id(self) -> str:
        """What the log and the support code call this launch; says nothing that could be replayed."""
        return self.id[:12]

    @property
    def cookie(self) -> str:
        """The name of this login's own cookie, so that several panels on one page do not disturb each other."""
        return f"regista_login_{self.id[:12]}"


def digest(text: str) -> str:
    """Return a short digest for comparing what one login said with what its launch says."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:32]


def new_state(registration_id: int, target: str, deployment: str, storage: str) -> tuple[State, str]:
    """Return a fresh state and the secret that binds it to this browser."""
    binding = secrets.token_urlsafe(24)
    state = State(secrets.token_urlsafe(24), registration_id, digest(target), digest(binding), deployment, storage)
    return state, binding


def nonce_of(state: State, settings: Settings) -> str:
    """Return the nonce that belongs to ``state`` and to no other: derived, so that it need not be kept anywhere."""
    key = f"regista-nonce-1:{settings.secret_key}".encode()
    return hmac.digest(key, state.id.encode(), "sha256").hex()


def seal_state(state: State, settings: Settings) -> str:
    """Return the signed text of ``state``."""
    return signer(settings.secret_key, PURPOSE).dumps([getattr(state, name) for name in State.__slots__])


def open_state(text: str, settings: Settings) -> State:
    """Read a state back; raises BadLaunch when it is missing, forged or older than ten minutes."""
    if not text or len(text) > LARGEST_STATE:
        raise BadLaunch("state_missing" if not text else "state", f"{len(text)} characters")
    try:
        values, _sealed_at = signer(settings.secret_key, PURPOSE).loads(
            text.removeprefix(PREFIX), max_age=STATE_SECONDS
        )
        return State(*values)
    except SignatureExpired as e:
        raise BadLaunch("state_old", "state is too old") from e
    except (BadSignature, TypeError, ValueError) as e:
        raise BadLaunch("state", f"state: {type(e).__name__}") from e


def is_bound(state: State, binding: str | None) -> bool:
    """Return whether ``binding`` is the secret that this login gave to its browser."""
    return bool(binding) and hmac.compare_digest(digest(str(binding)), state.binding)
