"""What all learners of a course have in common at one moment: pace, shares, quiet, and how far the course has come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from statistics import median

from engagement.asof import as_of
from engagement.facts import Activity, ActivityState, Cohort, Knowledge, Learner, Progress
from engagement.moments import aware, day_of
from engagement.rhythm import Rhythm, rhythm_in

#: Fewer learners than these say nothing about a course as a whole.
ENOUGH = 5
NOTHING = Progress(ActivityState.NOT_STARTED)


def is_waiting(progress: Progress) -> bool:
    """Whether the work lies with the tutor: handed in and not marked since."""
    if progress.state.is_done or progress.needs_grading is False:
        return False
    if progress.needs_grading:
        return True
    if progress.state is not ActivityState.SUBMITTED:
        return False
    marked, handed_in = progress.graded_at, progress.submitted_at
    return marked is None or (handed_in is not None and marked < handed_in)


def told_of(cohort: Cohort) -> frozenset[int]:
    """The activities of which the LMS has told anything about anybody."""
    return frozenset(key for learner in cohort.learners for key in learner.progress)


def is_met(progress: Progress) -> bool:
    """Whether nothing is asked of the learner now: done, or handed in."""
    return progress.state.is_done or progress.state is ActivityState.SUBMITTED or is_waiting(progress)


@dataclass(frozen=True, slots=True)
class Course:
    """A cohort at the moment when the LMS was last read, with what its learners have in common.

    ``open`` are the activities a learner can do now and of which the LMS has told anything at all; ``done_share`` and
    ``begun_share`` are shares of the learners whose progress is known; ``quiet_now`` counts those silent for a week.
    """

    cohort: Cohort
    now: datetime
    today: date
    open: tuple[Activity, ...]
    told: frozenset[int]
    marked: frozenset[int]
    rhythms: Mapping[int, Rhythm]
    done_share: Mapping[int, float]
    begun_share: Mapping[int, float]
    typical_done: float | None
    watched: int
    quiet_now: int
    passed_share: float | None

    @property
    def runs(self) -> bool:
        """Whether the course has begun and is not over."""
        starts, ends = self.cohort.starts_on, self.cohort.ends_on
        return not (starts is not None and self.today < starts) and not (ends is not None and self.today > ends)

    def active_share_beside(self, learner_id: int) -> float | None:
        """The share of the *other* learners who came in the last seven days, or None where too few are known."""
        own = self.rhythms[learner_id].counted_days
        others = self.watched - (own is not None)
        if others < ENOUGH:
            return None
        return 1 - (self.quiet_now - (own is not None and own >= 7)) / others


def course_at(cohort: Cohort, now: datetime) -> Course:
    """Return the course as it was when last read before ``now``; raises ValueError for naive times."""
    moment = aware(now) if cohort.as_of is None else min(aware(now), aware(cohort.as_of))
    past = as_of(cohort, now)
    today = day_of(moment, past.time_zone)
    marked = frozenset(activity.id for activity in past.activities if activity.tutor_marked)
    rhythms = {
        learner.id: rhythm_in(learner, past.time_zone, past.holidays, marked, now, today) for learner in past.learners
    }
    told = [learner for learner in past.learners if Knowledge.PROGRESS in learner.known]
    can_do = _open_activities(past, told, moment)
    watched = [rhythm.counted_days for rhythm in rhythms.values() if rhythm.counted_days is not None]
    return Course(
        cohort=past,
        now=moment,
        today=today,
        open=can_do,
        told=told_of(past),
        marked=marked,
        rhythms=rhythms,
        done_share={activity.id: _share(told, activity.id, begun=False) for activity in can_do},
        begun_share={activity.id: _share(told, activity.id, begun=True) for activity in can_do},
        typical_done=_typical(told, can_do),
        watched=len(watched),
        quiet_now=sum(1 for days in watched if days >= 7),
        passed_share=_passed_share(past, today),
    )


def _open_activities(cohort: Cohort, told: list[Learner], now: datetime) -> tuple[Activity, ...]:
    # An activity without a single row vanished for want of a permission: nobody is behind with it.
    spoken = {key for learner in told for key in learner.progress}
    return tuple(
        sorted(
            (one for one in cohort.activities if one.id in spoken and (one.opens_at is None or one.opens_at <= now)),
            key=lambda activity: (activity.position, activity.id),
        )
    )


def _share(told: list[Learner], activity_id: int, begun: bool) -> float:
    states = [learner.progress.get(activity_id, NOTHING) for learner in told]
    known = [one for one in states if one.state is not ActivityState.UNKNOWN]
    if not known:
        return 0.0
    if begun:
        return sum(1 for one in known if one.state is not ActivityState.NOT_STARTED or one.attempts) / len(known)
    return sum(1 for one in known if is_met(one)) / len(known)


def _typical(told: list[Learner], can_do: tuple[Activity, ...]) -> float | None:
    if len(told) < ENOUGH:
        return None
    return float(median(done_count(learner, can_do) for learner in told))


def done_count(learner: Learner, activities: tuple[Activity, ...]) -> int:
    """How many of the activities ask nothing more of the learner now."""
    return sum(1 for activity in activities if is_met(learner.progress.get(activity.id, NOTHING)))


def _passed_share(cohort: Cohort, today: date) -> float | None:
    if cohort.starts_on is None or cohort.ends_on is None or cohort.ends_on <= cohort.starts_on:
        return None
    return min(max((today - cohort.starts_on).days / (cohort.ends_on - cohort.starts_on).days, 0.0), 1.0)
