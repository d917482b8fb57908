"""The progress and the tries of a course's learners, as values."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from engagement.values import Activity, ActivityState, Attempt, Progress
from lti_app import models
from lti_app.models import ActivityProgress, Membership

STATES = {str(state): state for state in ActivityState}


def _share(score: Decimal | None, whole: Decimal | None) -> float | None:
    return None if score is None or not whole else float(score / whole)


def _tries(
    session: Session, context_id: int, activities: Mapping[int, Activity]
) -> dict[tuple[int, int], tuple[Attempt, ...]]:
    """Return the finished tries by learner and activity; one that runs is none yet."""
    a = models.Attempt
    rows = session.execute(
        select(a.membership_id, a.activity_id, a.finished_at, a.score_share, a.passed)
        .join(Membership, Membership.id == a.membership_id)
        .where(Membership.context_id == context_id, a.finished_at.is_not(None))
        .order_by(a.number)
    )
    found: dict[tuple[int, int], list[Attempt]] = {}
    for row in rows:
        activity = activities.get(row.activity_id)
        if activity is None:
            continue
        score, passed = None if row.score_share is None else float(row.score_share), row.passed
        if passed is None and score is not None and activity.pass_share is not None:
            passed = score >= activity.pass_share
        found.setdefault((row.membership_id, row.activity_id), []).append(Attempt(row.finished_at, score, passed))
    return {key: tuple(tries) for key, tries in found.items()}


def progress_of(
    session: Session, context_id: int, activities: Mapping[int, Activity]
) -> dict[int, dict[int, Progress]]:
    """Return each membership's progress by activity; activities that are gone or hidden are left out."""
    tries = _tries(session, context_id, activities)
    p = ActivityProgress
    rows = session.execute(
        select(
            p.membership_id, p.activity_id, p.state, p.score, p.score_max, p.submitted_at, p.completed_at,
            p.graded_at, p.due_at, p.needs_grading, models.Activity.points_possible,
        )
        .join(models.Activity, models.Activity.id == p.activity_id)
        .where(models.Activity.context_id == context_id)
    )  # fmt: skip
    found: dict[int, dict[int, Progress]] = {}
    for row in rows:
        if row.activity_id in activities:
            one = _progress(row, tries.pop((row.membership_id, row.activity_id), ()))
            found.setdefault(row.membership_id, {})[row.activity_id] = one
    # A try without a row of progress: the LMS told of the one and not of the other.
    for (membership_id, activity_id), left in tries.items():
        found.setdefault(membership_id, {})[activity_id] = Progress(ActivityState.UNKNOWN, left)
    return found


def _progress(row: Row[*tuple[Any, ...]], tries: tuple[Attempt, ...]) -> Progress:
    return Progress(
        state=STATES.get(row.state, ActivityState.UNKNOWN),
        attempts=tries,
        score=_share(row.score, row.score_max if row.score_max is not None else row.points_possible),
        submitted_at=row.submitted_at,
        completed_at=row.completed_at,
        graded_at=row.graded_at,
        due_at=row.due_at,
        needs_grading=row.needs_grading,
    )
