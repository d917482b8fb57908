"""Who could help whom: every pair that the hard rules allow, and what it is worth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain, compress
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from engagement.facts import Cohort, Learner
from engagement.graph import Bools, Ints, Pairs
from engagement.helpers import Helper
from engagement.moments import day_of
from engagement.traits import Traits, has_any, share_any, shared_times, traits_of
from engagement.verdicts import Stall

Floats = NDArray[np.float32]

#: Up to so many pairs nothing is left out; above, each stalled learner keeps their best ones.
ALL_PAIRS = 1_000_000
SHORTLIST = 20
CHUNK = 2_000_000
RECENT_DAYS = 28.0
DAY = timedelta(days=1)
WEEKDAYS_OF = timedelta(days=56)
ONLINE, AROUND, AWAY = timedelta(minutes=15), timedelta(days=3), timedelta(days=14)
UNKNOWN = (AROUND + AWAY) / 2 / DAY
#: A pair's cost runs to COST; below the noise the seed decides, so that equal pairs are drawn by lot.
COST = 90_000
NOISE = 100


@dataclass(frozen=True, slots=True)
class Room:
    """Everybody of one sweep who may meet: stalls and helpers by row, with what they bring."""

    stalls: tuple[Stall, ...]
    learners: tuple[Learner, ...]
    helpers: tuple[Helper, ...]
    stalled: Traits
    helping: Traits
    free: Ints
    load: Ints
    worth: Floats
    fresh: Bools
    here: Bools
    same_group: bool
    apart: frozenset[tuple[int, int]]
    now: datetime


@dataclass(frozen=True, slots=True)
class Passed:
    """Who passed what, sorted by activity: helper rows, days since, and whether they had to try more than once.

    ``starts`` and ``sizes`` are by stalled row: where those begin who passed what this one is stuck on, and how many.
    """

    helpers: Ints
    days: Floats
    tried: Bools
    starts: Ints
    sizes: Ints


@dataclass(frozen=True, slots=True)
class Worth:
    """What each pair is worth, from 0 to 1, and what a person would say: days since passing, more than one try."""

    score: Floats
    days: Floats
    tried: Bools


def room_of(
    stalls: Sequence[Stall],
    helpers: Sequence[Helper],
    cohort: Cohort,
    now: datetime,
    apart: frozenset[tuple[int, int]] = frozenset(),
    records: Mapping[int, Learner] | None = None,
) -> Room:
    """Bring stalls and helpers of the course together; helpers must have a free place and be in the course.

    ``apart`` are pairs of learner ids (stalled, helper) that must not meet, beyond what the helpers say themselves;
    ``records`` are the cohort's learners by id, for whoever has them at hand.
    """
    records = records or {one.id: one for one in cohort.learners}
    learners = tuple(records[stall.learner_id] for stall in stalls)
    since = day_of(now - WEEKDAYS_OF, cohort.time_zone)
    stalled, helping = traits_of(learners, helpers, records, since, ZoneInfo(cohort.time_zone), now)
    load = np.array([one.load for one in helpers], np.int64)
    recent = np.array([one.recent for one in helpers], np.int64)
    # Nobody knows: as good as a while ago.
    away = np.array([(now - one.last_seen_at) / DAY if one.last_seen_at else UNKNOWN for one in helpers], np.float64)
    fresh = (load == 0) & (recent == 0)
    return Room(
        stalls=tuple(stalls),
        learners=learners,
        helpers=tuple(helpers),
        stalled=stalled,
        helping=helping,
        free=np.array([one.capacity - one.load for one in helpers], np.int64),
        load=load,
        worth=_own_worth(fresh, recent, away),
        fresh=fresh,
        here=away <= ONLINE / DAY,
        same_group=cohort.same_group_only,
        apart=apart,
        now=now,
    )


def _own_worth(fresh: Bools, recent: Ints, away: NDArray[np.float64]) -> Floats:
    """What speaks for each helper, whoever asks: fresh hands, and how lately they were here."""
    rested = np.where(fresh, 0.07, -0.03 * np.minimum(recent, 5))
    seen = np.select([away > AWAY / DAY, away <= ONLINE / DAY, away <= AROUND / DAY], [-0.2, 0.1, 0.06], 0.03)
    return np.asarray(rested + seen, np.float32)


def possible_pairs(room: Room, seed: int) -> tuple[Pairs, Worth]:
    """Return every allowed pair with its cost, and what it is worth; equal pairs are ordered by the seed's lot."""
    passed, shut = _passed(room), _shut_out(room)
    everything = int(passed.sizes.sum())
    parts = []
    for rows in _chunks(passed.sizes):
        stalled = np.repeat(rows, passed.sizes[rows])
        place = _ranges(passed.starts[rows], passed.sizes[rows])
        helping = passed.helpers[place]
        if len(shut) or room.same_group:
            allowed = _allowed(room, stalled, helping, shut)
            stalled, helping, place = stalled[allowed], helping[allowed], place[allowed]
        score = _score(room, stalled, helping, passed.days[place], passed.tried[place])
        if everything > ALL_PAIRS:
            kept = _shortlist(stalled, score)
            stalled, helping, place, score = stalled[kept], helping[kept], place[kept], score[kept]
        parts.append((stalled, helping, place, score))
    if not parts:
        nothing, none = np.zeros(0, np.int64), np.zeros(0, np.float32)
        return Pairs(nothing, nothing, nothing), Worth(none, none, np.zeros(0, bool))
    stalled, helping, place = (np.concatenate([part[column] for part in parts]) for column in range(3))
    score = np.concatenate([part[3] for part in parts])
    lots = np.random.default_rng(seed).integers(0, NOISE, len(score), dtype=np.int64)
    cost = np.rint((1 - score) * (COST / NOISE)).astype(np.int64) * NOISE + lots
    return Pairs(stalled, helping, cost), Worth(score, passed.days[place], passed.tried[place])


def _passed(room: Room) -> Passed:
    numbers = np.array([-1 if stall.activity_id is None else stall.activity_id for stall in room.stalls], np.int64)
    asked = np.unique(numbers[numbers >= 0])
    topics = [helper.topics for helper in room.helpers]
    sizes = np.array([len(one) for one in topics], np.int64)
    activity = np.fromiter(chain.from_iterable(topics), np.int64, int(sizes.sum()))
    wanted = np.isin(activity, asked)
    moments = compress(chain.from_iterable(one.values() for one in topics), wanted.tolist())
    # Dividing spans is three times dearer than reading them.
    days = np.array([(ago := room.now - at).days + ago.seconds / 86400 for at in moments], np.float64)
    # What was passed after now is not known yet.
    known = np.flatnonzero(days >= 0)
    activity, days = activity[wanted][known], days[known]
    helpers = np.repeat(np.arange(len(topics), dtype=np.int64), sizes)[wanted][known]
    key = np.searchsorted(asked, activity)
    order = np.argsort(key, kind="stable")
    helpers = helpers[order]
    # Few needed more than one try: these are looked for, not everybody looked at.
    hard = [
        (row, at) for row, one in enumerate(room.helpers) if one.attempts for at, n in one.attempts.items() if n > 1
    ]
    rows, places = np.array(hard, np.int64).reshape(-1, 2).T
    tried = np.isin(helpers * len(asked) + key[order], _numbers(rows, places, asked))
    many = np.bincount(key, minlength=len(asked) + 1)
    place = np.where(numbers < 0, len(asked), np.searchsorted(asked, numbers))
    return Passed(
        helpers=helpers,
        days=days[order].astype(np.float32),
        tried=tried,
        starts=(np.cumsum(many) - many)[place],
        sizes=many[place],
    )


def _numbers(rows: Ints, activities: Ints, asked: Ints) -> Ints:
    """One number for each helper's row and activity, of the activities that are asked about."""
    wanted = np.isin(activities, asked)
    return np.asarray(rows[wanted] * len(asked) + np.searchsorted(asked, activities[wanted]), np.int64)


def _chunks(sizes: Ints) -> Iterator[Ints]:
    """Rows in runs whose pairs fit in memory."""
    ends = np.cumsum(sizes)
    row = 0
    while row < len(sizes) and ends[-1]:
        before = int(ends[row - 1]) if row else 0
        until = max(int(np.searchsorted(ends, before + CHUNK, side="right")), row + 1)
        yield np.arange(row, until, dtype=np.int64)
        row = until


def _ranges(starts: Ints, sizes: Ints) -> Ints:
    """The numbers from each start on, as many as its size, one after the other."""
    firsts = np.cumsum(sizes) - sizes
    return np.asarray(np.arange(int(sizes.sum())) + np.repeat(starts - firsts, sizes), np.int64)


def _shut_out(room: Room) -> Ints:
    """Pairs that met before, or of whom one has blocked the other, as sorted numbers."""
    row_of = {stall.learner_id: row for row, stall in enumerate(room.stalls)}
    many = len(room.helpers)
    found = [
        row_of[other] * many + row
        for row, helper in enumerate(room.helpers)
        if helper.met or helper.blocked
        for other in (*helper.met, *helper.blocked)
        if other in row_of
    ]
    column_of = {helper.learner_id: row for row, helper in enumerate(room.helpers)} if room.apart else {}
    found += [
        row_of[one] * many + column_of[other] for one, other in room.apart if one in row_of and other in column_of
    ]
    return np.unique(np.array(found, np.int64))


def _allowed(room: Room, stalled: Ints, helping: Ints, shut: Ints) -> Bools:
    allowed = np.ones(len(stalled), bool)
    if len(shut):
        allowed &= ~np.isin(stalled * len(room.helpers) + helping, shut)
    if room.same_group:
        allowed &= share_any(room.stalled.groups[stalled], room.helping.groups[helping])
    return allowed


def _score(room: Room, stalled: Ints, helping: Ints, days: Floats, tried: Bools) -> Floats:
    one, other = room.stalled, room.helping
    speaks, spoken = has_any(one.languages)[stalled], has_any(other.languages)[helping]
    language = np.where(speaks & spoken, share_any(one.languages[stalled], other.languages[helping]), 0.5)
    together = share_any(one.groups[stalled], other.groups[helping])
    driven = (one.motives[stalled] != 0) & (one.motives[stalled] == other.motives[helping])
    score = (
        0.05
        + 0.25 * np.exp(-days / RECENT_DAYS)
        + 0.08 * tried
        + 0.15 * language
        + 0.15 * shared_times((one.weekdays, other.weekdays), (one.slots, other.slots), (stalled, helping))
        + 0.08 * together
        + 0.07 * driven
        + room.worth[helping]
    )
    return np.asarray(np.clip(score, 0.0, 1.0), np.float32)


def _shortlist(stalled: Ints, score: Floats) -> Ints:
    """The places of each one's best pairs."""
    order = np.lexsort((-score, stalled))
    sorted_stalled = stalled[order]
    starts = np.flatnonzero(np.r_[True, sorted_stalled[1:] != sorted_stalled[:-1]])
    nth = np.arange(len(order)) - np.repeat(starts, np.diff(np.r_[starts, len(order)]))
    return np.sort(order[nth < SHORTLIST])
