"""Progress and attempts of one learner, put together from completion, gradebook, submissions and attempts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from lms_clients.moodle.detail import Detail
from lms_clients.moodle.marks import Judge, attempt_score
from lms_clients.moodle.work import Work, is_visible
from lms_clients.moodle.work_shapes import Completion, GradeItem, Quiz, QuizAttempt, Submission
from lms_clients.records import Activity, ActivityState, Attempt, LearnerProgress
from lms_clients.values import decimal, from_epoch

_BY_COMPLETION = {1: ActivityState.COMPLETED, 2: ActivityState.PASSED, 3: ActivityState.FAILED}
_MARKED = frozenset({"graded", "released"})


@dataclass(frozen=True, slots=True)
class _Facts:
    """All that is known of one learner in one activity."""

    activity: Activity
    completion: Completion | None
    grade: GradeItem | None
    submission: Submission | None
    attempts: Sequence[QuizAttempt] | None
    passed: bool | None


def attempts(who: str, detail: Detail, quizzes: Mapping[str, Quiz], judge: Judge) -> Iterator[Attempt]:
    """The learner's tries at quizzes, in the gradebook's points."""
    for key, tries in detail.attempts.get(who, {}).items():
        for one in tries:
            score = attempt_score(quizzes[key], one) if one.state == "finished" else None
            yield Attempt(
                learner_id=who,
                activity_id=key,
                number=one.attempt,
                started_at=from_epoch(one.timestart),
                finished_at=from_epoch(one.timefinish),
                state=one.state,
                score=score,
                score_max=decimal(quizzes[key].grade),
                passed=judge.passed(key, score),
            )


def progress(
    who: str, activities: Sequence[Activity], work: Work, detail: Detail, judge: Judge, observed_at: datetime
) -> Iterator[LearnerProgress]:
    """One row for each activity that Moodle tracks, grades or collects."""
    statuses = detail.completions.get(who)
    for activity in activities:
        grade = work.grades.get(who, {}).get(activity.id)
        submission = work.submissions.get(who, {}).get(activity.id)
        tries = detail.attempts.get(who, {}).get(activity.id)
        scored = grade is not None and grade.graderaw is not None
        if not (activity.tracked or scored or submission is not None or tries):
            continue
        passed = judge.passed(activity.id, decimal(grade.graderaw) if grade is not None else None)
        completion = statuses.get(activity.id) if statuses is not None else None
        facts = _Facts(activity, completion, grade, submission, tries, passed)
        yield _row(who, facts, observed_at)


def _row(who: str, facts: _Facts, observed_at: datetime) -> LearnerProgress:
    grade, completion = facts.grade, facts.completion
    score = decimal(grade.graderaw) if grade is not None else None
    submitted = _submitted_at(facts)
    own = facts.activity.due_overrides
    due = own.get(f"learner:{who}")
    deadline = own.get(f"learner:{who}", facts.activity.due_at)
    state = _state(facts)
    completed = completion.timecompleted if completion is not None and completion.state != 3 else None
    return LearnerProgress(
        learner_id=who,
        activity_id=facts.activity.id,
        state=state,
        raw_state=_raw(facts),
        attempts=_count(facts),
        score=score,
        score_max=decimal(grade.grademax) if grade is not None else None,
        score_visible_to_learner=is_visible(grade) if grade is not None and score is not None else None,
        submitted_at=submitted,
        graded_at=from_epoch(grade.gradedategraded) if grade is not None and score is not None else None,
        completed_at=from_epoch(completed),
        due_at=due,
        late=_is_late(facts, deadline),
        needs_grading=_needs_grading(facts),
        observed_at=observed_at,
    )


def _state(facts: _Facts) -> ActivityState:
    completion = facts.completion
    if completion is not None and completion.state in _BY_COMPLETION:
        if completion.state == 1 and completion.isoverallcomplete is False:
            return ActivityState.IN_PROGRESS
        return _BY_COMPLETION[completion.state]
    if completion is not None and completion.isoverallcomplete:
        return ActivityState.COMPLETED
    begun = _begun(facts)
    if begun is not None:
        return begun
    if completion is not None:
        return ActivityState.NOT_STARTED
    return ActivityState.UNKNOWN


def _begun(facts: _Facts) -> ActivityState | None:
    """The state as far as the work itself tells, for activities that completion does not call done."""
    if facts.submission is not None and facts.submission.status == "submitted":
        if facts.grade is None or facts.grade.graderaw is None or _needs_grading(facts):
            return ActivityState.SUBMITTED
    elif facts.submission is not None and facts.submission.status in ("draft", "reopened"):
        return ActivityState.IN_PROGRESS
    states = {one.state for one in facts.attempts or ()}
    if states & {"inprogress", "overdue"}:
        return ActivityState.IN_PROGRESS
    if "submitted" in states or _needs_grading(facts):
        return ActivityState.SUBMITTED
    if facts.grade is not None and facts.grade.graderaw is not None:
        if facts.passed is not None:
            return ActivityState.PASSED if facts.passed else ActivityState.FAILED
        # Graded, but the activity's own rule of completion does not call it done.
        return ActivityState.IN_PROGRESS if facts.activity.tracked else ActivityState.COMPLETED
    return ActivityState.IN_PROGRESS if states else None


def _needs_grading(facts: _Facts) -> bool | None:
    if facts.submission is not None:
        waits = facts.submission.status == "submitted" and facts.submission.gradingstatus not in _MARKED
        return waits and facts.activity.tutor_marked
    if facts.attempts is None:
        return None
    # Finished without a sum of marks means that an essay waits; 5.0 calls it "submitted" (MDL-68806).
    return any(
        one.state == "submitted" or (one.state == "finished" and one.sumgrades is None) for one in facts.attempts
    )


def _is_late(facts: _Facts, deadline: datetime | None) -> bool | None:
    """Whether the first work came after its time: a later try for a better grade is not late."""
    ends = [end for one in facts.attempts or () if (end := from_epoch(one.timefinish))]
    first = min(ends, default=None) if ends else _submitted_at(facts)
    return first > deadline if first is not None and deadline is not None else None


def _submitted_at(facts: _Facts) -> datetime | None:
    if facts.submission is not None and facts.submission.status == "submitted":
        return from_epoch(facts.submission.timemodified)
    ends = [end for one in facts.attempts or () if (end := from_epoch(one.timefinish))]
    return max(ends, default=None)


def _count(facts: _Facts) -> int | None:
    if facts.attempts is not None:
        return len(facts.attempts)
    if facts.submission is not None:
        return facts.submission.attemptnumber + (0 if facts.submission.status in ("new", "reopened") else 1)
    return None


def _raw(facts: _Facts) -> str | None:
    words = []
    if facts.completion is not None:
        words.append(f"completion={facts.completion.state}")
    if facts.submission is not None:
        words.append(f"{facts.submission.status}/{facts.submission.gradingstatus or ''}")
    if facts.attempts:
        words.append(facts.attempts[-1].state)
    return " ".join(words) or None
