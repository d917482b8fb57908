"""Ada stalls, Bruno helps, Carlo and Bea study beside them, Dario must see nothing: a small course of statistics."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from engagement.values import (
    Activity,
    ActivityKind,
    ActivityState,
    Attempt,
    Cohort,
    Helper,
    Knowledge,
    Learner,
    Progress,
    Stall,
    StallKind,
)

NOW = datetime(2026, 11, 20, 10, 5, tzinfo=UTC)
TODAY = date(2026, 11, 20)
ROME = "Europe/Rome"
ADA, BRUNO, BEA, CARLO, DARIO, ELSA = 1, 2, 3, 4, 5, 6
READING, QUIZ_1, QUIZ_2, ESSAY, QUIZ_3 = 10, 11, 12, 13, 14

ACTIVITIES = (
    Activity(READING, "Read me first", ActivityKind.PAGE, "Week 1", 0),
    Activity(QUIZ_1, "Quiz 1", ActivityKind.QUIZ, "Week 1", 1, graded=True, pass_share=0.6),
    Activity(QUIZ_2, "Quiz 2", ActivityKind.QUIZ, "Week 2", 2, graded=True, pass_share=0.6),
    Activity(ESSAY, "Essay", ActivityKind.ASSIGNMENT, "Week 2", 3, graded=True, tutor_marked=True),
    Activity(QUIZ_3, "Quiz 3", ActivityKind.QUIZ, "Week 3", 4, graded=True, pass_share=0.6),
)
LMS_TELLS_LITTLE = frozenset(Knowledge) - {Knowledge.DAYS}


def ago(days: float = 0, hours: float = 0) -> datetime:
    return NOW - timedelta(days=days, hours=hours)


def day(days_ago: int) -> date:
    return TODAY - timedelta(days=days_ago)


def days(*days_ago: int) -> frozenset[date]:
    return frozenset(day(one) for one in days_ago)


def done(days_ago: float) -> Progress:
    return Progress(ActivityState.COMPLETED, completed_at=ago(days_ago))


def passed(days_ago: float, score: float = 0.8, failed_before: int = 0) -> Progress:
    tries = tuple(Attempt(ago(days_ago + 1 + n), 0.4, False) for n in range(failed_before, 0, -1))
    return Progress(
        ActivityState.PASSED,
        attempts=(*tries, Attempt(ago(days_ago), score, True)),
        score=score,
        completed_at=ago(days_ago),
    )


def failed(*tries: tuple[float, float]) -> Progress:
    """Each try: days ago and score."""
    attempts = tuple(Attempt(ago(when), score, False) for when, score in sorted(tries, reverse=True))
    return Progress(ActivityState.FAILED, attempts=attempts, score=max(score for _, score in tries))


def handed_in(days_ago: float) -> Progress:
    return Progress(ActivityState.SUBMITTED, submitted_at=ago(days_ago), needs_grading=True)


def learner(who: int, **facts: Any) -> Learner:
    return Learner(id=who, **{"enrolled_on": day(60), **facts})


def steady(who: int, **facts: Any) -> Learner:
    """Somebody who comes every second day, has done week 1 and passed Quiz 2 last week."""
    usual: dict[str, Any] = {
        "active_days": days(*range(0, 56, 2)),
        "days_known_from": day(60),
        "last_seen_at": ago(hours=2),
        "progress": {READING: done(40), QUIZ_1: passed(30), QUIZ_2: passed(6)},
    }
    return learner(who, **{**usual, **facts})


def ada(**facts: Any) -> Learner:
    """Ada has been silent for nine days after failing Quiz 2 three times."""
    usual: dict[str, Any] = {
        "active_days": days(9, 10, 11, 13, 16, 18, 20, 23, 25, 27, 30, 32, 34, 37, 39, 41, 44, 46),
        "days_known_from": day(60),
        "last_seen_at": ago(9),
        "progress": {
            READING: done(40),
            QUIZ_1: passed(30),
            QUIZ_2: failed((9, 0.41), (10, 0.38), (11, 0.4)),
        },
    }
    return learner(ADA, **{**usual, **facts})


def course(*learners: Learner, others: int = 5, **facts: Any) -> Cohort:
    """A course with these learners, and as many steady others as it takes to be one."""
    steady_ones = tuple(steady(100 + number) for number in range(others))
    usual: dict[str, Any] = {"time_zone": ROME, "starts_on": day(60), "ends_on": day(-60), "as_of": ago(hours=1)}
    return Cohort(7, ACTIVITIES, (*learners, *steady_ones), **{**usual, **facts})


def stall(who: int = ADA, **facts: Any) -> Stall:
    usual: dict[str, Any] = {"kind": StallKind.STUCK, "probability": 0.5, "reasons": (), "activity_id": QUIZ_2}
    return Stall(who, **{**usual, **facts})


def helper(who: int = BRUNO, **facts: Any) -> Helper:
    return Helper(who, **{"topics": {QUIZ_2: ago(6)}, **facts})


def without(one: Learner, *gaps: Knowledge) -> Learner:
    return replace(one, known=one.known - set(gaps))
