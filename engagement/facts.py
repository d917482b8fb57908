"""What is known of a course and its learners: the facts that every decision starts from.

All times are aware and UTC; dates are days in the course's own time zone. ``None`` means that nobody
told us, never zero. Ids are our own integers (a learner's id is the membership's id).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum


class ActivityKind(StrEnum):
    """What a learner does in an activity."""

    ASSIGNMENT = "assignment"
    QUIZ = "quiz"
    FORUM = "forum"
    PAGE = "page"
    OTHER = "other"


class ActivityState(StrEnum):
    """How far one learner is with one activity."""

    NOT_STARTED = "not_started"
    IN_PROGRESS = "in_progress"
    SUBMITTED = "submitted"
    FAILED = "failed"
    PASSED = "passed"
    COMPLETED = "completed"
    EXCUSED = "excused"
    UNKNOWN = "unknown"

    @property
    def is_done(self) -> bool:
        """True where nothing more is asked of the learner."""
        return self in (ActivityState.PASSED, ActivityState.COMPLETED, ActivityState.EXCUSED)


class Feeling(StrEnum):
    """The learner's own one-tap answer, which outweighs any guess."""

    TOO_HARD = "too_hard"
    JUST_RIGHT = "just_right"
    TOO_EASY = "too_easy"
    NO_TIME = "no_time"


class Motive(StrEnum):
    """Why a person takes part (hunter, tribe, self in the text that the mission comes from)."""

    PRACTICAL = "practical"
    BELONGING = "belonging"
    SELF = "self"


class StallKind(StrEnum):
    """The kinds of stall; WAITING is the tutor's delay and never an alert on the learner."""

    STUCK = "stuck"
    BORED = "bored"
    OVERLOADED = "overloaded"
    DRIFTING = "drifting"
    NEVER_STARTED = "never_started"
    WAITING = "waiting"


class Knowledge(StrEnum):
    """What can be known about a learner; a missing one is a gap, and no stall is raised from a gap."""

    ACCESS = "access"
    DAYS = "days"
    PROGRESS = "progress"
    ATTEMPTS = "attempts"
    SCORES = "scores"
    SUBMISSIONS = "submissions"
    DUE_DATES = "due_dates"


@dataclass(frozen=True, slots=True)
class Activity:
    """A thing in the course that a learner can complete."""

    id: int
    title: str
    kind: ActivityKind = ActivityKind.OTHER
    section: str | None = None
    position: int = 0
    due_at: datetime | None = None
    opens_at: datetime | None = None
    graded: bool = False
    tutor_marked: bool = False
    weight: float | None = None
    pass_share: float | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """One finished try; ``score`` is a share from 0 to 1."""

    at: datetime
    score: float | None = None
    passed: bool | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one learner is with one activity; ``score`` is a share from 0 to 1."""

    state: ActivityState
    attempts: tuple[Attempt, ...] = ()
    score: float | None = None
    submitted_at: datetime | None = None
    completed_at: datetime | None = None
    graded_at: datetime | None = None
    due_at: datetime | None = None
    needs_grading: bool | None = None

    @property
    def failed_attempts(self) -> int:
        """Tries known to have failed."""
        return sum(1 for attempt in self.attempts if attempt.passed is False)


@dataclass(frozen=True, slots=True)
class Learner:
    """One learner in one course, as far as known.

    ``active_days`` are days with any proven activity; ``days_known_from`` is the first day from which every
    active day would have been seen (None: only single proofs are known, such as last access and submissions).
    ``questions`` are the learner's own about activities that nobody has answered yet: when they were asked.
    """

    id: int
    enrolled_on: date | None = None
    last_seen_at: datetime | None = None
    never_seen: bool | None = None
    active_days: frozenset[date] = frozenset()
    days_known_from: date | None = None
    progress: Mapping[int, Progress] = field(default_factory=dict)
    groups: frozenset[int] = frozenset()
    languages: frozenset[str] = frozenset()
    motive: Motive | None = None
    feeling: Feeling | None = None
    feeling_at: datetime | None = None
    feeling_about: int | None = None
    known: frozenset[Knowledge] = frozenset(Knowledge)
    snoozed_until: datetime | None = None
    asked_for_help_at: datetime | None = None
    questions: Mapping[int, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Holiday:
    """Days in which silence means nothing: both ends belong to it."""

    first_on: date
    last_on: date


@dataclass(frozen=True, slots=True)
class Cohort:
    """A course's activities and learners at one moment; ``as_of`` is when the LMS was last read."""

    context_id: int
    activities: tuple[Activity, ...]
    learners: tuple[Learner, ...]
    time_zone: str = "UTC"
    starts_on: date | None = None
    ends_on: date | None = None
    as_of: datetime | None = None
    holidays: tuple[Holiday, ...] = ()
    exam_weeks: tuple[Holiday, ...] = ()
    same_group_only: bool = False
