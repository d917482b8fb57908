"""How fast the matching is: against the bare solver on the same graph, and what the whole costs from values on.

Run ``python benchmarks/matching.py`` for 10,000 stalled and 30,000 helpers, 20 candidates each; ``--stalled`` and
``--helpers`` change that, ``--auction`` measures the way taken above a million pairs. Prints one line a figure; exits
1 where the whole decision takes over 1.5 times the bare solver, its cost is not the optimum, or the auction takes over
15% of the bare solver or reaches less than 0.99 of the optimum. Times are the processor's, so that whoever shares the
machine does not count for much.
"""

from __future__ import annotations

import argparse
import gc
import resource
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
from ortools.graph.python import min_cost_flow

from engagement.auction import bid_for_helpers
from engagement.graph import ALONE, Pairs, arcs_of, assign
from engagement.matching import LOAD_STEP, match_helpers, spread
from engagement.pairs import COST, possible_pairs, room_of
from engagement.values import Activity, Candidate, Cohort, Helper, Learner, Policy, Stall, StallKind

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
EACH = 20


def crowd(stalled: int, helping: int, seed: int) -> tuple[list[Stall], list[Helper], Cohort]:
    """Each activity has some 20 who passed it, a few helpers many activities: everybody wants the same few."""
    lots = np.random.default_rng(seed)
    activities = max(1, stalled // 7)
    popular = 1 / (np.arange(helping) + 50) ** 0.7
    chosen = lots.choice(helping, (activities, EACH), p=popular / popular.sum())
    topics: list[dict[int, datetime]] = [{} for _ in range(helping)]
    for activity, row in enumerate(chosen):
        for one in row.tolist():
            topics[one][activity] = NOW - timedelta(days=float(lots.uniform(0, 60)))
    stalls = [
        Stall(n, StallKind.STUCK, 0.5, (), activity_id=int(activity))
        for n, activity in enumerate(lots.integers(0, activities, stalled))
    ]
    helpers = [
        Helper(stalled + n, topics[n], capacity=2, load=int(load), languages=frozenset({"it", "en"}))
        for n, load in enumerate(lots.integers(0, 2, helping))
    ]
    weekdays = [frozenset({date(2026, 11, 9 + n)}) for n in range(7)]
    learners = tuple(
        Learner(n, active_days=weekdays[n % 7], languages=frozenset({"it"})) for n in range(stalled + helping)
    )
    return stalls, helpers, Cohort(1, tuple(Activity(n, f"Quiz {n}") for n in range(activities)), learners)


def bare(pairs: Pairs, places: Any, load: Any, stalled: int) -> tuple[float, int]:
    """The solver alone on the same graph, arcs handed over in arrays: seconds and the optimum."""
    arcs = arcs_of(pairs, places, load, LOAD_STEP, stalled)
    tails, heads = arcs.tails.astype(np.int32), arcs.heads.astype(np.int32)
    started = time.process_time()
    flow: Any = min_cost_flow.SimpleMinCostFlow()
    flow.add_arcs_with_capacity_and_unit_cost(tails, heads, arcs.capacities, arcs.costs)
    flow.set_nodes_supplies(np.arange(len(arcs.supplies), dtype=np.int32), arcs.supplies)
    status = flow.solve()
    assert status == flow.OPTIMAL
    return time.process_time() - started, int(flow.optimal_cost())


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    started = time.process_time()
    result = work()
    return time.process_time() - started, result


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stalled", type=int, default=10_000)
    parser.add_argument("--helpers", type=int, default=30_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--auction", action="store_true", help="also measure the auction for crowds")
    asked = parser.parse_args()
    stalls, helpers, cohort = crowd(asked.stalled, asked.helpers, asked.seed)
    free = [one for one in helpers if one.capacity > one.load]
    room = room_of(stalls, free, cohort, NOW)
    pairs, _ = possible_pairs(room, asked.seed)
    many = len(stalls)
    # A million values of the crowd stand there before: the collector's walk over them is not what is measured.
    gc.collect()
    gc.freeze()
    ours, alone, all_of_it = [], [], []
    for _ in range(asked.rounds):
        seconds, (_, cost) = timed(lambda: assign(pairs, room.free, room.load, LOAD_STEP, many))
        ours.append(seconds)
        seconds, optimum = bare(pairs, room.free, room.load, many)
        alone.append(seconds)
        # Side by side, so that a busy moment of the machine falls on both.
        seconds, found = timed(lambda: match_helpers(stalls, helpers, cohort, Policy(), NOW, asked.seed))
        all_of_it.append(seconds)
    is_near = not asked.auction or auction(pairs, room.free, room.load, many, cost, statistics.median(alone))
    is_well = report(pairs, ours, alone, cost == optimum, all_of_it, found, helpers, many)
    return 0 if is_near and is_well else 1


def auction(pairs: Pairs, places: Any, load: Any, many: int, optimum: int, alone: float) -> bool:
    """Say how near the auction comes, in what the pairs are worth (their cost below the dearest, less the load)."""
    seconds, chosen = timed(lambda: bid_for_helpers(pairs, places, load, LOAD_STEP, many))
    if chosen is None:
        print("auction                           gave way to the exact solver")
        return False
    taken = np.bincount(pairs.helper[chosen], minlength=len(places))
    cost = int(pairs.cost[chosen].sum()) + LOAD_STEP * int((taken * load + taken * (taken - 1) // 2).sum())
    left_alone = many - int(chosen.sum())
    worth = (COST * many - cost - ALONE * left_alone) / (COST * many - optimum)
    print(f"auction                       {seconds:>12.3f} s   {seconds / alone:.1%} of the bare solver (at most 15%)")
    print(f"its worth of the optimum      {worth:>12.4f}   (at least 0.99)")
    return seconds <= 0.15 * alone and worth >= 0.99


def report(
    pairs: Pairs,
    ours: list[float],
    alone: list[float],
    is_optimum: bool,
    all_of_it: list[float],
    found: tuple[Candidate, ...],
    helpers: list[Helper],
    many: int,
) -> bool:
    bare_time = statistics.median(alone)
    load = spread(found, helpers, many)
    print(f"pairs                         {len(pairs):>12,}")
    print(f"bare solver, median           {bare_time:>12.3f} s")
    ours_ratio, whole_ratio = over(ours, alone), over(all_of_it, alone)
    whole = statistics.median(all_of_it)
    print(f"assign, median                {statistics.median(ours):>12.3f} s   ratio {ours_ratio:.2f}")
    print(f"optimum reached               {is_optimum!s:>12}")
    print(f"values to proposals, median   {whole:>12.3f} s   ratio {whole_ratio:.2f} (at most 1.5)")
    print(f"assigned                      {load.assigned:>12,}   of {load.stalled:,}; busiest {load.busiest}")
    print(f"evenness of load              {load.evenness:>12.2f}")
    print(f"peak memory                   {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:>12.0f} MB")
    return is_optimum and whole_ratio <= 1.5


def over(these: list[float], those: list[float]) -> float:
    """The median of the rounds' own ratios: the two of a round had the same machine."""
    return statistics.median(one / other for one, other in zip(these, those, strict=True))


if __name__ == "__main__":
    sys.exit(main())
