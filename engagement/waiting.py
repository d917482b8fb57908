"""How long a question may wait before a tutor hears of it: working hours only, and never at night."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta

from engagement.facts import Holiday
from engagement.moments import aware, is_within, quiet_until, zone

SATURDAY = 5
# Holidays longer than this are no holidays but the end of the course.
MOST_DAYS = 400


def _rests(day: date, closed: tuple[Holiday, ...]) -> bool:
    return day.weekday() >= SATURDAY or is_within(closed, day)


def answer_due(
    asked_at: datetime,
    within: timedelta,
    zone_name: str,
    closed: Iterable[Holiday] = (),
    quiet_from: time = time(21),
    quiet_to: time = time(8),
) -> datetime:
    """When a question that was asked at ``asked_at`` has waited long enough for a tutor to hear of it, in UTC.

    Weekends and closed days are left out of ``within``, and the moment is put off to the next morning of a working day
    where it falls into the quiet hours. Raises ValueError for a naive time.
    """
    spans, place = tuple(closed), zone(zone_name)
    at, left = aware(asked_at).astimezone(UTC), within
    for _day in range(MOST_DAYS):
        today = at.astimezone(place).date()
        midnight = datetime.combine(today + timedelta(days=1), time(), place).astimezone(UTC)
        if _rests(today, spans):
            at = midnight
            continue
        if at + left >= midnight:
            left -= midnight - at
            at = midnight
            continue
        at, left = at + left, timedelta()
        awake = quiet_until(at, zone_name, quiet_from, quiet_to)
        if awake == at:
            break
        at = awake
    return at
