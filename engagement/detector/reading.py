"""From a cohort to columns: facts dated after ``now`` are left out, days are counted in the course's own calendar."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from engagement.asof import as_of, proofs
from engagement.detector.columns import DONE_SOME_DAY, NEVER_CAME, NO_DAY, NO_SCORE, RHYTHM_DAYS, UNKNOWN, Columns
from engagement.moments import day_of
from engagement.values import Activity, ActivityState, Cohort, Knowledge, Learner, Progress

#: Days further than this from the first one are as good as forever.
FAR = 30_000
#: Materials may open a month before the course: from there on, every active day of a learner is known.
EARLY = timedelta(days=30)
_HANDED_IN = (ActivityState.SUBMITTED, ActivityState.FAILED, ActivityState.PASSED, ActivityState.COMPLETED)


@dataclass(frozen=True, slots=True)
class _Calendar:
    """Days as numbers from the first day of the course."""

    first: date
    today: date
    zone: str

    def number(self, day: date) -> int:
        return max(-FAR, min(FAR, (day - self.first).days))

    def at(self, moment: datetime) -> int:
        return self.number(day_of(moment, self.zone))


def columns_of(cohort: Cohort, now: datetime) -> Columns:
    """The cohort at the end of ``now``'s day as far as ``now`` knows it; raises ValueError for naive times.

    A course without a first day is counted from its earliest enrolment, else from today. The detector looks at
    activities with a due date or with somebody's progress; the others are material.
    """
    past = as_of(cohort, now)
    today = day_of(now, past.time_zone)
    enrolled = [learner.enrolled_on for learner in past.learners if learner.enrolled_on is not None]
    calendar = _Calendar(past.starts_on or min(enrolled, default=today), today, past.time_zone)
    told = {key for learner in past.learners for key in learner.progress}
    activities = [one for one in past.activities if one.due_at is not None or one.id in told]
    due, submitted, score = _work(activities, past.learners, calendar)
    active, seen = _days(past.learners, calendar)
    days_known = np.array([_days_known(learner, calendar) for learner in past.learners], np.int16)
    access = _knows(past.learners, Knowledge.ACCESS) | (days_known >= RHYTHM_DAYS)
    return Columns(
        ids=np.array([learner.id for learner in past.learners], np.int64),
        day=calendar.number(today),
        length=None if past.ends_on is None else calendar.number(past.ends_on),
        due=due,
        submitted=submitted,
        score=score,
        active=active,
        days_known=days_known,
        seen=np.where(access & (seen == UNKNOWN), np.int16(NEVER_CAME), seen),
        enrolled=np.array(
            [UNKNOWN if one.enrolled_on is None else calendar.number(one.enrolled_on) for one in past.learners],
            np.int16,
        ),
        access_known=access,
        submissions_known=_knows(past.learners, Knowledge.SUBMISSIONS) & bool(activities),
        due_known=_knows(past.learners, Knowledge.DUE_DATES) & bool((due < NO_DAY).any()),
        scores_known=_knows(past.learners, Knowledge.SCORES) & bool(activities),
        activity_ids=np.array([one.id for one in activities], np.int64),
        first_day_on=calendar.first,
    )


def _work(
    activities: list[Activity], learners: tuple[Learner, ...], calendar: _Calendar
) -> tuple[NDArray[np.int16], NDArray[np.int16], NDArray[np.int8]]:
    shape = (len(activities), len(learners))
    common = [NO_DAY if one.due_at is None else calendar.at(one.due_at) for one in activities]
    due = np.array(common, np.int16).reshape(-1, 1)
    submitted, score = np.full(shape, NO_DAY, np.int16), np.full(shape, NO_SCORE, np.int8)
    place = {one.id: row for row, one in enumerate(activities)}
    extended: dict[tuple[int, int], int] = {}
    for column, learner in enumerate(learners):
        for key, progress in learner.progress.items():
            row = place.get(key)
            if row is None:
                continue
            submitted[row, column] = _submitted(progress, calendar)
            score[row, column] = _score(progress)
            if progress.due_at is not None:
                extended[row, column] = calendar.at(progress.due_at)
    if extended:
        due = np.array(np.broadcast_to(due, shape))
        for where, day in extended.items():
            due[where] = day
    return due, submitted, score


def _submitted(progress: Progress, calendar: _Calendar) -> int:
    """The day it was handed in; work that waits for a mark is handed in."""
    handed_in = progress.state in _HANDED_IN or progress.submitted_at is not None or bool(progress.needs_grading)
    if progress.state is ActivityState.EXCUSED or not handed_in:
        return DONE_SOME_DAY if progress.state is ActivityState.EXCUSED else NO_DAY
    tried = min((attempt.at for attempt in progress.attempts), default=None)
    at = progress.submitted_at or tried or progress.completed_at
    return DONE_SOME_DAY if at is None else calendar.at(at)


def _score(progress: Progress) -> int:
    """The score in percent; what lies outside 0 to 1 is bonus or a slip and counts as the end of the scale."""
    if progress.score is None or not math.isfinite(progress.score):
        return NO_SCORE
    return round(100 * max(0.0, min(1.0, progress.score)))


def _days(learners: tuple[Learner, ...], calendar: _Calendar) -> tuple[NDArray[np.bool_], NDArray[np.int16]]:
    active = np.zeros((RHYTHM_DAYS, len(learners)), bool)
    seen = np.full(len(learners), UNKNOWN, np.int16)
    today = calendar.number(calendar.today)
    for column, learner in enumerate(learners):
        days = {calendar.number(day) for day in learner.active_days}
        for at in (learner.last_seen_at, *proofs(learner.progress, frozenset())):
            if at is not None:
                days.add(calendar.at(at))
        for day in days:
            if today - RHYTHM_DAYS < day <= today:
                active[day - today - 1, column] = True
        if days:
            seen[column] = max(days)
    return active, seen


def _days_known(learner: Learner, calendar: _Calendar) -> int:
    """Trailing days of which every active one would have been seen; all, where that reaches back to the enrolment."""
    if Knowledge.DAYS not in learner.known or learner.days_known_from is None:
        return 0
    begins = max(calendar.first - EARLY, learner.enrolled_on or date.min)
    if learner.days_known_from <= begins and learner.days_known_from <= calendar.today:
        return RHYTHM_DAYS
    return max(0, min(RHYTHM_DAYS, (calendar.today - learner.days_known_from).days + 1))


def _knows(learners: tuple[Learner, ...], kind: Knowledge) -> NDArray[np.bool_]:
    return np.array([kind in learner.known for learner in learners], bool)
