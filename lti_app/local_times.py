"""Days and hours as people write them where a course lives, and the nights on which clocks are changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


class SkippedHour(Exception):
    """The clocks are put forward over this hour, so it does not exist; ``instead`` is the first that does (aware)."""

    def __init__(self, instead: datetime) -> None:
        self.instead = instead
        super().__init__(f"no such hour; {instead.isoformat()} is the next")


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment in UTC; ``twice``: on that day the written hour comes twice, and ``fold`` chose one of them."""

    at: datetime
    twice: bool = False


def moment_in(zone: ZoneInfo, day: date, hour: time, fold: int = 0) -> Moment:
    """Return the moment at which a clock in ``zone`` shows ``day`` and ``hour``.

    Raises SkippedHour, and OverflowError for a day at the edge of the calendar. ``fold`` is 0 for the first and 1 for
    the second time that an hour comes in a night on which the clocks are put back.
    """
    first, second = (datetime.combine(day, hour, zone).replace(fold=one) for one in (0, 1))
    if first.utcoffset() == second.utcoffset():
        return Moment(first.astimezone(UTC))
    # Before a gap the offset is smaller than after it (PEP 495): such an hour does not come back from UTC as it went.
    if first.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != first.replace(tzinfo=None):
        raise SkippedHour(_after_gap(zone, first))
    return Moment((second if fold else first).astimezone(UTC), twice=True)


def on_day(zone: ZoneInfo, day: date, hour: time, fold: int = 0) -> datetime:
    """Return the moment of an hour on a day, or the first after it where the clocks are put forward over that hour."""
    try:
        return moment_in(zone, day, hour, fold).at
    except SkippedHour as gap:
        return gap.instead.astimezone(UTC)


def weeks_after(
    starts_at: datetime, ends_at: datetime, zone: ZoneInfo, until_on: date
) -> tuple[tuple[datetime, datetime], ...]:
    """Return the same hours on the clocks of ``zone`` in each week that follows, up to a day and with it."""
    first = starts_at.astimezone(zone).date()
    weeks = (until_on - first).days // 7
    return tuple(
        moved_along(starts_at, starts_at, ends_at, on_day(zone, first + timedelta(weeks=week), time(12)), zone)
        for week in range(1, weeks + 1)
    )


def moved_along(
    was: datetime, starts_at: datetime, ends_at: datetime, other: datetime, zone: ZoneInfo
) -> tuple[datetime, datetime]:
    """Return beginning and end for ``other``, where the one that was at ``was`` is from ``starts_at`` to ``ends_at``.

    It moves by as many days, and its hours on the clocks of ``zone`` are the same: a night on which clocks are changed
    lengthens or shortens nothing but itself.
    """
    begins, ends = starts_at.astimezone(zone), ends_at.astimezone(zone)
    day = other.astimezone(zone).date() + (begins.date() - was.astimezone(zone).date())
    start = on_day(zone, day, begins.time(), begins.fold)
    end = on_day(zone, day + (ends.date() - begins.date()), ends.time(), ends.fold)
    return start, end if end > start else start + (ends_at - starts_at)


def _after_gap(zone: ZoneInfo, hour: datetime) -> datetime:
    """Return the first moment after the gap in which ``hour`` lies, to the minute."""
    before, after = hour.replace(fold=0).utcoffset() or timedelta(), hour.replace(fold=1).utcoffset() or timedelta()
    # Read with the offset from before the gap the hour lies after the change, with the one from behind it before.
    low = (hour.replace(tzinfo=None) - max(before, after)).replace(tzinfo=UTC)
    high = (hour.replace(tzinfo=None) - min(before, after)).replace(tzinfo=UTC)
    start = low.astimezone(zone).utcoffset()
    while high - low > timedelta(minutes=1):
        middle = low + (high - low) / 2
        if middle.astimezone(zone).utcoffset() == start:
            low = middle
        else:
            high = middle
    return high.replace(second=0, microsecond=0).astimezone(zone)


def same_clock(at: datetime, one: ZoneInfo, other: ZoneInfo) -> bool:
    """Return whether clocks in both zones show the same at this moment."""
    return at.astimezone(one).utcoffset() == at.astimezone(other).utcoffset()
