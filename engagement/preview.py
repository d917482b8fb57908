"""What a policy would do: who would be listed today, and how it would have gone over the course's own past weeks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from engagement.asof import as_of, proofs
from engagement.budget import AlertHistory, Chosen, PastAlert, choose
from engagement.facts import Cohort, Knowledge, Learner
from engagement.moments import FORTNIGHT, WEEK, aware, day_of
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

    The past is replayed with its own quiet rules: what a week lists is cooling down in the next. What an LMS has since
    overwritten (last access, undated states) cannot be brought back: such learners are not judged in the past.
    """
    history = history or AlertHistory()
    today = _sweep(cohort, policy, aware(now), history, estimator)
    found: list[PastWeek] = []
    alerts: tuple[PastAlert, ...] = ()
    for back in range(weeks, 0, -1):
        at = now - back * WEEK
        then = replace(as_of(cohort, at), as_of=None if cohort.as_of is None else at)
        chosen = _sweep(then, policy, at, replace(history, alerts=alerts), estimator)
        listed = [alert.stall.learner_id for alert in chosen.alerts]
        alerts += tuple(PastAlert(one, at, at) for one in listed)
        found.append(_week(cohort, listed, len(chosen.held_back), at, now))
    return Preview(today, tuple(found))


def _sweep(cohort: Cohort, policy: Policy, now: datetime, history: AlertHistory, estimator: Estimator | None) -> Chosen:
    estimates = estimator(cohort, now) if estimator else None
    return choose(find_stalls(cohort, policy, now, estimates), history, policy, now, cohort)


def _week(cohort: Cohort, listed: list[int], held_back: int, at: datetime, now: datetime) -> PastWeek:
    learners = {learner.id: learner for learner in cohort.learners}
    marked = frozenset(activity.id for activity in cohort.activities if activity.tutor_marked)
    came, away, untold = 0, 0, 0
    for one in listed:
        back = _came_back(learners[one], cohort.time_zone, marked, at, now)
        came, away, untold = came + (back is True), away + (back is False), untold + (back is None)
    return PastWeek(at, len(listed), held_back, came, away, untold)


def _came_back(learner: Learner, time_zone: str, marked: frozenset[int], at: datetime, now: datetime) -> bool | None:
    """Whether the learner came within 14 days of ``at``; None where that is not known yet, or cannot be."""
    first, until = day_of(at, time_zone), day_of(min(at + FORTNIGHT, now), time_zone)
    days = learner.active_days | {day_of(one, time_zone) for one in proofs(learner.progress, marked)}
    if learner.last_seen_at is not None:
        days |= {day_of(learner.last_seen_at, time_zone)}
    if any(first < day <= until for day in days):
        return True
    if now - at < FORTNIGHT:
        return None
    start = learner.days_known_from
    watched = Knowledge.DAYS in learner.known and start is not None and start <= first + timedelta(days=1)
    last_seen = learner.last_seen_at
    silent_since = Knowledge.ACCESS in learner.known and last_seen is not None and day_of(last_seen, time_zone) <= first
    return False if watched or silent_since or learner.never_seen else None
