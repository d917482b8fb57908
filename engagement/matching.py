"""Who could help whom: the best assignment over all who stall and all who help, with two or three to choose from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from itertools import repeat
from operator import attrgetter

import numpy as np

from engagement.auction import bid_for_helpers
from engagement.choices import next_best, nth_of, wish_lists
from engagement.facts import Cohort
from engagement.graph import Bools, Ints, Pairs, assign
from engagement.helpers import Candidate, Helper, LoadReport
from engagement.moments import aware
from engagement.pairs import Room, Worth, possible_pairs, room_of
from engagement.policy import Policy
from engagement.telling import reasons_of
from engagement.verdicts import Stall

_id = attrgetter("learner_id")
#: What every match that somebody carries already adds to the cost of one more.
LOAD_STEP = 4_000
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
    pairs, worth = possible_pairs(room, seed)
    first = _first_choices(pairs, room)
    ranked = [np.flatnonzero(first)]
    spare = room.free - np.bincount(pairs.helper[first], minlength=len(room.helpers))
    shown, left = spare * policy.shown_per_place, ~first
    lists = wish_lists(pairs, len(room.helpers))
    # Who has nobody of their own may still choose among those with a place left.
    for _ in range(policy.candidates - 1):
        chosen = next_best(pairs, lists, left, shown)
        if not len(chosen):
            break
        ranked.append(chosen)
        left[chosen] = False
        shown = shown - np.bincount(pairs.helper[chosen], minlength=len(room.helpers))
    return _candidates(room, pairs, worth, ranked)


def _room(
    stalls: Sequence[Stall],
    helpers: Sequence[Helper],
    cohort: Cohort,
    policy: Policy,
    now: datetime,
    also_stalled: frozenset[int],
) -> Room:
    here = {one.id: one for one in cohort.learners}
    everybody = {stall.learner_id: stall for stall in stalls}
    seekers = [
        stall
        for stall in everybody.values()
        if stall.learner_id in here
        and stall.learner_id not in policy.excluded
        and stall.activity_id is not None
        and (stall.kind in policy.match_kinds or stall.asked)
    ]
    by_id = {one.learner_id: one for one in helpers}
    stuck_at = {stall.activity_id for stall in seekers}
    able = [
        one
        for one in by_id.values()
        if one.capacity > one.load
        and not stuck_at.isdisjoint(one.topics)
        and not one.paused
        and one.learner_id in here
        and one.learner_id not in everybody
        and one.learner_id not in also_stalled
        and one.learner_id not in policy.excluded
    ]
    seekers.sort(key=_id)
    able.sort(key=_id)
    # Who stalls may have blocked or met somebody while helping themselves.
    apart = frozenset(
        (one.learner_id, other)
        for one in by_id.values()
        if one.learner_id in everybody
        for other in (*one.met, *one.blocked)
    )
    return room_of(seekers, able, cohort, now, apart, here)


def _first_choices(pairs: Pairs, room: Room) -> Bools:
    many = len(room.stalls)
    if len(pairs) > EXACT and room.free.sum() >= AMPLE * many:
        near = bid_for_helpers(pairs, room.free, room.load, LOAD_STEP, many)
        if near is not None:
            return near
    return assign(pairs, room.free, room.load, LOAD_STEP, many)[0]


def _candidates(room: Room, pairs: Pairs, worth: Worth, ranked: Sequence[Ints]) -> tuple[Candidate, ...]:
    places = np.concatenate(ranked)
    # In the order of the learners, of whom each has at most one in every round.
    places = places[np.argsort(pairs.stalled[places], kind="stable")]
    stalled, helping = pairs.stalled[places], pairs.helper[places]
    who = np.array([stall.learner_id for stall in room.stalls], np.int64)[stalled]
    whom = np.array([helper.learner_id for helper in room.helpers], np.int64)[helping]
    about = np.array([stall.activity_id or 0 for stall in room.stalls], np.int64)[stalled]
    columns = (
        who.tolist(),
        whom.tolist(),
        about.tolist(),
        np.round(worth.score[places].astype(np.float64), 4).tolist(),
        reasons_of(room, pairs, worth, places),
        nth_of(stalled).tolist(),
    )
    # What Candidate(*row) does, without a call of Python for each of tens of thousands.
    return tuple(map(tuple.__new__, repeat(Candidate), zip(*columns, strict=True)))


def spread(candidates: Sequence[Candidate], helpers: Sequence[Helper], stalled: int) -> LoadReport:
    """Report how evenly the first choices would load the helpers; ``stalled`` is how many looked for one."""
    firsts = Counter(one.helper_id for one in candidates if one.rank == 0)
    able = [one for one in helpers if not one.paused]
    return report_of(
        [one.load + firsts[one.learner_id] for one in able],
        stalled=stalled,
        assigned=firsts.total(),
        free_places=sum(max(one.capacity - one.load, 0) for one in able),
    )


def report_of(carried: Sequence[int], *, stalled: int, assigned: int, free_places: int) -> LoadReport:
    """Report how evenly helpers carry what is ``carried``, one number each."""
    loads = np.sort(np.array(carried, np.float64))
    total, many = float(loads.sum()), len(loads)
    gini = float((2 * np.arange(1, many + 1) - many - 1) @ loads) / (many * total) if total else 0.0
    return LoadReport(
        stalled=stalled,
        assigned=assigned,
        helpers=many,
        free_places=free_places,
        busiest=int(loads.max()) if many else 0,
        average=total / many if many else 0.0,
        evenness=1 - gini,
    )
