"""The assignment as a flow: many stalled, many helpers, places that cost more the more somebody carries already."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

#: What it costs to leave somebody without a helper: more than any pair or any load.
ALONE = 1_000_000


@dataclass(frozen=True, slots=True)
class Pairs:
    """Possible pairs, one an entry: who, with whom, at what cost (whole numbers from 0 up to 100,000)."""

    stalled: Ints
    helper: Ints
    cost: Ints

    def __len__(self) -> int:
        """Pairs."""
        return len(self.cost)


@dataclass(frozen=True, slots=True)
class Arcs:
    """A flow's arcs and supplies, as the solver takes them; the first ``pairs`` arcs are the pairs in their order."""

    tails: Ints
    heads: Ints
    capacities: Ints
    costs: Ints
    supplies: Ints
    pairs: int


def arcs_of(pairs: Pairs, places: Ints, load: Ints, load_step: int, stalled: int) -> Arcs:
    """The graph of one assignment: every stalled learner sends one unit, to a helper or past them all.

    ``places`` and ``load`` are by helper; the j-th further match of a helper costs ``load_step * (load + j)``, so that
    the flow spreads the load. Convex costs need one arc a place.
    """
    sink = stalled + len(places)
    owner = np.repeat(np.arange(len(places), dtype=np.int64), places)
    first = np.repeat(np.cumsum(places) - places, places)
    nth = np.arange(len(owner), dtype=np.int64) - first
    tails = np.concatenate((pairs.stalled, stalled + owner, np.arange(stalled, dtype=np.int64)))
    heads = np.concatenate((stalled + pairs.helper, np.full(len(owner) + stalled, sink, np.int64)))
    costs = np.concatenate((pairs.cost, load_step * (load[owner] + nth), np.full(stalled, ALONE, np.int64)))
    supplies = np.zeros(sink + 1, np.int64)
    supplies[:stalled] = 1
    supplies[sink] = -stalled
    return Arcs(tails, heads, np.ones(len(tails), np.int64), costs, supplies, len(pairs))


def solve(arcs: Arcs) -> tuple[Bools, int]:
    """Return which pairs the optimum chooses, and its cost; raises RuntimeError where the solver gives up."""
    # Loaded when first used: a process that never matches anybody does without its 17 MB.
    from ortools.graph.python import min_cost_flow

    # The library's own type hints name the wrong array types.
    flow: Any = min_cost_flow.SimpleMinCostFlow()
    numbers = flow.add_arcs_with_capacity_and_unit_cost(
        arcs.tails.astype(np.int32), arcs.heads.astype(np.int32), arcs.capacities, arcs.costs
    )
    flow.set_nodes_supplies(np.arange(len(arcs.supplies), dtype=np.int32), arcs.supplies)
    status = flow.solve()
    if status != flow.OPTIMAL:
        raise RuntimeError(f"the assignment has no optimum: {status}")
    chosen: Bools = flow.flows(numbers[: arcs.pairs]).astype(bool)
    return chosen, int(flow.optimal_cost())


def assign(pairs: Pairs, places: Ints, load: Ints, load_step: int, stalled: int) -> tuple[Bools, int]:
    """Return which pairs to choose so that all together cost least, nobody above their places, and the cost."""
    if not len(pairs):
        return np.zeros(0, bool), stalled * ALONE
    return solve(arcs_of(pairs, places, load, load_step, stalled))
