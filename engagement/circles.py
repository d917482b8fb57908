"""Circles: small study groups of people at a similar pace who are around at the same times, proposed and filled up.

Nobody is put into a circle: engagement proposes, each decides. Those who asked for a group come first; the seats that
are left go to others at their pace who have not said that they want to be left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np

from engagement.facts import Motive
from engagement.moments import aware

#: A circle begins with LEAST at least and has MOST seats; TARGET are invited, since some will say no.
LEAST, TARGET, MOST = 3, 4, 5
#: How far apart two may be, as a share of the course's activities.
PACE = 0.15
WISHED = 0.5


@dataclass(frozen=True, slots=True)
class Seeker:
    """Somebody who may be invited: ``wished_at`` where they asked for a group, ``done`` how many activities they did.

    ``slots`` is a mask of engagement.hours (0: unknown); ``apart`` are learners whom they must not meet.
    """

    learner_id: int
    done: int
    slots: int = 0
    wished_at: datetime | None = None
    at_activity: int | None = None
    languages: frozenset[str] = frozenset()
    groups: frozenset[int] = frozenset()
    motive: Motive | None = None
    apart: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Standing:
    """A circle that has seats free: who is in it or invited, and who must not be invited (they left or declined)."""

    circle_id: int
    members: tuple[Seeker, ...]
    not_again: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Gathering:
    """Whom to invite: to a new circle (``circle_id`` None) or into one that stands; ``slots``: the times all share."""

    circle_id: int | None
    learner_ids: tuple[int, ...]
    slots: int
    at_activity: int | None
    reasons: tuple[str, ...] = field(default_factory=tuple)


def form_circles(
    seekers: Iterable[Seeker],
    standing: Iterable[Standing],
    activities: int,
    now: datetime,
    seed: int,
    *,
    same_group_only: bool = False,
) -> tuple[Gathering, ...]:
    """Return whom to invite together: circles that stand are filled first, then those who wished longest begin one.

    ``activities`` is how many the course has. A new circle has at least LEAST people, everybody is in at most one. The
    same input and seed give the same answer in any order of input. Raises ValueError for naive times.
    """
    aware(now)
    everybody = {one.learner_id: one for one in seekers}
    hall = _Hall(everybody, max(1.0, PACE * activities), same_group_only, seed)
    found = []
    for circle in sorted(standing, key=lambda one: one.circle_id):
        new = hall.gather(circle.members, TARGET - len(circle.members), circle.not_again)
        if new:
            found.append(_gathering(circle.circle_id, (*circle.members, *new), new))
    wishes = [(one.wished_at, hall.lots[key], key) for key, one in everybody.items() if one.wished_at is not None]
    for wished_at, _, key in sorted(wishes):
        first = hall.free.get(key)
        if first is None or wished_at > now:
            continue
        new = hall.gather((first,), TARGET - 1)
        if len(new) + 1 < LEAST:
            hall.give_back(new)
            continue
        # Whoever else wished for one need not wait for another circle.
        new += hall.gather((first, *new), MOST - len(new) - 1, wishers_only=True)
        hall.free.pop(key)
        found.append(_gathering(None, (first, *new), [first, *new]))
    return tuple(found)


class _Hall:
    """Everybody who is still free, and the choice of who joins whom."""

    def __init__(self, everybody: dict[int, Seeker], pace: float, same_group_only: bool, seed: int) -> None:
        self.free = dict(sorted(everybody.items()))
        self.lots = dict(zip(self.free, np.random.default_rng(seed).random(len(self.free)).tolist(), strict=True))
        self._pace, self._same_group_only = pace, same_group_only

    def gather(
        self,
        members: Sequence[Seeker],
        seats: int,
        not_again: frozenset[int] = frozenset(),
        *,
        wishers_only: bool = False,
    ) -> list[Seeker]:
        """Take those out of the hall who suit the members best, one after the other, at most ``seats``."""
        there = {one.learner_id for one in members} | not_again
        circle, new = list(members), list[Seeker]()
        slots = shared_slots(circle)
        able = [
            one
            for one in self.free.values()
            if one.learner_id not in there
            and (one.wished_at is not None or not wishers_only)
            and _meets(one, slots)
            and all(self._suit(one, member) for member in members)
        ]
        while able and len(new) < seats:
            best = max(able, key=lambda one: (self._worth(one, circle, slots), self.lots[one.learner_id]))
            del self.free[best.learner_id]
            circle.append(best)
            new.append(best)
            slots = shared_slots(circle)
            able = [one for one in able if one is not best and self._suit(one, best) and _meets(one, slots)]
        return new

    def give_back(self, people: Iterable[Seeker]) -> None:
        """Let people be free again."""
        self.free = dict(sorted({**self.free, **{one.learner_id: one for one in people}}.items()))

    def _suit(self, one: Seeker, other: Seeker) -> bool:
        if abs(one.done - other.done) > self._pace:
            return False
        if one.learner_id in other.apart or other.learner_id in one.apart:
            return False
        if one.languages and other.languages and not one.languages & other.languages:
            return False
        if self._same_group_only and not one.groups & other.groups:
            return False
        return not (one.slots and other.slots) or one.slots & other.slots != 0

    def _worth(self, one: Seeker, circle: Sequence[Seeker], slots: int) -> float:
        many = len(circle)
        near = 1 - sum(abs(one.done - other.done) for other in circle) / (many * self._pace)
        around = (
            (one.slots & slots).bit_count() / min(one.slots.bit_count(), slots.bit_count())
            if (one.slots and slots)
            else 1 / 3
        )
        place = sum(one.at_activity is not None and one.at_activity == other.at_activity for other in circle) / many
        driven = sum(one.motive is not None and one.motive is other.motive for other in circle) / many
        wished = WISHED if one.wished_at is not None else 0.0
        return round(wished + 0.3 * around + 0.3 * near + 0.15 * place + 0.1 * driven, 9)


def shared_slots(circle: Iterable[Seeker]) -> int:
    """Return the times that all of whom they are known have in common (0: none is known)."""
    known = [one.slots for one in circle if one.slots]
    shared = known[0] if known else 0
    for slots in known[1:]:
        shared &= slots
    return shared


def _meets(one: Seeker, slots: int) -> bool:
    return not (one.slots and slots) or one.slots & slots != 0


def _gathering(circle_id: int | None, circle: Sequence[Seeker], new: Sequence[Seeker]) -> Gathering:
    places = Counter(one.at_activity for one in circle if one.at_activity is not None)
    at_activity, many = min(places.items(), key=lambda item: (-item[1], item[0])) if places else (None, 0)
    slots = shared_slots(circle)
    reasons = ["similar_pace"]
    if slots:
        reasons.append("same_times")
    if many > len(circle) / 2:
        reasons.append("same_activity")
    if frozenset.intersection(*(one.languages for one in circle)):
        reasons.append("same_language")
    return Gathering(circle_id, tuple(one.learner_id for one in new), slots, at_activity, tuple(reasons))
