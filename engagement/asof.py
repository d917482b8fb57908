"""The past seen with the eyes of a moment: facts dated later are not known yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime

from engagement.facts import ActivityState, Attempt, Cohort, Knowledge, Learner, Progress
from engagement.moments import aware, day_of


def as_of(cohort: Cohort, now: datetime) -> Cohort:
    """The cohort as it could be known at ``now``; raises ValueError for naive times.

    Learners enrolled later are not in it, and of two entries for one learner the later one counts. A state without
    any date is kept: nobody can tell when it came about.
    """
    today = day_of(aware(now), cohort.time_zone)
    learners = {learner.id: learner for learner in cohort.learners}
    past = tuple(
        _learner_as_of(learner, now, today)
        for learner in learners.values()
        if learner.enrolled_on is None or learner.enrolled_on <= today
    )
    activities = tuple({activity.id: activity for activity in cohort.activities}.values())
    for activity in activities:
        for at in (activity.due_at, activity.opens_at):
            if at is not None:
                aware(at)
    read = cohort.as_of
    return replace(
        cohort, learners=past, activities=activities, as_of=now if read is not None and aware(read) > now else read
    )


def _learner_as_of(learner: Learner, now: datetime, today: date) -> Learner:
    entries = ((key, _progress_as_of(value, now)) for key, value in learner.progress.items())
    progress = {key: entry for key, entry in entries if entry is not None}
    days, seen, known = learner.active_days, learner.last_seen_at, learner.known
    if any(day > today for day in days):
        days = frozenset(day for day in days if day <= today)
    if _later(seen, now):
        # The last access is all that an LMS keeps: what came before it was overwritten, so nothing is known.
        seen = None
        if Knowledge.DAYS not in known or learner.days_known_from is None or learner.days_known_from > today:
            known = known - {Knowledge.ACCESS}
    felt = not _later(learner.feeling_at, now)
    return replace(
        learner,
        progress=progress,
        active_days=days,
        last_seen_at=seen,
        known=known,
        feeling=learner.feeling if felt else None,
        feeling_at=learner.feeling_at if felt else None,
        asked_for_help_at=None if _later(learner.asked_for_help_at, now) else learner.asked_for_help_at,
        questions={key: at for key, at in learner.questions.items() if not _later(at, now)},
    )


def _later(at: datetime | None, now: datetime) -> bool:
    return at is not None and aware(at) > now


def _progress_as_of(progress: Progress, now: datetime) -> Progress | None:
    """The entry as it was, or None where all that makes it came later.

    A later try is dropped and changes nothing else: what it brought about shows in the dates, which every client gives
    to an entry that has tries.
    """
    dates = (progress.submitted_at, progress.completed_at, progress.graded_at)
    late = [_later(at, now) for at in dates]
    if progress.due_at is not None:
        aware(progress.due_at)
    attempts = progress.attempts
    if any(_later(attempt.at, now) for attempt in attempts):
        attempts = tuple(attempt for attempt in attempts if attempt.at <= now)
    if not any(late):
        return progress if attempts is progress.attempts else replace(progress, attempts=attempts)
    submitted, completed, graded = (None if gone else at for at, gone in zip(dates, late, strict=True))
    state = progress.state
    if (
        not attempts
        and submitted is completed is graded is progress.due_at is None
        and state is not ActivityState.EXCUSED
    ):
        return None
    if completed is None and state is not ActivityState.EXCUSED:
        state = _state_from(attempts, submitted, graded, progress)
    return replace(
        progress,
        state=state,
        attempts=attempts,
        score=_best(attempts) if graded is None else progress.score,
        submitted_at=submitted,
        completed_at=completed,
        graded_at=graded,
        needs_grading=None if graded is None else progress.needs_grading,
    )


def _state_from(
    attempts: tuple[Attempt, ...], submitted: datetime | None, graded: datetime | None, later: Progress
) -> ActivityState:
    if any(attempt.passed for attempt in attempts):
        return ActivityState.PASSED
    if any(attempt.passed is False for attempt in attempts):
        return ActivityState.FAILED
    if submitted is not None:
        return later.state if graded is not None else ActivityState.SUBMITTED
    return ActivityState.IN_PROGRESS if attempts else ActivityState.NOT_STARTED


def _best(attempts: tuple[Attempt, ...]) -> float | None:
    return max((attempt.score for attempt in attempts if attempt.score is not None), default=None)


def latest(*times: datetime | None) -> datetime | None:
    """The latest of the times that are known."""
    return max((at for at in times if at is not None), default=None)


def proofs(progress: Mapping[int, Progress], tutor_marked: frozenset[int]) -> list[datetime]:
    """Times at which the learner surely did something; a tutor's mark is not the learner's doing."""
    found: list[datetime] = []
    for activity_id, entry in progress.items():
        found.extend(attempt.at for attempt in entry.attempts)
        if entry.submitted_at is not None:
            found.append(entry.submitted_at)
        if entry.completed_at is not None and activity_id not in tutor_marked and entry.graded_at is None:
            found.append(entry.completed_at)
    return found
