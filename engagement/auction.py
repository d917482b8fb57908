"""The assignment for very many people: an auction that ends near the optimum in a fraction of the exact solver's time.

Everybody without a helper bids for the one that suits them best, by as much as it is better than their second choice
plus a small step; the highest bid has the place and whoever held it bids again (Bertsekas 1979). The total is within
one step a person of the optimum.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engagement.graph import ALONE, Bools, Ints, Pairs

#: What a bid adds beyond the difference: half a hundredth of the dearest pair.
STEP = 450
#: Where places are scarce, bids climb step by step until somebody gives up: the exact solver is faster there.
ROUNDS = 400
NEVER = 10 * ALONE

Costs = NDArray[np.int32]


class _Places:
    """The helpers' places and what each costs now: the price begins with the load and rises with every bid."""

    def __init__(self, places: Ints, load: Ints, load_step: int) -> None:
        """Lay out as many places as the most capable helper has, closed where a helper has fewer."""
        width = max(int(places.max(initial=0)), 1) + 1
        nth = np.arange(width)
        price = load_step * (load[:, None] + nth)
        self.price = np.where(nth < places[:, None], price, NEVER).astype(np.int32)
        self.owner = np.full(self.price.shape, -1, np.int64)
        self.slot, self.low, self.next = _cheapest(self.price)

    def take(self, helpers: Ints, people: Ints, bids: Costs) -> Ints:
        """Give each helper's cheapest place to its highest bidder; return those who held them."""
        slots = self.slot[helpers]
        before = self.owner[helpers, slots]
        self.owner[helpers, slots] = people
        self.price[helpers, slots] = bids
        self.slot[helpers], self.low[helpers], self.next[helpers] = _cheapest(self.price[helpers])
        return before[before >= 0]


def _cheapest(price: Costs) -> tuple[Ints, Costs, Costs]:
    rows = np.arange(len(price))
    slot = price.argmin(axis=1)
    rest = price.copy()
    rest[rows, slot] = NEVER
    return slot, price[rows, slot], rest.min(axis=1)


def bid_for_helpers(
    pairs: Pairs, places: Ints, load: Ints, load_step: int, stalled: int, step: int = STEP
) -> Bools | None:
    """Return which pairs the auction chooses, nobody above their places, or None where it did not end soon enough.

    Deterministic. Takes the same arrays as ``graph.assign``.
    """
    if not len(pairs):
        return np.zeros(0, bool)
    cost, helper, place = _rows(pairs, stalled)
    held = _Places(places, load, load_step)
    choice = np.full(stalled, -1, np.int64)
    waiting = np.flatnonzero((cost < NEVER).any(axis=1))
    for _ in range(ROUNDS):
        if not len(waiting):
            return _bought(choice, place, len(pairs))
        rows = np.arange(len(waiting))
        their_cost, theirs = cost[waiting], helper[waiting]
        total = their_cost + held.low[theirs]
        best = total.argmin(axis=1)
        first, wanted = total[rows, best], theirs[rows, best]
        # The second choice may be the same helper's next place.
        total[rows, best] = their_cost[rows, best] + held.next[wanted]
        second = np.minimum(total.min(axis=1), ALONE)
        bids = held.low[wanted] + np.maximum(second - first, 0) + step
        able = first < ALONE
        order = np.lexsort((waiting, bids, wanted))
        order = order[able[order]]
        if not len(order):
            return _bought(choice, place, len(pairs))
        last = np.r_[wanted[order][1:] != wanted[order][:-1], True]
        winners = order[last]
        out = held.take(wanted[winners], waiting[winners], bids[winners])
        choice[out] = -1
        choice[waiting[winners]] = best[winners]
        waiting = np.concatenate((waiting[order[~last]], out))
    return None


def _bought(choice: Ints, place: Ints, many: int) -> Bools:
    chosen = np.zeros(many, bool)
    people = np.flatnonzero(choice >= 0)
    chosen[place[people, choice[people]]] = True
    return chosen


def _rows(pairs: Pairs, stalled: int) -> tuple[Costs, Ints, Ints]:
    """The pairs one row a person: cost, helper and the pair's own number, padded with what nobody would choose."""
    order = np.argsort(pairs.stalled, kind="stable")
    many = np.bincount(pairs.stalled, minlength=stalled)
    nth = np.arange(len(order)) - np.repeat(np.cumsum(many) - many, many)
    shape = (stalled, int(many.max()))
    cost, helper = np.full(shape, NEVER, np.int32), np.zeros(shape, np.int64)
    place = np.zeros(shape, np.int64)
    where = (pairs.stalled[order], nth)
    cost[where], helper[where], place[where] = pairs.cost[order], pairs.helper[order], order
    return cost, helper, place
