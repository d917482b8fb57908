"""Whom else somebody could ask: second and third choices, so that nobody's can be bettered at a worthier one's cost."""

from __future__ import annotations

import numpy as np

from engagement.graph import Bools, Ints, Pairs


def wish_lists(pairs: Pairs, helpers: int) -> Ints:
    """Return the pairs ordered by learner and, of each, the cheapest first; no two are equal, so nor are two runs."""
    dearest = int(pairs.cost.max(initial=0)) + 1
    return np.argsort((pairs.stalled * dearest + pairs.cost) * helpers + pairs.helper)


def next_best(pairs: Pairs, lists: Ints, left: Bools, shown: Ints) -> Ints:
    """Each learner's cheapest pair that is left (``lists`` are the wish lists), no helper above ``shown``.

    Where more want a helper than may, the cheapest pairs have them and the others look on: nobody's choice can be
    bettered without taking from somebody it suits more. Everybody asks the next on their list until kept (Gale and
    Shapley 1962); since both sides order by the same cost, there is only one such answer.
    """
    lists = lists[left[lists] & (shown[pairs.helper[lists]] > 0)]
    owner = pairs.stalled[lists]
    begins = np.flatnonzero(np.r_[True, owner[1:] != owner[:-1]]) if len(lists) else np.zeros(0, np.int64)
    ends = np.r_[begins[1:], len(lists)]
    # Each learner is a stretch of the lists; ``at`` is the one they ask now, ``kept`` says who is kept for now.
    at, kept = begins.copy(), np.zeros(len(begins), bool)
    asking = np.arange(len(begins))
    wanted = np.zeros(len(shown), bool)
    while len(asking):
        wanted[pairs.helper[lists[at[asking]]]] = True
        # Whoever is kept by a helper whom nobody asks now stays so.
        held = np.flatnonzero(kept)
        held = held[wanted[pairs.helper[lists[at[held]]]]]
        rivals = np.concatenate((held, asking))
        wanted[:] = False
        kept[rivals] = _stay(pairs, lists[at[rivals]], shown)
        asking = rivals[~kept[rivals]]
        at[asking] += 1
        asking = asking[at[asking] < ends[asking]]
    return np.asarray(lists[at[kept]], np.int64)


def _stay(pairs: Pairs, chosen: Ints, shown: Ints) -> Bools:
    """Which of the pairs a helper would keep: the cheapest, as many as there is room for."""
    helper = pairs.helper[chosen]
    order = np.lexsort((helper, pairs.stalled[chosen], pairs.cost[chosen]))
    stays = np.empty(len(chosen), bool)
    stays[order] = nth_of(helper[order]) < shown[helper[order]]
    return stays


def nth_of(keys: Ints) -> Ints:
    """For each place, how many times its key came before it."""
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    nth = np.empty(len(keys), np.int64)
    nth[order] = np.arange(len(keys)) - np.repeat(starts, np.diff(np.r_[starts, len(keys)]))
    return nth
