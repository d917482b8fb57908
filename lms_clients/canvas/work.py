"""What learners did in a Canvas course: submissions, attempts, requirements done."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from sys import intern

from lms_clients.canvas.calls import Calls, Params
from lms_clients.canvas.shapes import Submission, UserProgress
from lms_clients.ledger import Ledger
from lms_clients.records import (
    Activity,
    ActivityState,
    Attempt,
    GapReason,
    LearnerProgress,
    Part,
    ProgressCount,
)
from lms_clients.values import decimal, from_iso

_EXPLICIT = 100
# Beyond so many rows everybody is asked for by name: one listing would end at the cap of pages.
_ONE_LISTING = 50_000
_FIELDS: Params = [("exclude_response_fields[]", name) for name in ("attachments", "preview_url", "body")]
_WAITS = frozenset({"submitted", "pending_review"})


@dataclass(slots=True)
class Work:
    """What was read, by learner and then by activity: a row that comes twice counts once."""

    progress: dict[str, dict[str, LearnerProgress]] = field(default_factory=dict)
    attempts: dict[str, dict[str, tuple[Attempt, ...]]] = field(default_factory=dict)


def moved_since(calls: Calls, course_path: str, since: datetime) -> set[str]:
    """The learners with something handed in or graded since."""
    stamp = since.strftime("%Y-%m-%dT%H:%M:%SZ")
    found: set[str] = set()
    for name in ("submitted_since", "graded_since"):
        wanted = [("student_ids[]", "all"), (name, stamp), *_FIELDS]
        rows = calls.each(f"{course_path}/students/submissions", Submission, wanted)
        found.update(str(row.user_id) for row in rows if row.user_id is not None)
    return found


def chunks_of(learners: Sequence[str], everybody: bool, activities: int) -> list[Sequence[str]]:
    """Whom each listing asks for; "all" where that is everybody and the listing stays short."""
    if everybody and len(learners) * activities <= _ONE_LISTING:
        return [["all"]]
    return [learners[start : start + _EXPLICIT] for start in range(0, len(learners), _EXPLICIT)]


def read_submissions(
    calls: Calls,
    course_path: str,
    learners: Sequence[str],
    everybody: bool,
    activities: Mapping[str, Activity],
    ledger: Ledger,
    now: datetime,
) -> Work:
    """Read all rows of ``learners`` (who may be ``everybody``), each reduced at once: large courses have very many."""
    work = Work()
    told_history = False
    # One text for each learner, not one for each row.
    known = {who: who for who in learners}
    for chunk in chunks_of(learners, everybody, len(activities)):
        wanted = [*(("student_ids[]", who) for who in chunk), ("include[]", "submission_history"), *_FIELDS]
        for row in calls.each(f"{course_path}/students/submissions", Submission, wanted):
            activity = activities.get(str(row.assignment_id))
            if activity is None:
                continue
            if row.user_id is None:
                what = f"{Part.SUBMISSIONS}:{row.assignment_id}"
                ledger.note(what, GapReason.UNSUPPORTED, "graded anonymously: submissions are not read")
                continue
            who = known.setdefault(str(row.user_id), str(row.user_id))
            told_history = told_history or row.submission_history is not None
            work.progress.setdefault(who, {})[activity.id] = _progress(row, who, activity, now)
            if tries := tuple(_attempts(row, who, activity)):
                work.attempts.setdefault(who, {})[activity.id] = tries
    if work.progress and not told_history:
        ledger.note(Part.ATTEMPTS, GapReason.FEATURE_OFF, "the developer key drops include parameters: one try is told")
    ledger.read.update({Part.SUBMISSIONS, Part.GRADES, Part.COMPLETION, Part.ATTEMPTS})
    return work


def _progress(row: Submission, who: str, activity: Activity, now: datetime) -> LearnerProgress:
    score = decimal(row.score)
    due = from_iso(row.cached_due_date)
    return LearnerProgress(
        learner_id=who,
        activity_id=activity.id,
        state=_state(row, activity, score),
        raw_state=intern(row.workflow_state) or None,
        attempts=row.attempt or 0,
        score=score,
        score_max=activity.points_possible,
        score_visible_to_learner=row.posted_at is not None if score is not None else None,
        submitted_at=from_iso(row.submitted_at),
        graded_at=from_iso(row.graded_at),
        completed_at=_completed_at(row, activity, score),
        due_at=due if due != activity.due_at else None,
        late=row.late,
        missing=row.missing,
        needs_grading=_needs_grading(row, activity),
        observed_at=now,
    )


def _state(row: Submission, activity: Activity, score: Decimal | None) -> ActivityState:
    if row.excused:
        return ActivityState.EXCUSED
    if row.redo_request:
        return ActivityState.IN_PROGRESS
    if row.workflow_state == "graded" and not (row.missing and row.submitted_at is None):
        if row.grade == "incomplete":
            return ActivityState.FAILED
        if score is not None or row.grade is not None:
            passed = _passed(activity, score)
            return (
                ActivityState.COMPLETED
                if passed is None
                else (ActivityState.PASSED if passed else ActivityState.FAILED)
            )
    if row.workflow_state in _WAITS or row.submitted_at is not None:
        return ActivityState.SUBMITTED if activity.tutor_marked or activity.points_possible else ActivityState.COMPLETED
    if row.workflow_state in ("unsubmitted", "graded"):
        return ActivityState.NOT_STARTED
    return ActivityState.UNKNOWN


def _completed_at(row: Submission, activity: Activity, score: Decimal | None) -> datetime | None:
    done = (ActivityState.COMPLETED, ActivityState.PASSED)
    if _state(row, activity, score) not in done:
        return None
    return from_iso(row.submitted_at) or from_iso(row.graded_at)


def _needs_grading(row: Submission, activity: Activity) -> bool:
    if row.excused or row.redo_request or not (activity.tutor_marked or activity.points_possible):
        return False
    newer = row.grade_matches_current_submission is False and row.submitted_at is not None
    return row.workflow_state in _WAITS or newer


def _passed(activity: Activity, score: Decimal | None) -> bool | None:
    if score is None or activity.pass_points is None:
        return None
    return score >= activity.pass_points


def _attempts(row: Submission, who: str, activity: Activity) -> Iterator[Attempt]:
    """Each version handed in; without the history only the last is told."""
    told: Iterable[tuple[int | None, str | None, str, Decimal | None]]
    if row.submission_history:
        told = [
            (one.attempt, one.submitted_at, one.workflow_state, decimal(one.score)) for one in row.submission_history
        ]
    else:
        told = [(row.attempt, row.submitted_at, row.workflow_state, decimal(row.score))]
    latest = {number: (at, state, score) for number, at, state, score in told if number}
    for number, (at, state, score) in sorted(latest.items()):
        yield Attempt(
            learner_id=who,
            activity_id=activity.id,
            number=number,
            finished_at=from_iso(at),
            state=intern(state),
            score=score,
            score_max=activity.points_possible,
            passed=_passed(activity, score),
        )


def counts(calls: Calls, course_path: str, ledger: Ledger) -> tuple[ProgressCount, ...]:
    """Module requirements done; a learner for whom Canvas cannot say is left out, never counted as none."""
    rows = ledger.attempt(
        Part.COUNTS, lambda: {str(row.id): row for row in calls.each(f"{course_path}/bulk_user_progress", UserProgress)}
    )
    found = []
    for who, row in (rows or {}).items():
        told = row.progress
        if told is None or told.requirement_count is None or told.requirement_completed_count is None:
            continue
        done, total = Decimal(told.requirement_completed_count), Decimal(told.requirement_count)
        found.append(ProgressCount(who, done, total, completed_at=from_iso(told.completed_at)))
    return tuple(found)
