"""What a policy would do: who would be listed today, and how it would have gone over the course's own past weeks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from engagement.asof import as_of, proofs
from engagement.budget import AlertHistory, Chosen, PastAlert, choose
from engagement.facts import Cohort, Holiday, Knowledge
from engagement.moments import FORTNIGHT, WEEK, aware, day_of, end_of
from engagement.policy import Policy
from engagement.stall import Standings, stalls_among, standings_at
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
    def stayed_away(self) -> int:
        """How many of those stayed away for the fortnight."""
        return sum(week.stayed_away for week in self.weeks)

    @property
    def open(self) -> int:
        """Of how many nobody can tell, or not yet."""
        return sum(week.open for week in self.weeks)

    @property
    def came_back(self) -> int:
        """How many of those came back within a fortnight: they may not have needed it."""
        return sum(week.came_back for week in self.weeks)


@dataclass(frozen=True, slots=True)
class Moment:
    """A course as it stood at one moment, and what the detector said of it then: no policy has touched it yet."""

    cohort: Cohort
    standings: Standings
    estimates: Mapping[int, Estimate]

    def choose(self, policy: Policy, history: AlertHistory, exam_weeks: tuple[Holiday, ...]) -> Chosen:
        """What a sweep would have raised under this policy."""
        stalls = stalls_among(self.standings, policy, self.estimates)
        return choose(stalls, history, policy, self.standings.now, replace(self.cohort, exam_weeks=exam_weeks))


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """Today and the past weeks (oldest first), made ready once so that many policies can be tried on them."""

    cohort: Cohort
    today: Moment
    weeks: tuple[Moment, ...]


def rehearse(cohort: Cohort, now: datetime, weeks: int = 8, estimator: Estimator | None = None) -> Rehearsal:
    """Make the past ready; weeks in which the course had not begun are left out. Raises ValueError for naive times.

    What an LMS has since overwritten (last access, undated states) cannot be brought back: such learners are not
    judged in the past.
    """
    times = (aware(now) - back * WEEK for back in range(weeks, 0, -1))
    past = [
        _moment(replace(as_of(cohort, at), as_of=None if cohort.as_of is None else at), at, estimator) for at in times
    ]
    return Rehearsal(cohort, _moment(cohort, now, estimator), tuple(one for one in past if one.standings.course.runs))


def _moment(cohort: Cohort, at: datetime, estimator: Estimator | None) -> Moment:
    standings = standings_at(cohort, at)
    return Moment(cohort, standings, estimator(cohort, at) if estimator and standings.each else {})


def replay(
    rehearsal: Rehearsal, policy: Policy, history: AlertHistory, exam_weeks: tuple[Holiday, ...] | None = None
) -> Preview:
    """Try a policy, with the code that sweeps use; ``exam_weeks`` None means the cohort's own.

    The past is replayed with its own quiet rules: whom a week lists is not listed again until they came back and the
    cool-down is over.
    """
    now, past = rehearsal.today.standings.now, _Past(rehearsal.cohort)
    exam_weeks = rehearsal.cohort.exam_weeks if exam_weeks is None else exam_weeks
    found: list[PastWeek] = []
    listed: list[tuple[int, datetime]] = []
    for week in rehearsal.weeks:
        at = week.standings.now
        alerts = tuple(PastAlert(one, opened_at, past.back_at(one, opened_at, at)) for one, opened_at in listed)
        chosen = week.choose(policy, replace(history, alerts=alerts), exam_weeks)
        new = [alert.stall.learner_id for alert in chosen.alerts]
        listed += [(one, at) for one in new]
        ways = [past.came_back(one, at, now) for one in new]
        found.append(
            PastWeek(at, len(new), len(chosen.held_back), ways.count(True), ways.count(False), ways.count(None))
        )
    return Preview(rehearsal.today.choose(policy, history, exam_weeks), tuple(found))


def preview(
    cohort: Cohort,
    policy: Policy,
    now: datetime,
    history: AlertHistory | None = None,
    weeks: int = 8,
    estimator: Estimator | None = None,
) -> Preview:
    """Rehearse and replay in one; raises ValueError for naive times."""
    return replay(rehearse(cohort, now, weeks, estimator), policy, history or AlertHistory())


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
