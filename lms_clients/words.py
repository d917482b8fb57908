"""The closed vocabularies of the records."""

from __future__ import annotations

from enum import StrEnum


class Source(StrEnum):
    """The kinds of LMS."""

    MOODLE = "moodle"
    CANVAS = "canvas"
    LTI = "lti"


class Role(StrEnum):
    """What a person is in one course."""

    LEARNER = "learner"
    INSTRUCTOR = "instructor"
    TA = "ta"
    OBSERVER = "observer"
    TEST_STUDENT = "test_student"
    OTHER = "other"


class ActivityKind(StrEnum):
    """What an activity is for the learner."""

    ASSIGNMENT = "assignment"
    QUIZ = "quiz"
    FORUM = "forum"
    PAGE = "page"
    FILE = "file"
    LINK = "link"
    VIDEO = "video"
    LESSON = "lesson"
    SCORM = "scorm"
    LTI = "lti"
    SURVEY = "survey"
    OFFLINE = "offline"
    OTHER = "other"


class ActivityState(StrEnum):
    """How far one learner is with one activity."""

    NOT_STARTED = "not_started"
    VIEWED = "viewed"
    IN_PROGRESS = "in_progress"
    SUBMITTED = "submitted"
    PASSED = "passed"
    FAILED = "failed"
    COMPLETED = "completed"
    EXCUSED = "excused"
    LOCKED = "locked"
    UNKNOWN = "unknown"


class EnrolmentState(StrEnum):
    """Whether a person takes part now; only ACTIVE ones belong to the cohort."""

    ACTIVE = "active"
    INVITED = "invited"
    SUSPENDED = "suspended"
    CONCLUDED = "concluded"
    DELETED = "deleted"
    UNKNOWN = "unknown"


class CourseState(StrEnum):
    """A course's own life."""

    DRAFT = "draft"
    ACTIVE = "active"
    CONCLUDED = "concluded"
    DELETED = "deleted"
    UNKNOWN = "unknown"


class ProgressBasis(StrEnum):
    """What a course can tell: states per activity, counts of requirements, scores only, or last access only."""

    ACTIVITY_STATE = "activity_state"
    COUNTS = "counts"
    SCORES = "scores"
    ACCESS = "access"


class Part(StrEnum):
    """A part of a snapshot. One that is not in ``CourseSnapshot.read`` was not read: keep what was saved."""

    COURSE = "course"
    ROSTER = "roster"
    ACCESS = "access"
    GROUPS = "groups"
    STRUCTURE = "structure"
    DUE_DATES = "due_dates"
    GRADES = "grades"
    SUBMISSIONS = "submissions"
    COMPLETION = "completion"
    ATTEMPTS = "attempts"
    COUNTS = "counts"


# What a gap is called where dates of single learners are not told: the part itself, the class's dates, was read.
PERSONAL_DATES = "personal_dates"


class GapReason(StrEnum):
    """Why something is missing."""

    PERMISSION = "permission"
    FEATURE_OFF = "feature_off"
    UNSUPPORTED = "unsupported"
    ERROR = "error"
    TRUNCATED = "truncated"
