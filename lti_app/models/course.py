"""The course as the LMS tells it: context, members, activities, progress, and how we learned it."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import Index, Numeric, PrimaryKeyConstraint, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lti_app.models.base import Base, Code, FactList, Facts, Id, PlatformId, Title, Url, Words, parent
from lti_app.models.lti import Deployment, Person


class LmsConnection(Base):
    """How we ask one LMS: kind, address, encrypted credentials; ``cannot`` is what the service user may not do.

    ``failures`` counts those in a row that concern the whole platform; ``concurrency`` is how many courses at once.
    While ``renewing_until`` (machine time) lies ahead, one worker is exchanging the secret for a fresh one.
    """

    __tablename__ = "lms_connection"
    __table_args__ = (UniqueConstraint("registration_id"),)

    id: Mapped[Id]
    registration_id: Mapped[int] = parent("registration.id", index=False)
    kind: Mapped[Code]
    base_url: Mapped[Url]
    secret: Mapped[Words]
    status: Mapped[Code] = mapped_column(default="ok")
    status_detail: Mapped[Words] = mapped_column(default="")
    cannot: Mapped[FactList] = mapped_column(default=list)
    paused_until: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(default=0)
    concurrency: Mapped[int] = mapped_column(default=1)
    renewing_until: Mapped[datetime | None]
    created_at: Mapped[datetime]


class Context(Base):
    """A course. It is due for a sync when ``sync_due_at`` has passed and nobody holds ``sync_claimed_until``.

    ``days_known_from`` is the first day from which the syncs came so close that they saw every active day;
    ``parts_read`` are the parts of a snapshot that were ever read. ``copied_from_id`` is the course whose norms it took
    over when the platform copied it.
    """

    __tablename__ = "context"
    __table_args__ = (
        UniqueConstraint("deployment_id", "id_on_platform"),
        Index("ix_context_sync_due_at", "sync_due_at"),
    )

    id: Mapped[Id]
    deployment_id: Mapped[int] = parent("deployment.id", index=False)
    id_on_platform: Mapped[PlatformId]
    api_id: Mapped[str | None] = mapped_column(String(255))
    title: Mapped[Title] = mapped_column(default="")
    label: Mapped[str | None] = mapped_column(String(255))
    time_zone: Mapped[str | None] = mapped_column(String(64))
    starts_at: Mapped[datetime | None]
    ends_at: Mapped[datetime | None]
    state: Mapped[Code] = mapped_column(default="active")
    memberships_url: Mapped[str | None] = mapped_column(String(2000))
    lineitems_url: Mapped[str | None] = mapped_column(String(2000))
    settings: Mapped[Facts] = mapped_column(default=dict)
    created_at: Mapped[datetime]
    launched_at: Mapped[datetime | None]
    synced_at: Mapped[datetime | None]
    sync_due_at: Mapped[datetime | None]
    sync_claimed_until: Mapped[datetime | None]
    sync_failures: Mapped[int] = mapped_column(default=0)
    sync_cursor: Mapped[Facts] = mapped_column(default=dict)
    days_known_from: Mapped[date | None]
    parts_read: Mapped[FactList] = mapped_column(default=list)
    copied_from_id: Mapped[int | None] = parent("context.id", cascade=False, nullable=True)

    deployment: Mapped[Deployment] = relationship(lazy="raise_on_sql")


class Membership(Base):
    """A person in one context; ``role`` is learner, tutor or manager, the highest *in this context* only.

    ``digest`` is that of the roster's last word (NULL: only launches told of this person); ``lms_mark`` and
    ``lms_read_at`` are what the LMS client left behind to tell next time whether the person has moved.
    """

    __tablename__ = "membership"
    __table_args__ = (
        UniqueConstraint("context_id", "person_id"),
        # How many are in the course, and who of them is here now, is asked by every page.
        Index("ix_membership_context_id_state_launched_at", "context_id", "state", "launched_at"),
    )

    id: Mapped[Id]
    context_id: Mapped[int] = parent("context.id", index=False)
    person_id: Mapped[int] = parent("person.id")
    role: Mapped[Code] = mapped_column(default="learner")
    raw_roles: Mapped[FactList] = mapped_column(default=list)
    state: Mapped[Code] = mapped_column(default="active")
    enrolled_at: Mapped[datetime | None]
    last_access_at: Mapped[datetime | None]
    never_accessed: Mapped[bool | None]
    launched_at: Mapped[datetime | None]
    grade_share: Mapped[Decimal | None] = mapped_column(Numeric(9, 6))
    motive: Mapped[str | None] = mapped_column(String(40))
    settings: Mapped[Facts] = mapped_column(default=dict)
    digest: Mapped[str | None] = mapped_column(String(64))
    lms_mark: Mapped[str | None] = mapped_column(String(255))
    lms_read_at: Mapped[datetime | None]
    created_at: Mapped[datetime]

    person: Mapped[Person] = relationship(lazy="raise_on_sql")
    context: Mapped[Context] = relationship(lazy="raise_on_sql")


class CourseGroup(Base):
    """A group or section of the course."""

    __tablename__ = "course_group"
    __table_args__ = (UniqueConstraint("context_id", "api_id"),)

    id: Mapped[Id]
    context_id: Mapped[int] = parent("context.id", index=False)
    api_id: Mapped[PlatformId]
    name: Mapped[Title]


class GroupMember(Base):
    """A membership's place in a group."""

    __tablename__ = "group_member"

    group_id: Mapped[int] = parent("course_group.id", index=False)
    membership_id: Mapped[int] = parent("membership.id")

    __table_args__ = (PrimaryKeyConstraint("group_id", "membership_id"),)


class Activity(Base):
    """A thing in the course a learner can complete; ``kind`` is one of engagement's activity kinds."""

    __tablename__ = "activity"
    __table_args__ = (UniqueConstraint("context_id", "api_id"),)

    id: Mapped[Id]
    context_id: Mapped[int] = parent("context.id", index=False)
    api_id: Mapped[PlatformId]
    kind: Mapped[Code]
    raw_kind: Mapped[Code]
    title: Mapped[Title]
    section: Mapped[str | None] = mapped_column(String(500))
    position: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime | None]
    opens_at: Mapped[datetime | None]
    closes_at: Mapped[datetime | None]
    points_possible: Mapped[Decimal | None] = mapped_column(Numeric(12, 5))
    pass_points: Mapped[Decimal | None] = mapped_column(Numeric(12, 5))
    max_attempts: Mapped[int | None]
    required: Mapped[bool | None]
    visible: Mapped[bool | None]
    tutor_marked: Mapped[bool] = mapped_column(default=False)
    url: Mapped[str | None] = mapped_column(String(2000))
    gone_at: Mapped[datetime | None]
    digest: Mapped[str | None] = mapped_column(String(64))


class ActivityProgress(Base):
    """How far one member is with one activity; NULL means that the LMS did not say, never zero."""

    __tablename__ = "activity_progress"
    __table_args__ = (UniqueConstraint("membership_id", "activity_id"),)

    id: Mapped[Id]
    membership_id: Mapped[int] = parent("membership.id", index=False)
    activity_id: Mapped[int] = parent("activity.id")
    state: Mapped[Code]
    raw_state: Mapped[str | None] = mapped_column(String(80))
    attempts: Mapped[int | None]
    score: Mapped[Decimal | None] = mapped_column(Numeric(12, 5))
    score_max: Mapped[Decimal | None] = mapped_column(Numeric(12, 5))
    score_visible: Mapped[bool | None]
    submitted_at: Mapped[datetime | None]
    graded_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    late: Mapped[bool | None]
    missing: Mapped[bool | None]
    needs_grading: Mapped[bool | None]
    digest: Mapped[str] = mapped_column(String(64))
    observed_at: Mapped[datetime]


class Attempt(Base):
    """One try at an activity; ``score_share`` runs from 0 to 1."""

    __tablename__ = "attempt"
    __table_args__ = (UniqueConstraint("membership_id", "activity_id", "number"),)

    id: Mapped[Id]
    membership_id: Mapped[int] = parent("membership.id", index=False)
    activity_id: Mapped[int] = parent("activity.id")
    number: Mapped[int]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    state: Mapped[Code]
    score_share: Mapped[Decimal | None] = mapped_column(Numeric(9, 6))
    passed: Mapped[bool | None]


class ActiveDay(Base):
    """A day (course time zone) on which a member provably did something; ``proofs`` is a bit set of the sources."""

    __tablename__ = "active_day"

    membership_id: Mapped[int] = parent("membership.id", index=False)
    day: Mapped[date]
    proofs: Mapped[int] = mapped_column(default=0)

    __table_args__ = (PrimaryKeyConstraint("membership_id", "day"),)


class SyncRun(Base):
    """One pass over one course: what it cost, what it changed and how it ended."""

    __tablename__ = "sync_run"
    __table_args__ = (Index("ix_sync_run_context_id_started_at", "context_id", "started_at"),)

    id: Mapped[Id]
    context_id: Mapped[int] = parent("context.id", index=False)
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    state: Mapped[Code] = mapped_column(default="running")
    calls: Mapped[int] = mapped_column(default=0)
    seconds: Mapped[float] = mapped_column(default=0.0)
    counts: Mapped[Facts] = mapped_column(default=dict)
    error: Mapped[str | None] = mapped_column(String(80))
    error_detail: Mapped[Words] = mapped_column(default="")


class SyncGap(Base):
    """Something the LMS could not or would not say about a course, as of its last good sync."""

    __tablename__ = "sync_gap"

    id: Mapped[Id]
    context_id: Mapped[int] = parent("context.id")
    membership_id: Mapped[int | None] = parent("membership.id", nullable=True)
    what: Mapped[str] = mapped_column(String(80))
    reason: Mapped[Code]
    detail: Mapped[Words] = mapped_column(default="")
    since: Mapped[datetime]
