"""The progress and the tries of a course's learners, as values."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sqlalchemy import Row, bindparam, select
from sqlalchemy.orm import Session

from engagement.values import Activity, ActivityState, Attempt, Progress
from lti_app.models import Activity as ActivityRow
from lti_app.models import ActivityProgress, Membership
from lti_app.models import Attempt as AttemptRow
from lti_app.store.bulk import table_of

STATES = {str(state): state for state in ActivityState}
# Every sweep asks these: they are put together once, on plain tables.
_A, _T, _P, _M = (table_of(model) for model in (ActivityRow, AttemptRow, ActivityProgress, Membership))
_TRIES = (
    select(_T.c.membership_id, _T.c.activity_id, _T.c.finished_at, _T.c.score_share, _T.c.passed)
    .join(_M, _M.c.id == _T.c.membership_id)
    .where(_M.c.context_id == bindparam("context_id"), _T.c.finished_at.is_not(None))
    .order_by(_T.c.number)
)
_PROGRESS = (
    select(
        _P.c.membership_id, _P.c.activity_id, _P.c.state, _P.c.score, _P.c.score_max, _P.c.submitted_at,
        _P.c.completed_at, _P.c.graded_at, _P.c.due_at, _P.c.needs_grading, _A.c.points_possible,
    )
    .join(_A, _A.c.id == _P.c.activity_id)
    .where(_A.c.context_id == bindparam("context_id"))
)  # fmt: skip


def _share(score: Decimal | None, whole: Decimal | None) -> float | None:
    return None if score is None or not whole else float(score / whole)


def _tries(
    session: Session, context_id: int, activities: Mapping[int, Activity]
) -> dict[tuple[int, int], tuple[Attempt, ...]]:
    """Return the finished tries by learner and activity; one that runs is none yet."""
    found: dict[tuple[int, int], list[Attempt]] = {}
    for row in session.execute(_TRIES, {"context_id": context_id}):
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
    found: dict[int, dict[int, Progress]] = {}
    for row in session.execute(_PROGRESS, {"context_id": context_id}):
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
