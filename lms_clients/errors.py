"""One family of errors, named for what to do next (reference 3.1); an empty list is never one of them."""

from __future__ import annotations

from enum import StrEnum


class NextStep(StrEnum):
    """What whoever asked should do about it."""

    REFRESH_TOKEN = "refresh_token"  # noqa: S105 - a step, not a secret
    RECONNECT = "reconnect"
    TELL_ADMIN = "tell_admin"
    NOTE_GAP = "note_gap"
    FORGET = "forget"
    PROBE_LATER = "probe_later"
    WAIT = "wait"
    PAUSE_PLATFORM = "pause_platform"
    TRY_AGAIN = "try_again"
    REPORT = "report"


class LmsError(Exception):
    """The LMS did not give what was asked; ``detail`` never holds personal data, ``retry_after`` is in seconds.

    ``told`` is the LMS's own sentence: it may name people, so it is never shown, stored or logged.
    """

    next_step: NextStep = NextStep.REPORT

    def __init__(
        self,
        detail: str,
        *,
        retry_after: float | None = None,
        code: str = "",
        status: int | None = None,
        told: str = "",
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.retry_after = retry_after
        self.code = code
        self.status = status
        self.told = told

    @property
    def kind(self) -> str:
        """A short stable name of the class, for a row or a log line."""
        return "".join(f"_{c.lower()}" if c.isupper() else c for c in type(self).__name__).lstrip("_")


class TokenExpired(LmsError):
    """The token was rejected; a fresh one may help: refresh once, repeat once."""

    next_step = NextStep.REFRESH_TOKEN


class Reauthorise(LmsError):
    """The credentials are dead (revoked, refresh refused): the connection must be made anew."""

    next_step = NextStep.RECONNECT


class ScopeMissing(LmsError):
    """The token is good, but the scope or service function was not granted: an administrator can mend it."""

    next_step = NextStep.TELL_ADMIN


class Permission(LmsError):
    """This identity may not do this here: a gap, not inactivity."""

    next_step = NextStep.NOTE_GAP


class NotFound(LmsError):
    """The thing was deleted or never existed."""

    next_step = NextStep.FORGET


class FeatureOff(LmsError):
    """A plug-in, tab or service is switched off: a gap, probed again daily."""

    next_step = NextStep.PROBE_LATER


class Unsupported(LmsError):
    """This kind of LMS has no way to do this at all."""

    next_step = NextStep.NOTE_GAP


class TooMuchData(LmsError):
    """The answer was larger or longer than we take."""

    next_step = NextStep.NOTE_GAP


class Throttled(LmsError):
    """The LMS asks us to slow down; ``retry_after`` says for how long where it told."""

    next_step = NextStep.WAIT


class Maintenance(LmsError):
    """The whole platform is away: pause the platform, not the course."""

    next_step = NextStep.PAUSE_PLATFORM


class Unreachable(LmsError):
    """No answer in time, no route, no name, broken connection."""

    next_step = NextStep.TRY_AGAIN


class ServerTrouble(LmsError):
    """The LMS failed while answering (5xx)."""

    next_step = NextStep.TRY_AGAIN


class ProtocolTrouble(LmsError):
    """Something that is not the promised answer: HTML, a redirect to a login page, broken JSON, a wrong shape."""

    next_step = NextStep.REPORT


class RefusedAddress(LmsError):
    """We refuse to connect there: a private address, plain http, or another host than the connection's own."""

    next_step = NextStep.REPORT
