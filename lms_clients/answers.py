"""An LMS's raw answer, and what it means before anybody looks inside (reference 3.1)."""

from __future__ import annotations

import email.utils
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec

from lms_clients.errors import (
    FeatureOff,
    LmsError,
    Maintenance,
    NotFound,
    Permission,
    ProtocolTrouble,
    Reauthorise,
    ServerTrouble,
    Throttled,
)

T = TypeVar("T")
_LONGEST_WAIT = 86_400.0


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, headers (any case) and body of one answer from ``url``."""

    status: int
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def media_type(self) -> str:
        """The media type alone, in lower case; empty if none was given."""
        return self.headers.get("Content-Type", "").partition(";")[0].strip().lower()

    @property
    def is_json(self) -> bool:
        """Whether it says to be JSON, in any of its vendor flavours."""
        return self.media_type.endswith(("/json", "+json", "/json+canvas-string-ids"))

    @property
    def retry_after(self) -> float | None:
        """Seconds to wait as told by ``Retry-After`` (seconds or a date); None where nothing usable was told."""
        raw = self.headers.get("Retry-After", "").strip()
        if raw.isdecimal():
            return min(float(raw), _LONGEST_WAIT)
        try:
            at = email.utils.parsedate_to_datetime(raw)
        except ValueError:
            return None
        at = at if at.tzinfo else at.replace(tzinfo=UTC)
        return min(max((at - datetime.now(UTC)).total_seconds(), 0.0), _LONGEST_WAIT)


Judge = Callable[[Answer], LmsError | None]

_BY_STATUS: dict[int, tuple[type[LmsError], str]] = {
    400: (ProtocolTrouble, "the request was not understood"),
    401: (Reauthorise, "the credentials were rejected"),
    403: (Permission, "not permitted"),
    404: (NotFound, "not found"),
    410: (NotFound, "gone"),
    501: (FeatureOff, "not offered here"),
    503: (Maintenance, "the platform is away"),
}


def judge(answer: Answer) -> LmsError | None:
    """Say what is wrong with an answer by status and media type alone; None if it may be read."""
    status, wait = answer.status, answer.retry_after
    if 300 <= status < 400:
        return ProtocolTrouble("redirected instead of answered: a login page or a wrong address", status=status)
    if status == 429 or (status == 403 and b"rate limit exceeded" in answer.body[:2000].lower()):
        return Throttled("asked to slow down", retry_after=wait, status=status)
    if 200 <= status < 300:
        if answer.is_json or not answer.body.strip():
            return None
        kind = "a web page" if b"<html" in answer.body[:4000].lower() else answer.media_type or "no known type"
        return ProtocolTrouble(f"expected JSON, got {kind}", status=status, code="not_json")
    error, words = _BY_STATUS.get(status, (ServerTrouble if status >= 500 else ProtocolTrouble, "answered an error"))
    return error(f"{words} (HTTP {status})", retry_after=wait, status=status)


def decode(answer: Answer, shape: type[T]) -> T:
    """Parse the body as ``shape``; unknown keys are ignored, numbers in text accepted.

    Raises ProtocolTrouble naming the place that does not fit, never the value.
    """
    try:
        return msgspec.json.decode(answer.body, type=shape, strict=False)
    except msgspec.ValidationError as error:
        raise ProtocolTrouble(f"an answer of another shape: {error}", code="shape") from error
    # RecursionError: brackets within brackets, without end.
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ProtocolTrouble("broken JSON", code="broken_json") from error


def decode_any(answer: Answer) -> Any:
    """Parse the body as JSON of any shape."""
    return decode(answer, object)
