"""Who could help whom: every pair that the hard rules allow, and what it is worth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from engagement.facts import Cohort, Learner
from engagement.graph import Bools, Ints, Pairs
from engagement.helpers import Helper
from engagement.moments import day_of
from engagement.traits import Traits, has_any, share_any, shared_days, traits_of
from engagement.verdicts import Stall

Floats = NDArray[np.float32]

#: Up to so many pairs nothing is left out; above, each stalled learner keeps their best ones.
ALL_PAIRS = 1_000_000
SHORTLIST = 20
CHUNK = 2_000_000
RECENT_DAYS = 28.0
WEEKDAYS_OF = timedelta(days=56)
ONLINE, AROUND, AWAY = timedelta(minutes=15), timedelta(days=3), timedelta(days=14)
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
    same_group: bool
    apart: frozenset[tuple[int, int]]
    now: datetime


@dataclass(frozen=True, slots=True)
class Topic:
    """Who passed one activity: helper rows, days since, and whether they had to try more than once."""

    helpers: Ints
    days: Floats
    tried: Floats


def room_of(
    stalls: Sequence[Stall],
    helpers: Sequence[Helper],
    cohort: Cohort,
    now: datetime,
    apart: frozenset[tuple[int, int]] = frozenset(),
) -> Room:
    """Bring stalls and helpers of the course together; helpers must have a free place and be in the course.

    ``apart`` are pairs of learner ids (stalled, helper) that must not meet, beyond what the helpers say themselves.
    """
    records = {one.id: one for one in cohort.learners}
    learners = tuple(records[stall.learner_id] for stall in stalls)
    stalled, helping = traits_of(learners, helpers, records, day_of(now - WEEKDAYS_OF, cohort.time_zone))
    return Room(
        stalls=tuple(stalls),
        learners=learners,
        helpers=tuple(helpers),
        stalled=stalled,
        helping=helping,
        free=np.array([one.capacity - one.load for one in helpers], np.int64),
        load=np.array([one.load for one in helpers], np.int64),
        worth=np.array([_own_worth(one, now) for one in helpers], np.float32),
        same_group=cohort.same_group_only,
        apart=apart,
        now=now,
    )


def _own_worth(helper: Helper, now: datetime) -> float:
    fresh = 0.07 if helper.load == 0 and helper.recent == 0 else -0.03 * min(helper.recent, 5)
    seen = helper.last_seen_at
    if seen is None:
        return fresh + 0.03
    away = now - seen
    if away > AWAY:
        return fresh - 0.2
    return fresh + (0.1 if away <= ONLINE else 0.06 if away <= AROUND else 0.03)


def possible_pairs(room: Room, seed: int) -> tuple[Pairs, Floats]:
    """Return every allowed pair with its cost, and its score from 0 to 1; equal pairs are ordered by the seed's lot."""
    topics = _topics(room)
    wanted: dict[int, list[int]] = {}
    for row, stall in enumerate(room.stalls):
        if stall.activity_id in topics and stall.activity_id is not None:
            wanted.setdefault(stall.activity_id, []).append(row)
    everything = sum(len(rows) * len(topics[key].helpers) for key, rows in wanted.items())
    shut = _shut_out(room)
    parts = []
    for stalled, helping, days, tried in _crossed(wanted, topics):
        allowed = _allowed(room, stalled, helping, shut)
        stalled, helping = stalled[allowed], helping[allowed]
        score = _score(room, stalled, helping, days[allowed], tried[allowed])
        if everything > ALL_PAIRS:
            kept = _shortlist(stalled, score)
            stalled, helping, score = stalled[kept], helping[kept], score[kept]
        parts.append((stalled, helping, score))
    if not parts:
        nothing = np.zeros(0, np.int64)
        return Pairs(nothing, nothing, nothing), np.zeros(0, np.float32)
    stalled, helping = np.concatenate([one[0] for one in parts]), np.concatenate([one[1] for one in parts])
    score = np.concatenate([one[2] for one in parts])
    lots = np.random.default_rng(seed).integers(0, NOISE, len(score), dtype=np.int64)
    cost = np.rint((1 - score) * (COST / NOISE)).astype(np.int64) * NOISE + lots
    return Pairs(stalled, helping, cost), score


def _topics(room: Room) -> Mapping[int, Topic]:
    asked = {stall.activity_id for stall in room.stalls if stall.activity_id is not None}
    found: dict[int, tuple[list[int], list[float], list[bool]]] = {key: ([], [], []) for key in asked}
    now = room.now.timestamp()
    for row, helper in enumerate(room.helpers):
        topics, attempts = helper.topics, helper.attempts
        for key in topics.keys() & asked if len(topics) > len(asked) else topics:
            if key in found:
                age = (now - topics[key].timestamp()) / 86400
                # What was passed after now is not known yet.
                if age >= 0:
                    rows, days, tried = found[key]
                    rows.append(row)
                    days.append(age)
                    tried.append(attempts.get(key, 0) > 1)
    return {
        key: Topic(np.array(rows, np.int64), np.array(days, np.float32), np.array(tried, np.float32))
        for key, (rows, days, tried) in found.items()
        if rows
    }


def _crossed(
    wanted: Mapping[int, Sequence[int]], topics: Mapping[int, Topic]
) -> Iterator[tuple[Ints, Ints, Floats, Floats]]:
    """Everybody who wants a topic beside everybody who passed it, in chunks that fit in memory."""
    held: list[tuple[Ints, Ints, Floats, Floats]] = []
    size = 0
    for key in sorted(wanted):
        topic, rows = topics[key], np.array(wanted[key], np.int64)
        step = max(1, CHUNK // len(topic.helpers))
        for start in range(0, len(rows), step):
            part = rows[start : start + step]
            many = len(part)
            held.append(
                (
                    np.repeat(part, len(topic.helpers)),
                    np.tile(topic.helpers, many),
                    np.tile(topic.days, many),
                    np.tile(topic.tried, many),
                )
            )
            size += many * len(topic.helpers)
            if size >= CHUNK:
                yield _joined(held)
                held, size = [], 0
    if held:
        yield _joined(held)


def _joined(held: list[tuple[Ints, Ints, Floats, Floats]]) -> tuple[Ints, Ints, Floats, Floats]:
    one, two, three, four = (np.concatenate(columns) for columns in zip(*held, strict=True))
    return one, two, three, four


def _shut_out(room: Room) -> Ints:
    """Pairs that met before, or of whom one has blocked the other, as sorted numbers."""
    row_of = {stall.learner_id: row for row, stall in enumerate(room.stalls)}
    many = len(room.helpers)
    found = [
        row_of[other] * many + row
        for row, helper in enumerate(room.helpers)
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


def _score(room: Room, stalled: Ints, helping: Ints, days: Floats, tried: Floats) -> Floats:
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
        + 0.15 * shared_days(one.weekdays[stalled], other.weekdays[helping])
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
