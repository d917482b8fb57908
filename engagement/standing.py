"""Where one learner stands in the course, as far as the LMS could say: due work, failing, waiting, ahead or behind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from engagement.asof import latest, proofs
from engagement.course import NOTHING, Course, done_count, is_met, is_waiting
from engagement.facts import Activity, ActivityKind, ActivityState, Attempt, Cohort, Knowledge, Learner, Progress
from engagement.moments import FORTNIGHT, WEEK, zone
from engagement.rhythm import Rhythm

RISING = 0.1
#: Failures older than these belong to another chapter.
FRESH = timedelta(days=28)
NIGHT = (23, 5)
#: Moodle lets activities vanish for want of a permission; what is missing then says nothing.
NEEDED = {ActivityKind.QUIZ: Knowledge.ATTEMPTS, ActivityKind.ASSIGNMENT: Knowledge.SUBMISSIONS}


@dataclass(frozen=True, slots=True)
class Failing:
    """An activity that a learner keeps failing: how often, since when, and whether the scores were rising."""

    activity: Activity
    failures: int
    first_at: datetime | None
    last_at: datetime | None
    best: float | None
    rising: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """One learner in one course at one moment; facts outside ``learner.known`` are left out, never guessed."""

    learner: Learner
    course: Course
    rhythm: Rhythm
    done: int | None
    overdue: tuple[Activity, ...]
    due_soon: tuple[Activity, ...]
    waiting: tuple[tuple[Activity, Progress], ...]
    failing: Failing | None
    next_up: Activity | None
    partial: int
    average: float | None
    at_night: int
    last_at: datetime | None
    finished: bool


def due_of(activity: Activity, progress: Progress) -> datetime | None:
    """When this learner's work is due: a personal extension comes before the common date."""
    return progress.due_at or activity.due_at


def standing_of(learner: Learner, course: Course) -> Standing:
    """Return where the learner stands; ``course`` must hold this learner."""
    progress = visible_progress(learner)
    told = Knowledge.PROGRESS in learner.known
    unmet = [one for one in course.open if told and _is_open_for(one, progress.get(one.id, NOTHING), learner)]
    due = [(due_of(one, progress.get(one.id, NOTHING)), one) for one in unmet] if _due_known(learner) else []
    scores = [entry.score for entry in progress.values() if entry.score is not None]
    seen = replace(learner, progress=progress)
    moves = proofs(progress, course.marked)
    return Standing(
        learner=seen,
        course=course,
        rhythm=course.rhythms[learner.id],
        done=done_count(seen, course.open) if told else None,
        overdue=tuple(one for at, one in due if at is not None and at < course.now),
        due_soon=tuple(one for at, one in due if at is not None and course.now <= at <= course.now + WEEK),
        waiting=tuple((one, progress[one.id]) for one in course.open if is_waiting(progress.get(one.id, NOTHING))),
        failing=_worst(unmet, progress, course.now),
        next_up=unmet[0] if unmet else None,
        partial=sum(1 for one in unmet if progress.get(one.id, NOTHING).state is ActivityState.IN_PROGRESS),
        average=sum(scores) / len(scores) if scores else None,
        at_night=_nights(moves, course),
        last_at=latest(learner.last_seen_at, *moves),
        finished=told and has_finished(progress, expected_of(learner, course.cohort, course.told)),
    )


def visible_progress(learner: Learner) -> Mapping[int, Progress]:
    """The learner's progress without what the LMS could not say for sure."""
    known = learner.known
    if Knowledge.PROGRESS not in known and Knowledge.ATTEMPTS not in known and Knowledge.SUBMISSIONS not in known:
        return {}
    if known >= {Knowledge.ATTEMPTS, Knowledge.SCORES, Knowledge.SUBMISSIONS}:
        return learner.progress
    return {key: _visible(entry, known) for key, entry in learner.progress.items()}


def _visible(entry: Progress, known: frozenset[Knowledge]) -> Progress:
    attempts = entry.attempts if Knowledge.ATTEMPTS in known else ()
    if Knowledge.SCORES not in known:
        attempts = tuple(Attempt(attempt.at, None, attempt.passed) for attempt in attempts)
    handed_in = Knowledge.SUBMISSIONS in known
    return replace(
        entry,
        attempts=attempts,
        score=entry.score if Knowledge.SCORES in known else None,
        submitted_at=entry.submitted_at if handed_in else None,
    )


def _due_known(learner: Learner) -> bool:
    return Knowledge.DUE_DATES in learner.known


def _is_open_for(activity: Activity, entry: Progress, learner: Learner) -> bool:
    if is_met(entry) or entry.state is ActivityState.UNKNOWN:
        return False
    # Without submissions nobody can tell missing work from work that waits for its mark.
    by_hand = activity.kind is ActivityKind.ASSIGNMENT or activity.tutor_marked
    return not by_hand or Knowledge.SUBMISSIONS in learner.known


def _worst(unmet: list[Activity], progress: Mapping[int, Progress], now: datetime) -> Failing | None:
    found = [
        failing for one in unmet if one.id in progress if (failing := _failing(one, progress[one.id], now)) is not None
    ]
    return max(found, key=lambda one: (one.failures, -one.activity.position, -one.activity.id), default=None)


def _failing(activity: Activity, entry: Progress, now: datetime) -> Failing | None:
    tries = sorted((one for one in entry.attempts if now - one.at <= FRESH), key=lambda one: one.at)
    failed = [one for one in tries if _has_failed(one, activity)]
    if not failed:
        if entry.state is not ActivityState.FAILED or entry.attempts:
            return None
        # The LMS says "failed" and cannot say how often: at least once.
        return Failing(activity, 1, entry.completed_at, entry.completed_at, entry.score, rising=False)
    scores = [one.score for one in tries if one.score is not None]
    rising = len(scores) > 1 and scores[-1] >= max(scores[:-1]) + RISING
    best = max(scores, default=None)
    return Failing(activity, len(failed), failed[0].at, failed[-1].at, best, rising)


def _has_failed(attempt: Attempt, activity: Activity) -> bool:
    if attempt.passed is not None:
        return not attempt.passed
    return attempt.score is not None and activity.pass_share is not None and attempt.score < activity.pass_share


def _nights(moves: Sequence[datetime], course: Course) -> int:
    """On how many nights of the last fortnight the learner worked."""
    local = [at.astimezone(zone(course.cohort.time_zone)) for at in moves if course.now - at <= FORTNIGHT]
    # Eleven at night and three in the morning of the next day are one night.
    return len({(at - timedelta(hours=12)).date() for at in local if at.hour >= NIGHT[0] or at.hour < NIGHT[1]})


def expected_of(learner: Learner, cohort: Cohort, told: frozenset[int]) -> tuple[Activity, ...]:
    """All that the course asks of the learner, as far as the LMS lets us see it, in the course's order.

    ``told`` are the activities of which any row is known (see ``told_of``); any other counts too, unless the
    permission to read its kind is missing.
    """
    blind = {kind for kind, needed in NEEDED.items() if needed not in learner.known}
    every = (one for one in cohort.activities if one.id in told or one.kind not in blind)
    return tuple(sorted(every, key=lambda one: (one.position, one.id)))


def has_finished(progress: Mapping[int, Progress], expected: Sequence[Activity]) -> bool:
    """Whether everything expected is done."""
    return bool(expected) and all(progress.get(one.id, NOTHING).state.is_done for one in expected)
