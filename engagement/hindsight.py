"""A course's own past, week by week: what the detector would have said, and what happened.

It is the evidence from which an academy's calibration is fitted.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from engagement.asof import as_of, proofs
from engagement.course import told_of
from engagement.detector import assess, columns_of
from engagement.facts import Cohort, Knowledge, Learner
from engagement.moments import FORTNIGHT, WEEK, aware, day_of
from engagement.standing import expected_of, has_finished

Floats = NDArray[np.float64]
#: Nobody remembers a course for longer than this.
MOST_WEEKS = 104


@dataclass(frozen=True, slots=True)
class Hindsight:
    """Learner-weeks: the detector's log-odds as shipped, and 1 where the learner was silent for the next 14 days."""

    logits: Floats
    outcomes: Floats

    def __len__(self) -> int:
        """Learner-weeks."""
        return len(self.logits)


def joined(parts: Collection[Hindsight]) -> Hindsight:
    """All of them as one."""
    empty = np.empty(0)
    return Hindsight(
        np.concatenate([empty, *(part.logits for part in parts)]),
        np.concatenate([empty, *(part.outcomes for part in parts)]),
    )


def hindsight(cohort: Cohort, now: datetime, left: Collection[int] = ()) -> Hindsight:
    """Look back week by week as far as every visit is known; ``left`` are learners who are not in the course any more.

    Whoever has left counts until a fortnight after their last visit, as one who was still there. Weeks before the
    course began, whose fortnight is not over, or that touch a holiday say nothing and are left out. Raises ValueError
    for naive times.
    """
    aware(now)
    told, gone = told_of(cohort), frozenset(left)
    days = {learner.id: _days(learner, cohort) for learner in cohort.learners}
    logits: list[float] = []
    outcomes: list[int] = []
    for back in range(2, MOST_WEEKS):
        at = now - back * WEEK
        if not _says_something(cohort, at):
            continue
        past = as_of(cohort, at)
        judged = [one for one in past.learners if _is_judged(one, past, at, told, gone)]
        if not judged:
            continue
        assessment = assess(columns_of(past, at))
        place = {int(learner): i for i, learner in enumerate(assessment.columns.ids)}
        first, last = day_of(at, cohort.time_zone), day_of(at + FORTNIGHT, cohort.time_zone)
        for one in judged:
            logits.append(float(assessment.logit[place[one.id]]))
            outcomes.append(0 if any(first < day <= last for day in days[one.id]) else 1)
    return Hindsight(np.array(logits, float), np.array(outcomes, float))


def _says_something(cohort: Cohort, at: datetime) -> bool:
    first, last = day_of(at, cohort.time_zone), day_of(at + FORTNIGHT, cohort.time_zone)
    if cohort.starts_on is not None and first < cohort.starts_on:
        return False
    if cohort.ends_on is not None and last > cohort.ends_on:
        return False
    return not any(span.first_on <= last and span.last_on > first for span in cohort.holidays)


def _is_judged(learner: Learner, past: Cohort, at: datetime, told: frozenset[int], gone: frozenset[int]) -> bool:
    today = day_of(at, past.time_zone)
    start = learner.days_known_from
    if Knowledge.DAYS not in learner.known or start is None or start > today + timedelta(days=1):
        return False
    seen = max(learner.active_days, default=None)
    if learner.id in gone and (seen is None or today - seen > FORTNIGHT):
        return False
    return not has_finished(learner.progress, expected_of(learner, past, told))


def _days(learner: Learner, cohort: Cohort) -> frozenset[date]:
    marked = frozenset(activity.id for activity in cohort.activities if activity.tutor_marked)
    seen = () if learner.last_seen_at is None else (learner.last_seen_at,)
    return learner.active_days | {day_of(at, cohort.time_zone) for at in (*proofs(learner.progress, marked), *seen)}
