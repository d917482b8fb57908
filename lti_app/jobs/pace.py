"""How soon a course is asked again: by how alive it is, and by how its last sync ended."""

from __future__ import annotations

from datetime import datetime, timedelta

from lms_clients.errors import (
    LmsError,
    Maintenance,
    NotFound,
    Reauthorise,
    RefusedAddress,
    ScopeMissing,
    Throttled,
    TokenExpired,
    Unreachable,
)
from lti_app.store.courses import CourseLife

# A course in which somebody learned within AWAKE is alive; after ASLEEP it is quiet.
AWAKE = timedelta(days=1)
ASLEEP = timedelta(days=7)
HOUR = timedelta(hours=1)
# Day-level rhythm wants at least two looks a day (see store.days); none is further apart than this.
QUIET = timedelta(hours=12)
AFTER_THE_END = timedelta(days=14)
LONGEST = timedelta(hours=6)
FORGET_AFTER = 5
# These concern the whole platform: asking for its next course would only fail again.
OF_THE_PLATFORM = (Maintenance, Throttled, Unreachable, Reauthorise, TokenExpired, RefusedAddress, ScopeMissing)


def after_success(life: CourseLife, every: timedelta, now: datetime, luck: float) -> datetime | None:
    """Return when to ask again, or None for a course that is over; ``luck`` (0 to 1) spreads courses by a tenth."""
    if life.state in ("concluded", "deleted") or (life.ends_at is not None and life.ends_at + AFTER_THE_END < now):
        return None
    moved = max((at for at in (life.launched_at, life.last_access_at) if at is not None), default=None)
    idle = ASLEEP if moved is None else now - moved
    wait = every if idle < AWAKE else max(every, HOUR) if idle < ASLEEP else max(every, QUIET)
    return now + wait * (0.95 + 0.1 * luck)


def back_off(failures: int, every: timedelta, luck: float) -> timedelta:
    """Return the wait after that many failures in a row: doubled each time, at most six hours, spread by a half."""
    wait: timedelta = min(every * 2 ** min(failures, 16), LONGEST)
    return wait * (0.75 + 0.5 * luck)


def after_failure(error: Exception, failures: int, every: timedelta, now: datetime, luck: float) -> datetime | None:
    """Return when to try the course again; None once the LMS has said often enough that it is not there any more."""
    if isinstance(error, NotFound) and failures >= FORGET_AFTER:
        return None
    wait = back_off(failures, every, luck)
    told = error.retry_after if isinstance(error, LmsError) else None
    return now + max(wait, timedelta(seconds=min(told or 0.0, 86_400.0)))


def pause_after(error: Exception, failures: int, every: timedelta, now: datetime, luck: float) -> datetime | None:
    """Return until when the whole platform is left alone, or None where the failure is the course's own."""
    if not isinstance(error, OF_THE_PLATFORM):
        return None
    if error.retry_after:
        return now + timedelta(seconds=min(error.retry_after, 86_400.0) * (1 + 0.1 * luck))
    return now + back_off(failures, min(every, timedelta(minutes=1)), luck)
