"""What a policy would do: who would be listed today, and how it would have gone over the course's own past weeks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from engagement.asof import as_of, proofs
from engagement.budget import AlertHistory, Chosen, PastAlert, choose
from engagement.facts import Cohort, Knowledge
from engagement.moments import FORTNIGHT, WEEK, aware, day_of, end_of
from engagement.policy import Policy
from engagement.stall import find_stalls
from engagement.verdicts import Estimate

Estimator = Callable[[Cohort, datetime], Mapping[int, Estimate]]


@dataclass(frozen=True, slots=True)
class PastWeek:
    """One replayed sweep: how many would have been listed and held back, and how the listed went on.

    ``came_back`` within 14 days, ``stayed_away``, or ``open``: the fortnight is not over, or nobody could tell.
    """

    at: datetime
    listed: int
    held_back: int
    came_back: int
    stayed_away: int
    open: int


@dataclass(frozen=True, slots=True)
class Preview:
    """What a policy would do today, and week by week before (oldest first)."""

    today: Chosen
    weeks: tuple[PastWeek, ...]

    @property
    def listed(self) -> int:
        """How many would have been listed over the past weeks."""
        return sum(week.listed for week in self.weeks)

    @property
    def came_back(self) -> int:
        """How many of those came back within a fortnight: they may not have needed it."""
        return sum(week.came_back for week in self.weeks)


def preview(
    cohort: Cohort,
    policy: Policy,
    now: datetime,
    history: AlertHistory | None = None,
    weeks: int = 8,
    estimator: Estimator | None = None,
) -> Preview:
    """Replay the policy with the code that sweeps use; raises ValueError for naive times.

    The past is replayed with its own quiet rules: whom a week lists is not listed again until they came back and the
    cool-down is over. What an LMS has since
    overwritten (last access, undated states) cannot be brought back: such learners are not judged in the past.
    """
    history = history or AlertHistory()
    today = _sweep(cohort, policy, aware(now), history, estimator)
    past = _Past(cohort)
    found: list[PastWeek] = []
    listed: list[tuple[int, datetime]] = []
    for back in range(weeks, 0, -1):
        at = now - back * WEEK
        then = replace(as_of(cohort, at), as_of=None if cohort.as_of is None else at)
        alerts = tuple(PastAlert(one, opened_at, past.back_at(one, opened_at, at)) for one, opened_at in listed)
        chosen = _sweep(then, policy, at, replace(history, alerts=alerts), estimator)
        new = [alert.stall.learner_id for alert in chosen.alerts]
        listed += [(one, at) for one in new]
        ways = [past.came_back(one, at, now) for one in new]
        found.append(
            PastWeek(at, len(new), len(chosen.held_back), ways.count(True), ways.count(False), ways.count(None))
        )
    return Preview(today, tuple(found))


def _sweep(cohort: Cohort, policy: Policy, now: datetime, history: AlertHistory, estimator: Estimator | None) -> Chosen:
    estimates = estimator(cohort, now) if estimator else None
    return choose(find_stalls(cohort, policy, now, estimates), history, policy, now, cohort)


class _Past:
    """What the cohort knows now of the days on which each learner came."""

    def __init__(self, cohort: Cohort) -> None:
        """Collect nothing yet: days are looked up for the few who are listed."""
        self._zone = cohort.time_zone
        self._learners = {learner.id: learner for learner in cohort.learners}
        self._marked = frozenset(activity.id for activity in cohort.activities if activity.tutor_marked)

    def back_at(self, learner_id: int, at: datetime, until: datetime) -> datetime | None:
        """When the learner came after the day of ``at`` and by ``until``, or None."""
        learner, first, last = self._learners[learner_id], day_of(at, self._zone), day_of(until, self._zone)
        days = learner.active_days | {day_of(one, self._zone) for one in proofs(learner.progress, self._marked)}
        if learner.last_seen_at is not None:
            days |= {day_of(learner.last_seen_at, self._zone)}
        back = min((day for day in days if first < day <= last), default=None)
        return None if back is None else min(end_of(back, self._zone), until)

    def came_back(self, learner_id: int, at: datetime, now: datetime) -> bool | None:
        """Whether the learner came within 14 days of ``at``; None where that is not known yet, or cannot be."""
        if self.back_at(learner_id, at, min(at + FORTNIGHT, now)) is not None:
            return True
        if now - at < FORTNIGHT:
            return None
        learner, first = self._learners[learner_id], day_of(at, self._zone)
        start, seen = learner.days_known_from, learner.last_seen_at
        watched = Knowledge.DAYS in learner.known and start is not None and start <= first + timedelta(days=1)
        silent_since = Knowledge.ACCESS in learner.known and seen is not None and day_of(seen, self._zone) <= first
        return False if watched or silent_since or learner.never_seen else None
