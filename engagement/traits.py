"""What people bring to a match, row by row in arrays: languages, groups, weekdays, hours and motive."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from engagement.facts import Learner, Motive
from engagement.helpers import Helper
from engagement.hours import own_slots, slots_of_windows

Words = NDArray[np.uint64]
Bytes = NDArray[np.uint8]
Slots = NDArray[np.uint32]

MOTIVES: Mapping[Motive | None, int] = {None: 0, **{motive: number for number, motive in enumerate(Motive, 1)}}
#: How many weekdays a mask holds.
COUNT = np.array([mask.bit_count() for mask in range(128)], np.uint8)
WORD = 64


@dataclass(frozen=True, slots=True)
class Traits:
    """Traits by row; sets are bit masks in as many words as they need, weekdays one mask of seven bits (0: unknown).

    ``slots`` are masks of engagement.hours.
    """

    languages: Words
    groups: Words
    weekdays: Bytes
    motives: Bytes
    slots: Slots


def traits_of(
    learners: Sequence[Learner],
    helpers: Sequence[Helper],
    records: Mapping[int, Learner],
    since: date,
    zone: ZoneInfo,
    now: datetime,
) -> tuple[Traits, Traits]:
    """The traits of those who stall and of those who help, in the same bits; ``records`` are all learners by id.

    Weekdays and hours are the helper's own windows, else when they came since ``since``.
    """
    everybody: list[Learner | Helper] = [*learners, *helpers]
    tongues = _bits(one.languages for one in everybody)
    groups = _bits(one.groups for one in everybody)
    return (
        Traits(
            _masks([one.languages for one in learners], tongues),
            _masks([one.groups for one in learners], groups),
            np.array([_days(one.active_days, since) for one in learners], np.uint8),
            np.array([MOTIVES[one.motive] for one in learners], np.uint8),
            np.array([own_slots(one, zone, now) for one in learners], np.uint32),
        ),
        Traits(
            _masks([one.languages for one in helpers], tongues),
            _masks([one.groups for one in helpers], groups),
            np.array([_around(one, records[one.learner_id], since) for one in helpers], np.uint8),
            np.array([MOTIVES[one.motive] for one in helpers], np.uint8),
            np.array([_hours(one, records[one.learner_id], zone, now) for one in helpers], np.uint32),
        ),
    )


def _bits(sets: Iterable[frozenset[str] | frozenset[int]]) -> dict[str | int, int]:
    # People share few different sets.
    names: set[str | int] = set().union(*set(sets))
    return {name: bit for bit, name in enumerate(sorted(names, key=str))}


def _masks(sets: Sequence[frozenset[str] | frozenset[int]], bits: Mapping[str | int, int]) -> Words:
    width = max(1, -(-len(bits) // WORD))
    number: dict[frozenset[str] | frozenset[int], int] = {}
    rows = [number.setdefault(names, len(number)) for names in sets]
    known = np.zeros((max(len(number), 1), width), np.uint64)
    for names, row in number.items():
        mask = sum(1 << bits[name] for name in names)
        known[row] = [(mask >> (WORD * word)) & (2**WORD - 1) for word in range(width)]
    return known[np.array(rows, np.int64)]


def _days(days: frozenset[date], since: date) -> int:
    mask = 0
    for day in days:
        if day >= since:
            mask |= 1 << day.weekday()
    return mask


def _around(helper: Helper, record: Learner, since: date) -> int:
    if helper.windows:
        mask = 0
        for window in helper.windows:
            mask |= 1 << window.weekday
        return mask
    return _days(record.active_days, since)


def _hours(helper: Helper, record: Learner, zone: ZoneInfo, now: datetime) -> int:
    return slots_of_windows(helper.windows) if helper.windows else own_slots(record, zone, now)


def has_any(sets: Words) -> NDArray[np.bool_]:
    """Row by row, whether a set has anything in it."""
    return np.asarray(sets.any(axis=1), bool)


def share_any(one: Words, other: Words) -> NDArray[np.bool_]:
    """Row by row, whether two sets have anything in common."""
    return np.asarray((one & other).any(axis=1), bool)


def shared_times(
    days: tuple[Bytes, Bytes], slots: tuple[Slots, Slots], rows: tuple[NDArray[np.int64], NDArray[np.int64]]
) -> NDArray[np.float32]:
    """Row by row, which share of the rarer one's times both have: hours where known of both, else weekdays.

    A third where somebody's times are unknown.
    """
    one, other = slots[0][rows[0]], slots[1][rows[1]]
    by_hour = _share(np.bitwise_count(one), np.bitwise_count(other), np.bitwise_count(one & other))
    day, other_day = days[0][rows[0]], days[1][rows[1]]
    by_day = _share(COUNT[day], COUNT[other_day], COUNT[day & other_day])
    return np.where((one != 0) & (other != 0), by_hour, by_day)


def _share(one: Bytes, other: Bytes, both: Bytes) -> NDArray[np.float32]:
    fewer = np.minimum(one, other)
    return np.where(fewer == 0, np.float32(1 / 3), both / np.maximum(fewer, 1).astype(np.float32))
