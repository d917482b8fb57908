"""The report of a holdout: what was declared beforehand, over the episodes that were planned, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate

from engagement.facts import StallKind
from engagement.uplift import Arm, Case, Effect, GroupEffect, by_group, effect


@dataclass(frozen=True, slots=True)
class Drawn:
    """One episode that a lot was drawn for, once its fourteen days are over.

    ``way`` is the channel a word to this person would have taken, known before the lot; ``groups`` are the learner's.
    ``finished`` is whether they have completed the course since; ``tutored`` whether a tutor acted in the window.
    """

    episode_id: int
    opened_at: datetime
    kind: StallKind
    way: str
    groups: tuple[str, ...]
    held_out: bool
    came_back: bool
    next_done: bool
    finished: bool
    tutored: bool


@dataclass(frozen=True, slots=True)
class Report:
    """What the holdout shows so far. ``came_back`` alone was declared to decide; the others are told beside it.

    ``tutored`` are the arms' shares that a tutor acted on; a group's effect is None where it has under ten in an arm.
    """

    planned: int
    came_back: Effect
    next_done: Effect
    finished: Effect
    tutored: tuple[Arm, Arm]
    by_kind: tuple[GroupEffect, ...]
    by_way: tuple[GroupEffect, ...]
    by_group: tuple[GroupEffect, ...]


def report(cases: Iterable[Drawn], planned: int) -> Report:
    """Return the report over the first ``planned`` held-out episodes and all that were drawn until then.

    What comes after does not count any more: whoever looks again and again until something shows finds something.
    """
    counted = _declared(sorted(cases, key=lambda one: (one.opened_at, one.episode_id)), planned)
    return Report(
        planned=planned,
        came_back=_effect(counted, planned, lambda one: one.came_back),
        next_done=_effect(counted, planned, lambda one: one.next_done),
        finished=_effect(counted, planned, lambda one: one.finished),
        tutored=(_arm(counted, False, lambda one: one.tutored), _arm(counted, True, lambda one: one.tutored)),
        by_kind=by_group((Case(one.kind.value, one.held_out, one.came_back) for one in counted), planned),
        by_way=by_group((Case(one.way, one.held_out, one.came_back) for one in counted), planned),
        by_group=by_group(
            (Case(group, one.held_out, one.came_back) for one in counted for group in one.groups or ("",)), planned
        ),
    )


def _declared(cases: Sequence[Drawn], planned: int) -> Sequence[Drawn]:
    held = list(accumulate(int(one.held_out) for one in cases))
    return [one for one, count in zip(cases, held, strict=True) if count <= planned] if planned else cases


def _effect(cases: Sequence[Drawn], planned: int, reached: Callable[[Drawn], bool]) -> Effect:
    return effect(_arm(cases, False, reached), _arm(cases, True, reached), planned)


def _arm(cases: Sequence[Drawn], held_out: bool, reached: Callable[[Drawn], bool]) -> Arm:
    mine = [one for one in cases if one.held_out is held_out]
    return Arm(len(mine), sum(reached(one) for one in mine))
