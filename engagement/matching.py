"""Who could help whom: the best assignment over all who stall and all who help, with two or three to choose from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

import numpy as np

from engagement.auction import bid_for_helpers
from engagement.facts import Cohort
from engagement.graph import Bools, Ints, Pairs, assign
from engagement.helpers import Candidate, Helper, LoadReport
from engagement.moments import aware
from engagement.pairs import ONLINE, Floats, Room, possible_pairs, room_of
from engagement.policy import Policy
from engagement.traits import COUNT
from engagement.verdicts import Stall

#: What every match that somebody carries already adds to the cost of one more.
LOAD_STEP = 4_000
RECENT_DAYS = 28
#: Up to so many pairs the optimum is exact; above, an auction comes within a hundredth where places are ample.
EXACT = 1_000_000
AMPLE = 2


def match_helpers(
    stalls: Sequence[Stall],
    helpers: Sequence[Helper],
    cohort: Cohort,
    policy: Policy,
    now: datetime,
    seed: int,
    also_stalled: frozenset[int] = frozenset(),
) -> tuple[Candidate, ...]:
    """Return up to ``policy.candidates`` helpers for each stalled learner, best first, by learner.

    Rank 0 is the optimum over all of them together, the load spread, nobody above their free places. The others are the
    next best of those who have a place left even if every rank 0 is taken. Each helper has passed the very activity.
    Nobody stalled is proposed to anybody; ``also_stalled`` are those who stall without looking for a helper now (held
    back, matched already, another kind). The same input and seed give the same answer in any order of input. Raises
    ValueError for naive times.
    """
    aware(now)
    room = _room(stalls, helpers, cohort, policy, now, also_stalled)
    if not room.stalls or not room.helpers:
        return ()
    pairs, score = possible_pairs(room, seed)
    first = _first_choices(pairs, room)
    ranked = [np.flatnonzero(first)]
    spare = room.free - np.bincount(pairs.helper[first], minlength=len(room.helpers))
    shown, left = spare * policy.shown_per_place, ~first
    # Who has nobody of their own may still choose among those with a place left.
    for _ in range(policy.candidates - 1):
        chosen = _next_best(pairs, left, shown)
        if not len(chosen):
            break
        ranked.append(chosen)
        left[chosen] = False
        shown = shown - np.bincount(pairs.helper[chosen], minlength=len(room.helpers))
    return _candidates(room, pairs, score, ranked)


def _room(
    stalls: Sequence[Stall],
    helpers: Sequence[Helper],
    cohort: Cohort,
    policy: Policy,
    now: datetime,
    also_stalled: frozenset[int],
) -> Room:
    here = {one.id for one in cohort.learners}
    everybody = {stall.learner_id: stall for stall in stalls}
    seekers = [
        stall
        for _, stall in sorted(everybody.items())
        if stall.learner_id in here
        and stall.learner_id not in policy.excluded
        and stall.activity_id is not None
        and (stall.kind in policy.match_kinds or stall.asked)
    ]
    by_id = {one.learner_id: one for one in helpers}
    able = [
        one
        for _, one in sorted(by_id.items())
        if one.learner_id in here
        and one.learner_id not in everybody
        and one.learner_id not in also_stalled
        and one.learner_id not in policy.excluded
        and not one.paused
        and one.capacity > one.load
    ]
    # Who stalls may have blocked or met somebody while helping themselves.
    apart = frozenset(
        (one.learner_id, other)
        for one in by_id.values()
        if one.learner_id in everybody
        for other in (*one.met, *one.blocked)
    )
    return room_of(seekers, able, cohort, now, apart)


def _first_choices(pairs: Pairs, room: Room) -> Bools:
    many = len(room.stalls)
    if len(pairs) > EXACT and room.free.sum() >= AMPLE * many:
        near = bid_for_helpers(pairs, room.free, room.load, LOAD_STEP, many)
        if near is not None:
            return near
    return assign(pairs, room.free, room.load, LOAD_STEP, many)[0]


def _next_best(pairs: Pairs, left: Bools, shown: Ints) -> Ints:
    """Each learner's cheapest pair that is left, no helper shown more often than ``shown`` allows.

    Where more want a helper than may, the cheapest pairs have them and the others look on: nobody's choice can be
    bettered without taking from somebody it suits more.
    """
    order = np.flatnonzero(left & (shown[pairs.helper] > 0))
    order = order[np.lexsort((pairs.helper[order], pairs.stalled[order], pairs.cost[order]))]
    taken: list[int] = []
    done: set[int] = set()
    room = shown.tolist()
    for place, stalled, helper in zip(
        order.tolist(), pairs.stalled[order].tolist(), pairs.helper[order].tolist(), strict=True
    ):
        if stalled not in done and room[helper] > 0:
            done.add(stalled)
            room[helper] -= 1
            taken.append(place)
    return np.array(taken, np.int64)


def _candidates(room: Room, pairs: Pairs, score: Floats, ranked: Sequence[Ints]) -> tuple[Candidate, ...]:
    ranks: dict[int, int] = {}
    found: list[Candidate] = []
    for chosen in ranked:
        for place in chosen.tolist():
            row, column = int(pairs.stalled[place]), int(pairs.helper[place])
            rank = ranks.get(row, 0)
            ranks[row] = rank + 1
            stall, helper = room.stalls[row], room.helpers[column]
            found.append(
                Candidate(
                    stalled_id=stall.learner_id,
                    helper_id=helper.learner_id,
                    activity_id=stall.activity_id or 0,
                    score=round(float(score[place]), 4),
                    reasons=_reasons(room, row, column),
                    rank=rank,
                )
            )
    return tuple(sorted(found, key=lambda one: (one.stalled_id, one.rank)))


def _reasons(room: Room, row: int, column: int) -> tuple[str, ...]:
    """Why these two, in codes; nothing here tells a score."""
    stall, learner, helper = room.stalls[row], room.learners[row], room.helpers[column]
    key, found = stall.activity_id or 0, []
    if (room.now - helper.topics[key]).days <= RECENT_DAYS:
        found.append("passed_recently")
    if helper.attempts.get(key, 0) > 1:
        found.append("had_to_try_too")
    if learner.languages & helper.languages:
        found.append("same_language")
    if COUNT[room.stalled.weekdays[row] & room.helping.weekdays[column]] > 0:
        found.append("same_times")
    if learner.groups & helper.groups:
        found.append("same_group")
    if learner.motive is not None and learner.motive is helper.motive:
        found.append("same_reason")
    if helper.load == 0 and helper.recent == 0:
        found.append("fresh_hands")
    if helper.last_seen_at is not None and not room.now - helper.last_seen_at > ONLINE:
        found.append("online_now")
    return tuple(found)


def spread(candidates: Sequence[Candidate], helpers: Sequence[Helper], stalled: int) -> LoadReport:
    """Report how evenly the first choices would load the helpers; ``stalled`` is how many looked for one."""
    firsts = Counter(one.helper_id for one in candidates if one.rank == 0)
    able = [one for one in helpers if not one.paused]
    loads = np.sort(np.array([one.load + firsts[one.learner_id] for one in able], np.float64))
    total, many = float(loads.sum()), len(loads)
    gini = float((2 * np.arange(1, many + 1) - many - 1) @ loads) / (many * total) if total else 0.0
    return LoadReport(
        stalled=stalled,
        assigned=firsts.total(),
        helpers=many,
        free_places=sum(max(one.capacity - one.load, 0) for one in able),
        busiest=int(loads.max()) if many else 0,
        average=total / many if many else 0.0,
        evenness=1 - gini,
    )
