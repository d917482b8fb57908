"""Days and hours: aware times only, and days as the course's own calendar counts them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from engagement.facts import Holiday

WEEK = timedelta(days=7)
FORTNIGHT = timedelta(days=14)


def aware(at: datetime) -> datetime:
    """The same time, once sure that it names its zone; raises ValueError for a naive one."""
    if at.tzinfo is None or at.utcoffset() is None:
        raise ValueError(f"a time without a time zone cannot be judged: {at!r}")
    return at


@lru_cache(maxsize=512)
def zone(name: str) -> ZoneInfo:
    """The time zone of that name; raises ValueError where there is none."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as e:
        raise ValueError(f"no such time zone: {name!r}") from e


def day_of(at: datetime, zone_name: str) -> date:
    """The day that a time falls on where the course lives."""
    return aware(at).astimezone(zone(zone_name)).date()


def is_within(spans: Iterable[Holiday], day: date) -> bool:
    """Whether a day lies in any of the spans."""
    return any(span.first_on <= day <= span.last_on for span in spans)


def open_days(after: date, until: date, closed: Iterable[Holiday]) -> int:
    """Days after ``after`` up to and with ``until`` that are not in any closed span."""
    total = max((until - after).days, 0)
    shut: set[int] = set()
    for span in closed:
        first = max((span.first_on - after).days, 1)
        last = min((span.last_on - after).days, total)
        shut.update(range(first, last + 1))
    return total - len(shut)


def end_of(day: date, zone_name: str) -> datetime:
    """The last second of a day where the course lives, in UTC."""
    return datetime.combine(day, time(23, 59, 59), zone(zone_name)).astimezone(UTC)


def quiet_until(at: datetime, zone_name: str, quiet_from: time, quiet_to: time) -> datetime:
    """The first moment from ``at`` on that is not in somebody's quiet hours, in UTC; equal hours mean no quiet."""
    local = aware(at).astimezone(zone(zone_name))
    hour, night = local.time(), quiet_from > quiet_to
    quiet = hour >= quiet_from or hour < quiet_to if night else quiet_from <= hour < quiet_to
    if not quiet:
        return at.astimezone(UTC)
    day = local.date() + timedelta(days=1) if night and hour >= quiet_from else local.date()
    return datetime.combine(day, quiet_to, zone(zone_name)).astimezone(UTC)


def next_morning(after: datetime, zone_name: str, at: time, weekday: int | None = None) -> datetime:
    """The first moment later than ``after`` at which it is ``at`` there (on ``weekday``, Monday is 0), in UTC."""
    here = zone(zone_name)
    day = aware(after).astimezone(here).date()
    if weekday is not None:
        day += timedelta(days=(weekday - day.weekday()) % 7)
    step = timedelta(days=1 if weekday is None else 7)
    while datetime.combine(day, at, here) <= after:
        day += step
    return datetime.combine(day, at, here).astimezone(UTC)
