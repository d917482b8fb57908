"""What people bring to a match, row by row in arrays: languages, groups, weekdays and motive."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from engagement.facts import Learner, Motive
from engagement.helpers import Helper

Words = NDArray[np.uint64]
Bytes = NDArray[np.uint8]

MOTIVES: Mapping[Motive | None, int] = {None: 0, **{motive: number for number, motive in enumerate(Motive, 1)}}
#: How many weekdays a mask holds.
COUNT = np.array([mask.bit_count() for mask in range(128)], np.uint8)
WORD = 64


@dataclass(frozen=True, slots=True)
class Traits:
    """Traits by row; sets are bit masks in as many words as they need, weekdays one mask of seven bits (0: unknown)."""

    languages: Words
    groups: Words
    weekdays: Bytes
    motives: Bytes


def traits_of(
    learners: Sequence[Learner], helpers: Sequence[Helper], records: Mapping[int, Learner], since: date
) -> tuple[Traits, Traits]:
    """The traits of those who stall and of those who help, in the same bits; ``records`` are all learners by id.

    Weekdays are the helper's own windows, else the days on which they came since ``since``.
    """
    everybody: list[Learner | Helper] = [*learners, *helpers]
    tongues = _bits(chain.from_iterable(one.languages for one in everybody))
    groups = _bits(chain.from_iterable(one.groups for one in everybody))
    return (
        Traits(
            _masks([one.languages for one in learners], tongues),
            _masks([one.groups for one in learners], groups),
            np.array([_days(one.active_days, since) for one in learners], np.uint8),
            np.array([MOTIVES[one.motive] for one in learners], np.uint8),
        ),
        Traits(
            _masks([one.languages for one in helpers], tongues),
            _masks([one.groups for one in helpers], groups),
            np.array([_around(one, records[one.learner_id], since) for one in helpers], np.uint8),
            np.array([MOTIVES[one.motive] for one in helpers], np.uint8),
        ),
    )


def _bits(names: Iterable[str | int]) -> dict[str | int, int]:
    return {name: bit for bit, name in enumerate(sorted(set(names), key=str))}


def _masks(sets: Sequence[frozenset[str] | frozenset[int]], bits: Mapping[str | int, int]) -> Words:
    width = max(1, -(-len(bits) // WORD))
    found = np.zeros((len(sets), width), np.uint64)
    seen: dict[frozenset[str] | frozenset[int], list[int]] = {}
    for row, names in enumerate(sets):
        if not names:
            continue
        words = seen.get(names)
        if words is None:
            mask = sum(1 << bits[name] for name in names)
            words = seen[names] = [(mask >> (WORD * word)) & (2**WORD - 1) for word in range(width)]
        found[row] = words
    return found


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


def has_any(sets: Words) -> NDArray[np.bool_]:
    """Row by row, whether a set has anything in it."""
    return np.asarray(sets.any(axis=1), bool)


def share_any(one: Words, other: Words) -> NDArray[np.bool_]:
    """Row by row, whether two sets have anything in common."""
    return np.asarray((one & other).any(axis=1), bool)


def shared_days(one: Bytes, other: Bytes) -> NDArray[np.float32]:
    """Row by row, which share of the rarer one's weekdays both have; a third where somebody's are unknown."""
    fewer = np.minimum(COUNT[one], COUNT[other])
    share = COUNT[one & other] / np.maximum(fewer, 1)
    return np.where(fewer == 0, 1 / 3, share).astype(np.float32)
