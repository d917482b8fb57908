"""The values that every decision is made of.

All times are aware and UTC; dates are days in the course's own time zone. ``None`` means that nobody
told us, never zero. Ids are our own integers (a learner's id is the membership's id).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
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
    same_group_only: bool = False


class ReasonCode(StrEnum):
    """What a reason says; the template finds the words, ``Reason.facts`` carries what they name."""

    SILENT = "silent"  # days, usual_per_week
    FADING = "fading"  # active, of, usual
    FAILED_ATTEMPTS = "failed_attempts"  # activity_id, attempts, days, best, pass_share
    DUE_SOON = "due_soon"  # activity_id, due_on, days, begun_share
    OVERDUE = "overdue"  # activity_id, due_on, days, done_share
    BEHIND = "behind"  # done, typical, of
    NEVER_CAME = "never_came"  # enrolled_days
    AHEAD = "ahead"  # done, typical
    HIGH_SCORES = "high_scores"  # average
    SEVERAL_DUE = "several_due"  # count, days
    COURSE_QUIET = "course_quiet"  # active_share
    SAID = "said"  # feeling, on
    WAITING_FOR_MARK = "waiting_for_mark"  # activity_id, days
    MODEL = "model"  # feature, value: a contribution of the detector with no better words


@dataclass(frozen=True, slots=True)
class Reason:
    """One readable contribution to a decision; ``weight`` adds up (log-odds for the detector)."""

    code: ReasonCode
    facts: Mapping[str, int | float | str | date | None] = field(default_factory=dict)
    weight: float = 0.0


@dataclass(frozen=True, slots=True)
class Stall:
    """A learner who has stopped moving: since when, where and why.

    ``probability`` is the calibrated chance of staying silent for the next 14 days; ``confidence`` belongs to ``kind``.
    """

    learner_id: int
    kind: StallKind
    probability: float
    reasons: tuple[Reason, ...]
    since: datetime | None = None
    activity_id: int | None = None
    confidence: float = 0.0
    used: frozenset[Knowledge] = frozenset()


@dataclass(frozen=True, slots=True)
class Window:
    """A weekly stretch when somebody is usually around, in the course's time zone; Monday is 0."""

    weekday: int
    start: time
    end: time


@dataclass(frozen=True, slots=True)
class Helper:
    """A learner who opted in and may be asked.

    ``topics`` maps an activity to when the helper completed it; ``load`` counts the matches open now,
    ``recent`` those of the last 28 days; ``met`` and ``blocked`` are learner ids.
    """

    learner_id: int
    topics: Mapping[int, datetime]
    capacity: int = 1
    load: int = 0
    recent: int = 0
    paused: bool = False
    languages: frozenset[str] = frozenset()
    groups: frozenset[int] = frozenset()
    windows: tuple[Window, ...] = ()
    motive: Motive | None = None
    last_seen_at: datetime | None = None
    attempts: Mapping[int, int] = field(default_factory=dict)
    met: frozenset[int] = frozenset()
    blocked: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Candidate:
    """A helper proposed for a stall; higher ``score`` is better, ``reasons`` say why in facts."""

    stalled_id: int
    helper_id: int
    activity_id: int
    score: float
    reasons: tuple[str, ...] = ()
    rank: int = 0


class Outcome(StrEnum):
    """How an episode ended."""

    CAME_BACK = "came_back"
    AFTER_NUDGE = "after_nudge"
    AFTER_MATCH = "after_match"
    AFTER_TUTOR = "after_tutor"
    COMPLETED = "completed"
    LEFT = "left"
    WRONG = "wrong"


class PromptKind(StrEnum):
    """To whom a prompt speaks and what for."""

    NUDGE = "nudge"  # to the stalled learner
    ASK_HELPER = "ask_helper"  # to the helper whom the learner picked
    TUTOR = "tutor"  # to the tutor's desk
    PRAISE = "praise"  # to the tutor: something went well


@dataclass(frozen=True, slots=True)
class Policy:
    """What the course allows: thresholds, budgets and quiet rules."""

    threshold: float = 0.45
    weekly_share: float = 0.15
    weekly_floor: int = 3
    cool_down_days: int = 14
    candidates: int = 3
    match_timeout_hours: int = 48
    silent_days: int = 7
    failed_attempts: int = 3
