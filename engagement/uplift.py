"""Did it help? A holdout drawn by lot before anything is sent, and the difference with its interval.

The outcome is declared beforehand: came back within 14 days of the opening. Nothing is claimed before the size that was
planned is reached, because looking again and again until something shows always finds something.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache

import numpy as np

from engagement.facts import StallKind

#: Smaller groups are never shown: somebody could be recognised in them.
SMALL = 10
LARGEST_BLOCK = 20


@dataclass(frozen=True, slots=True)
class Entry:
    """A new episode before the lot: safety and crisis signals, and calls for help, are ``exempt``."""

    episode_id: int
    context_id: int
    kind: StallKind
    exempt: bool = False


def draw_holdout(
    entries: Sequence[Entry], share: float, seed: int, drawn: Mapping[tuple[int, StallKind], int] | None = None
) -> frozenset[int]:
    """Draw by lot the episodes that get no nudge and no match, stratified by course and kind.

    ``drawn`` counts the episodes that went through the lot before, by stratum: with the recorded ``seed`` anyone can
    draw again and get the same. Within each stratum every block holds its exact share. A ``share`` of 0 draws nobody;
    raises ValueError outside 0 to 0.5.
    """
    if not 0 <= share <= 0.5:
        raise ValueError(f"a holdout share lies between 0 and 0.5, not {share}")
    part = Fraction(share).limit_denominator(LARGEST_BLOCK)
    if part.numerator == 0:
        return frozenset()
    size, held = part.denominator, part.numerator
    counts = dict(drawn or {})
    found: set[int] = set()
    for entry in sorted(entries, key=lambda one: one.episode_id):
        if entry.exempt:
            continue
        stratum = (entry.context_id, entry.kind)
        block, place = divmod(counts.get(stratum, 0), size)
        counts[stratum] = counts.get(stratum, 0) + 1
        lot = np.random.default_rng([seed, entry.context_id, list(StallKind).index(entry.kind), block])
        if place in lot.permutation(size)[:held]:
            found.add(entry.episode_id)
    return frozenset(found)


@dataclass(frozen=True, slots=True)
class Arm:
    """One arm's numbers: how many, and how many of them reached the outcome."""

    n: int
    reached: int

    def __post_init__(self) -> None:
        """Refuse numbers that cannot be."""
        if not 0 <= self.reached <= self.n:
            raise ValueError(f"{self.reached} of {self.n} cannot be")

    @property
    def share(self) -> float | None:
        """The share that reached the outcome, or None where there is nobody."""
        return self.reached / self.n if self.n else None


class Verdict(StrEnum):
    """What may be said."""

    TOO_EARLY = "too_early"
    HELPED = "helped"
    HARMED = "harmed"
    NO_CLEAR_DIFFERENCE = "no_clear_difference"


@dataclass(frozen=True, slots=True)
class Effect:
    """The difference between those helped and those held out, as shares, with its interval and what may be said."""

    helped: Arm
    held_out: Arm
    difference: float | None
    low: float
    high: float
    verdict: Verdict


@lru_cache(maxsize=4096)
def interval(helped: Arm, held_out: Arm, level: float = 0.95) -> tuple[float, float]:
    """Return Newcombe's hybrid score interval (his method 10) of the difference between two shares.

    Everything is possible where an arm is empty.
    """
    if not (helped.n and held_out.n):
        return -1.0, 1.0
    # Only a report needs the library, which takes a second to wake: sweeps and panels never do.
    from statsmodels.stats.proportion import confint_proportions_2indep

    low, high = confint_proportions_2indep(
        helped.reached, helped.n, held_out.reached, held_out.n, method="newcomb", compare="diff", alpha=1 - level
    )
    return float(low), float(high)


def effect(helped: Arm, held_out: Arm, planned: int, level: float = 0.95) -> Effect:
    """Return the difference with its interval and what may be said about it.

    ``planned`` is the number of held-out episodes declared when the holdout was set up (``planned_size``): before it
    is reached the verdict is "too early", whatever the interval.
    """
    one, other = helped.share, held_out.share
    if one is None or other is None:
        return Effect(helped, held_out, None, -1.0, 1.0, Verdict.TOO_EARLY)
    difference = one - other
    low, high = interval(helped, held_out, level)
    verdict = Verdict.TOO_EARLY if held_out.n < planned else _verdict(low, high)
    return Effect(helped, held_out, difference, low, high, verdict)


def _verdict(low: float, high: float) -> Verdict:
    if low > 0:
        return Verdict.HELPED
    return Verdict.HARMED if high < 0 else Verdict.NO_CLEAR_DIFFERENCE


def planned_size(usual: float, worth: float, share: float, power: float = 0.8, level: float = 0.95) -> int:
    """How many held-out episodes are needed to see a difference of ``worth`` with this chance (``power``).

    ``usual`` is the share that comes back anyway, ``share`` the part held out. Raises ValueError where it cannot be.
    """
    better = usual + worth
    if not (0 < usual < 1 and 0 < better < 1 and worth != 0 and 0 < share < 1):
        raise ValueError("a plan needs shares between 0 and 1 and a difference worth finding")
    from statsmodels.stats.proportion import samplesize_proportions_2indep_onetail

    ratio = share / (1 - share)
    helped = samplesize_proportions_2indep_onetail(
        worth, usual, power, ratio=ratio, alpha=1 - level, alternative="two-sided"
    )
    return math.ceil(float(helped) * ratio)


@dataclass(frozen=True, slots=True)
class Case:
    """One episode for the report: its group by kind, channel or any other split, and how it went."""

    group: str
    held_out: bool
    reached: bool


@dataclass(frozen=True, slots=True)
class GroupEffect:
    """One group's effect, or None where the group is too small to be shown."""

    group: str
    effect: Effect | None


def by_group(cases: Iterable[Case], planned: int) -> tuple[GroupEffect, ...]:
    """Return the effect group by group, groups with an arm under ten suppressed.

    Where one group alone is suppressed, the next smallest goes with it: else subtraction would show it.
    """
    groups: dict[str, list[Case]] = {}
    for case in cases:
        groups.setdefault(case.group, []).append(case)
    arms = {name: (_arm(of, held_out=False), _arm(of, held_out=True)) for name, of in sorted(groups.items())}
    hidden = {name for name, both in arms.items() if min(one.n for one in both) < SMALL}
    if len(hidden) == 1 and len(arms) > 1:
        hidden.add(
            min((name for name in arms if name not in hidden), key=lambda name: (sum(a.n for a in arms[name]), name))
        )
    return tuple(
        GroupEffect(name, None if name in hidden else effect(helped, held_out, planned))
        for name, (helped, held_out) in arms.items()
    )


def _arm(cases: Sequence[Case], held_out: bool) -> Arm:
    mine = [case for case in cases if case.held_out is held_out]
    return Arm(len(mine), sum(case.reached for case in mine))
