"""What an LMS says about a course, in neutral words.

All times are aware and UTC, ids are text, ``None`` means that the LMS did not say (never zero), and unknown
words of an LMS are kept in a ``raw_`` field. A learner's or activity's id is the LMS's own API id (for LTI-only
platforms the ``sub`` and the line item's address).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from lms_clients.progress import Access, Attempt, CourseGrade, LearnerProgress, ProgressCount
from lms_clients.words import (
    PERSONAL_DATES,
    ActivityKind,
    ActivityState,
    CourseState,
    EnrolmentState,
    GapReason,
    Part,
    ProgressBasis,
    Role,
    Source,
)

__all__ = [
    "PERSONAL_DATES",
    "Access",
    "Activity",
    "ActivityKind",
    "ActivityState",
    "Attempt",
    "Course",
    "CourseGrade",
    "CourseRef",
    "CourseSnapshot",
    "CourseState",
    "Enrolment",
    "EnrolmentState",
    "Gap",
    "GapReason",
    "Group",
    "Learner",
    "LearnerProgress",
    "Module",
    "Part",
    "ProgressBasis",
    "ProgressCount",
    "Role",
    "Source",
]


@dataclass(frozen=True, slots=True)
class CourseRef:
    """Which course: the API's id, the LTI context id, and the LTI service addresses its launches named."""

    api_id: str | None = None
    lti_context_id: str | None = None
    memberships_url: str | None = None
    lineitems_url: str | None = None
    groups_url: str | None = None


@dataclass(frozen=True, slots=True)
class Course:
    """The course itself; ``time_zone`` is an IANA name."""

    ref: CourseRef
    title: str
    code: str | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    time_zone: str | None = None
    language: str | None = None
    state: CourseState = CourseState.UNKNOWN
    progress_basis: frozenset[ProgressBasis] = frozenset()


@dataclass(frozen=True, slots=True)
class Enrolment:
    """One way in which a person is in the course (section, cross-listing)."""

    enrolment_id: str | None = None
    section_id: str | None = None
    origin_course_id: str | None = None
    state: EnrolmentState = EnrolmentState.UNKNOWN
    raw_state: str = ""
    enrolled_at: datetime | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Learner:
    """A person in the course, tutors included: see ``roles``; ``state`` is the best of the enrolments."""

    id: str
    lti_sub: str | None = None
    name: str | None = None
    sortable_name: str | None = None
    email: str | None = None
    sis_id: str | None = None
    roles: frozenset[Role] = frozenset()
    raw_roles: tuple[str, ...] = ()
    enrolments: tuple[Enrolment, ...] = ()
    language: str | None = None
    time_zone: str | None = None
    is_test: bool = False

    @property
    def state(self) -> EnrolmentState:
        """The enrolment that counts: active in any section is active."""
        order = list(EnrolmentState)
        return min((e.state for e in self.enrolments), key=order.index, default=EnrolmentState.UNKNOWN)

    @property
    def is_learner(self) -> bool:
        """True for those whose progress is looked at: learners who are neither tutors nor test students."""
        teaches = {Role.INSTRUCTOR, Role.TA, Role.TEST_STUDENT} & self.roles
        return Role.LEARNER in self.roles and not teaches and not self.is_test


@dataclass(frozen=True, slots=True)
class Group:
    """A group or section of the course."""

    id: str
    name: str
    set_id: str | None = None
    member_ids: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Module:
    """A section of the course page."""

    id: str
    title: str
    position: int | None = None
    parent_id: str | None = None
    visible: bool | None = None


@dataclass(frozen=True, slots=True)
class Activity:
    """A thing in the course page.

    ``tracked`` False means that the LMS keeps no completion for it; ``tutor_marked`` that a person gives its
    grade; ``closes_at`` refuses work, ``due_at`` only expects it; ``lti_link_id`` is the LTI resource link id of
    an LTI placement (so that the tool's own panels can be told apart); ``due_overrides`` is keyed
    ``learner:<id>``, ``section:<id>`` or ``group:<id>``.
    """

    id: str
    kind: ActivityKind
    title: str
    raw_kind: str = ""
    section_id: str | None = None
    section_title: str | None = None
    position: int | None = None
    due_at: datetime | None = None
    opens_at: datetime | None = None
    closes_at: datetime | None = None
    due_overrides: Mapping[str, datetime | None] = field(default_factory=dict)
    points_possible: Decimal | None = None
    pass_points: Decimal | None = None
    max_attempts: int | None = None
    tracked: bool | None = None
    required: bool | None = None
    visible: bool | None = None
    tutor_marked: bool = False
    anonymous: bool | None = None
    lti_link_id: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Gap:
    """Something the LMS could not or would not say; about one learner where ``learner_id`` is set.

    ``what`` is a Part, or a Part and an activity (``attempts:5``); ``detail`` names what an administrator mends.
    """

    what: str
    reason: GapReason
    detail: str
    learner_id: str | None = None


@dataclass(frozen=True, slots=True)
class CourseSnapshot:
    """What an LMS said about one course at one moment.

    ``read`` lists the parts that were read; the others keep what was saved before. ``progress`` and ``attempts``
    hold all rows of the learners in ``detailed`` and none of the others, who had not moved. ``marks`` is what to
    hand back in KnownState next time; a learner whose detail failed is not in it. ``cursor`` likewise.
    """

    course: Course
    taken_at: datetime
    complete: bool
    cursor: Mapping[str, str]
    read: frozenset[Part]
    learners: tuple[Learner, ...] = ()
    groups: tuple[Group, ...] = ()
    modules: tuple[Module, ...] = ()
    activities: tuple[Activity, ...] = ()
    progress: tuple[LearnerProgress, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    counts: tuple[ProgressCount, ...] = ()
    access: tuple[Access, ...] = ()
    grades: tuple[CourseGrade, ...] = ()
    gaps: tuple[Gap, ...] = ()
    detailed: frozenset[str] = frozenset()
    marks: Mapping[str, str] = field(default_factory=dict)

    @property
    def partial(self) -> Mapping[str, tuple[Gap, ...]]:
        """The gaps of single learners: on those parts they are not judged."""
        found: dict[str, list[Gap]] = {}
        for gap in self.gaps:
            if gap.learner_id is not None:
                found.setdefault(gap.learner_id, []).append(gap)
        return {learner_id: tuple(gaps) for learner_id, gaps in found.items()}
