"""What an LMS says about one learner: how far, how often tried, when last seen (see records)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from lms_clients.words import ActivityState


@dataclass(frozen=True, slots=True)
class LearnerProgress:
    """How far one learner is with one activity; ``due_at`` is the learner's own date where it differs."""

    learner_id: str
    activity_id: str
    state: ActivityState = ActivityState.UNKNOWN
    raw_state: str | None = None
    attempts: int | None = None
    score: Decimal | None = None
    score_max: Decimal | None = None
    score_visible_to_learner: bool | None = None
    submitted_at: datetime | None = None
    graded_at: datetime | None = None
    completed_at: datetime | None = None
    due_at: datetime | None = None
    late: bool | None = None
    missing: bool | None = None
    needs_grading: bool | None = None
    observed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try at an activity, in the activity's own points; ``passed`` None where the pass mark is not known."""

    learner_id: str
    activity_id: str
    number: int
    started_at: datetime | None = None
    finished_at: datetime | None = None
    state: str = ""
    score: Decimal | None = None
    score_max: Decimal | None = None
    passed: bool | None = None


@dataclass(frozen=True, slots=True)
class ProgressCount:
    """What an LMS counts when it does not list: ``done`` of ``total`` requirements."""

    learner_id: str
    done: Decimal
    total: Decimal
    module_id: str | None = None
    completed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Access:
    """When a learner was last seen; ``resolution`` is how stale that may be by design; ``never`` None = unknown."""

    learner_id: str
    last_seen_at: datetime | None
    resolution: timedelta = timedelta(0)
    never: bool | None = None
    total_seconds: int | None = None
    page_views: int | None = None


@dataclass(frozen=True, slots=True)
class CourseGrade:
    """A learner's grade for the whole course."""

    learner_id: str
    current: Decimal | None = None
    final: Decimal | None = None
    scale_max: Decimal | None = None
    hidden: bool | None = None
