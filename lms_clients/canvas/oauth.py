"""Canvas's OAuth2: sending a tutor there to agree, taking the code back, and renewing an access token."""

from __future__ import annotations

import time
from collections.abc import Iterable
from urllib.parse import urlencode

import msgspec

from lms_clients.answers import Answer, decode, judge
from lms_clients.errors import LmsError, Reauthorise
from lms_clients.http import Http
from lms_clients.options import Options

_API = "/api/v1/courses"
SCOPES = (
    f"url:GET|{_API}/:id",
    f"url:GET|{_API}/:course_id/enrollments",
    f"url:GET|{_API}/:course_id/assignments",
    f"url:GET|{_API}/:course_id/modules",
    f"url:GET|{_API}/:course_id/modules/:module_id/items",
    f"url:GET|{_API}/:course_id/bulk_user_progress",
    f"url:GET|{_API}/:course_id/students/submissions",
    f"url:GET|{_API}/:course_id/groups",
    "url:POST|/api/v1/conversations",
    # Whether a message whose answer was lost has arrived after all.
    "url:GET|/api/v1/conversations",
    "url:GET|/api/v1/conversations/:id",
    "url:POST|/api/v1/calendar_events",
    # Meetings that are moved or called off, and whether one whose answer was lost has arrived.
    "url:PUT|/api/v1/calendar_events/:id",
    "url:DELETE|/api/v1/calendar_events/:id",
    "url:GET|/api/v1/calendar_events",
)
_SPARE = 120.0


class CanvasSecret(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a connection to Canvas keeps: a token alone, or one that can be renewed until consent is withdrawn."""

    access_token: str
    refresh_token: str | None = None
    client_id: str | None = None
    client_secret: str | None = None
    expires_at: float | None = None

    @classmethod
    def read(cls, text: str) -> CanvasSecret:
        """Read a stored secret: JSON, or the bare access token."""
        if not text.lstrip().startswith("{"):
            return cls(access_token=text.strip())
        try:
            return msgspec.json.decode(text, type=cls)
        except msgspec.MsgspecError as error:
            raise Reauthorise("the stored Canvas secret cannot be read", code="bad_secret") from error

    def __repr__(self) -> str:
        return "CanvasSecret(...)"

    @property
    def text(self) -> str:
        """The secret as it is stored."""
        return msgspec.json.encode(self).decode()

    @property
    def can_renew(self) -> bool:
        """Whether an expired access token is not the end."""
        return bool(self.refresh_token and self.client_id and self.client_secret)

    def is_stale(self, now: float) -> bool:
        """Whether the access token ends about now (epoch seconds)."""
        return self.can_renew and self.expires_at is not None and now > self.expires_at - _SPARE


class _Granted(msgspec.Struct):
    access_token: str
    refresh_token: str | None = None
    expires_in: float | None = None


def consent_url(base_url: str, client_id: str, redirect_uri: str, state: str, scopes: Iterable[str] = SCOPES) -> str:
    """Where to send a tutor to agree; all scopes in one parameter, for Canvas takes it once."""
    query = {
        "client_id": client_id,
        "response_type": "code",
        "redirect_uri": redirect_uri,
        "state": state,
        "scope": " ".join(scopes),
    }
    return f"{base_url.rstrip('/')}/login/oauth2/auth?{urlencode(query)}"


def exchange_code(
    base_url: str, client_id: str, client_secret: str, redirect_uri: str, code: str, options: Options
) -> CanvasSecret:
    """Turn the code that Canvas sent back into a secret to store; a code works once."""
    form = {
        "grant_type": "authorization_code",
        "client_id": client_id,
        "client_secret": client_secret,
        "redirect_uri": redirect_uri,
        "code": code,
    }
    granted = _ask(base_url, form, options)
    return CanvasSecret(
        granted.access_token, granted.refresh_token, client_id, client_secret, _ends(granted.expires_in)
    )


def renew(base_url: str, secret: CanvasSecret, options: Options) -> CanvasSecret:
    """A secret with a fresh access token; Canvas's answer names no new refresh token, so the old one stays."""
    if not secret.can_renew:
        raise Reauthorise("the Canvas token was rejected and cannot be renewed", code="no_refresh_token")
    form = {
        "grant_type": "refresh_token",
        "client_id": secret.client_id or "",
        "client_secret": secret.client_secret or "",
        "refresh_token": secret.refresh_token or "",
    }
    granted = _ask(base_url, form, options)
    return msgspec.structs.replace(
        secret,
        access_token=granted.access_token,
        refresh_token=granted.refresh_token or secret.refresh_token,
        expires_at=_ends(granted.expires_in),
    )


def _ends(expires_in: float | None) -> float | None:
    return None if expires_in is None else time.time() + expires_in


def _judge(answer: Answer) -> LmsError | None:
    if answer.status in (400, 401):
        return Reauthorise("Canvas refused the consent or the refresh token", code="refused", status=answer.status)
    return judge(answer)


def _ask(base_url: str, form: dict[str, str], options: Options) -> _Granted:
    http = Http(base_url, options, judge=_judge)
    try:
        return decode(http.ask("POST", "/login/oauth2/token", data=form), _Granted)
    finally:
        http.close()
