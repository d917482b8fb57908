"""What people bring to a match, row by row in arrays: languages, groups, weekdays, hours and motive."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import chain
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from engagement.facts import Learner, Motive
from engagement.helpers import Helper, Window
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
    tongues, groups = _masks([one.languages for one in everybody]), _masks([one.groups for one in everybody])
    many = len(learners)
    theirs = [records[one.learner_id] for one in helpers]
    weekdays, slots = _weekdays([one.active_days for one in theirs], since), _hours(theirs, zone, now)
    _as_they_say(helpers, weekdays, slots)
    return (
        Traits(
            tongues[:many],
            groups[:many],
            _weekdays([one.active_days for one in learners], since),
            np.array([MOTIVES[one.motive] for one in learners], np.uint8),
            _hours(learners, zone, now),
        ),
        Traits(
            tongues[many:],
            groups[many:],
            weekdays,
            np.array([MOTIVES[one.motive] for one in helpers], np.uint8),
            slots,
        ),
    )


def _masks(sets: Sequence[frozenset[str] | frozenset[int]]) -> Words:
    if not any(sets):
        return np.zeros((len(sets), 1), np.uint64)
    # People share few different sets.
    number: dict[frozenset[str] | frozenset[int], int] = {}
    rows = [number.setdefault(names, len(number)) for names in sets]
    every: set[str | int] = set().union(*number)
    bits = {name: bit for bit, name in enumerate(sorted(every, key=str))}
    width = max(1, -(-len(bits) // WORD))
    known = np.zeros((max(len(number), 1), width), np.uint64)
    for names, row in number.items():
        mask = sum(1 << bits[name] for name in names)
        known[row] = [(mask >> (WORD * word)) & (2**WORD - 1) for word in range(width)]
    return known[np.array(rows, np.int64)]


def _weekdays(days: Sequence[frozenset[date]], since: date) -> Bytes:
    """The weekdays on which each one came, since then."""
    sizes = np.array([len(one) for one in days], np.int64)
    ordinals = np.fromiter(map(date.toordinal, chain.from_iterable(days)), np.int64, int(sizes.sum()))
    late = ordinals >= since.toordinal()
    masks = np.zeros(len(days), np.uint8)
    # The first of January of the year 1, whose ordinal is 1, was a Monday.
    weekday = ((ordinals[late] - 1) % 7).astype(np.uint8)
    np.bitwise_or.at(masks, np.repeat(np.arange(len(days)), sizes)[late], np.left_shift(np.uint8(1), weekday))
    return masks


def _hours(learners: Sequence[Learner], zone: ZoneInfo, now: datetime) -> Slots:
    return np.array([own_slots(one, zone, now) if one.progress else 0 for one in learners], np.uint32)


def _as_they_say(helpers: Sequence[Helper], weekdays: Bytes, slots: Slots) -> None:
    """Put what helpers say of themselves in the place of what they have done."""
    known: dict[tuple[Window, ...], tuple[int, int]] = {}
    for row, helper in enumerate(helpers):
        if not helper.windows:
            continue
        said = known.get(helper.windows)
        if said is None:
            days = sum(1 << weekday for weekday in {window.weekday for window in helper.windows})
            said = known[helper.windows] = (days, slots_of_windows(helper.windows))
        weekdays[row], slots[row] = said


def has_any(sets: Words) -> NDArray[np.bool_]:
    """Row by row, whether a set has anything in it."""
    return _any(sets)


def share_any(one: Words, other: Words) -> NDArray[np.bool_]:
    """Row by row, whether two sets have anything in common."""
    return _any(one & other)


def _any(sets: Words) -> NDArray[np.bool_]:
    # One word is enough for nearly every course, and asking it is three times as quick as asking a row of them.
    return np.asarray(sets[:, 0] != 0 if sets.shape[1] == 1 else sets.any(axis=1), bool)


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
