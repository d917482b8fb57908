"""When somebody is around: weekly hours in coarse parts of the day, from what they say or what they have done.

A set of hours is a mask of 28 bits, four parts (night, morning, afternoon, evening) for each weekday from Monday; 0
means that nothing is known.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from engagement.facts import Learner
from engagement.helpers import Window

PARTS = ("night", "morning", "afternoon", "evening")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
PART_HOURS = 6
#: How far back what somebody did still tells when they are around.
TOLD_BY = timedelta(days=56)
ENOUGH = 4


def slot_at(at: datetime, zone: ZoneInfo) -> int:
    """Return the one-bit mask of the part of the week in which a moment lies."""
    local = at.astimezone(zone)
    return 1 << (local.weekday() * len(PARTS) + local.hour // PART_HOURS)


def slots_of_windows(windows: Iterable[Window]) -> int:
    """Return the mask of weekly stretches; a part counts where a stretch covers at least an hour of it."""
    mask = 0
    for window in windows:
        for part in range(len(PARTS)):
            start = max(_hours(window.start), part * PART_HOURS)
            end = min(_hours(window.end), (part + 1) * PART_HOURS)
            if end - start >= 1:
                mask |= 1 << (window.weekday * len(PARTS) + part)
    return mask


def _hours(at: time) -> float:
    return at.hour + at.minute / 60


def own_slots(learner: Learner, zone: ZoneInfo, now: datetime) -> int:
    """Return when a learner has been around, from moments that the course knows: tries, work handed in, last visit.

    0 where fewer than ENOUGH moments of the last weeks are known: a visit or two tell nobody's habits.
    """
    if not learner.progress:
        return 0
    known = {at for at in _moments(learner) if now - TOLD_BY < at <= now}
    if len(known) < ENOUGH:
        return 0
    mask = 0
    for at in known:
        mask |= slot_at(at, zone)
    return mask


def _moments(learner: Learner) -> Iterator[datetime]:
    if learner.last_seen_at is not None:
        yield learner.last_seen_at
    for progress in learner.progress.values():
        for attempt in progress.attempts:
            yield attempt.at
        for at in (progress.submitted_at, progress.completed_at):
            if at is not None:
                yield at


def codes_of(mask: int) -> tuple[str, ...]:
    """Return a mask as codes such as ``mon-evening``, in the order of the week."""
    return tuple(
        f"{day}-{part}"
        for number, day in enumerate(DAYS)
        for place, part in enumerate(PARTS)
        if mask >> (number * len(PARTS) + place) & 1
    )


def mask_of(codes: Iterable[str]) -> int:
    """Return the mask of codes; unknown ones are left out."""
    known = set(codes)
    return sum(1 << bit for bit, code in enumerate(f"{day}-{part}" for day in DAYS for part in PARTS) if code in known)
