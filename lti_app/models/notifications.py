"""What moved that concerns one member."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lti_app.models.base import Base, Code, Facts, Id, parent


class Notification(Base):
    """One thing that moved and concerns one member, told in the panel and in digests; ``key`` makes it once.

    ``kind`` says what (see ``lti_app.store.notifications``), ``facts`` hold ids and titles for its words.
    """

    __tablename__ = "notification"
    __table_args__ = (
        UniqueConstraint("membership_id", "key"),
        Index("ix_notification_membership_id_made_at", "membership_id", "made_at"),
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
