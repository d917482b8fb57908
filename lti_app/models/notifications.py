"""What moved that concerns one member."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, PrimaryKeyConstraint, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from lti_app.models.base import Base, Code, Facts, Id, parent

UNSEEN = text("seen_at IS NULL")


class Notification(Base):
    """One thing that moved and concerns one member, told in the panel and in digests; ``key`` makes it once.

    ``kind`` says what (see ``lti_app.store.notifications``), ``facts`` hold ids and titles for its words.
    """

    __tablename__ = "notification"
    __table_args__ = (
        UniqueConstraint("membership_id", "key"),
        Index("ix_notification_membership_id_made_at", "membership_id", "made_at"),
        # Every page counts what somebody has not seen: few rows, whatever they have heard in half a year.
        Index("ix_notification_unseen", "membership_id", "made_at", sqlite_where=UNSEEN, postgresql_where=UNSEEN),
    )

    id: Mapped[Id]
    membership_id: Mapped[int] = parent("membership.id", index=False)
    key: Mapped[str] = mapped_column(String(120))
    kind: Mapped[Code]
    by_id: Mapped[int | None] = parent("membership.id", cascade=False, index=False, nullable=True)
    thread_id: Mapped[int | None] = parent("thread.id", nullable=True)
    post_id: Mapped[int | None] = parent("post.id", nullable=True)
    facts: Mapped[Facts] = mapped_column(default=dict)
    made_at: Mapped[datetime]
    seen_at: Mapped[datetime | None]
    digested_at: Mapped[datetime | None]


class DigestPlan(Base):
    """When one person's next digest is to be made: ``every`` is day, week or never, ``weekday`` counts from Monday.

    ``scheduled`` is False for a plan that no tick has looked at yet: it only says that this person has heard something.
    """

    __tablename__ = "digest_plan"

    person_id: Mapped[int] = parent("person.id", index=False)
    every: Mapped[Code] = mapped_column(default="week")
    weekday: Mapped[int] = mapped_column(default=0)
    scheduled: Mapped[bool] = mapped_column(default=False)
    due_at: Mapped[datetime] = mapped_column(index=True)

    __table_args__ = (PrimaryKeyConstraint("person_id"),)
