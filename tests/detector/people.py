"""A course of invented people for the detector's tests."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from engagement.values import Activity, ActivityState, Cohort, Knowledge, Learner, Progress

STARTS = date(2026, 2, 2)
NOW = datetime(2026, 4, 13, 18, 0, tzinfo=UTC)
TODAY = NOW.date()
ADA, BRUNO, CLARA = 1, 2, 3


def at(day: date) -> datetime:
    """Noon of that day."""
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


def days(*ago: int) -> frozenset[date]:
    """The days so many days before today."""
    return frozenset(TODAY - timedelta(days=one) for one in ago)


def learner(
    number: int, came: Iterable[date], done: Iterable[int] = (), known: Iterable[Knowledge] = Knowledge
) -> Learner:
    """A learner enrolled before the start, who came on these days and handed in these assignments the day before."""
    came = frozenset(came)
    progress = {
        key: Progress(ActivityState.PASSED, score=0.8, submitted_at=at(STARTS + timedelta(days=14 * key - 1)))
        for key in done
    }
    return Learner(
        number,
        enrolled_on=STARTS - timedelta(days=20),
        last_seen_at=at(max(came)) if came else None,
        never_seen=not came,
        active_days=came,
        days_known_from=STARTS - timedelta(days=40),
        progress=progress,
        known=frozenset(known),
    )


def course(*learners: Learner) -> Cohort:
    """Ten weeks into a course with an assignment every fortnight, among thirty steady others."""
    activities = tuple(
        Activity(key, f"Assignment {key}", due_at=at(STARTS + timedelta(days=14 * key)), graded=True)
        for key in range(1, 11)
    )
    others = tuple(learner(100 + i, days(*range(i % 3, 90, 3)), range(1, 6)) for i in range(30))
    return Cohort(1, activities, (*learners, *others), "Europe/Rome", STARTS, STARTS + timedelta(days=150))


def without(cohort: Cohort, *hidden: Knowledge) -> Cohort:
    """The same course at an LMS that does not tell this much."""
    return replace(cohort, learners=tuple(replace(one, known=one.known - set(hidden)) for one in cohort.learners))
