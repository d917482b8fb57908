"""What went well: kind words from one member to another, and the links of projects that are shown."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lti_app.models.base import Base, Code, Id, Words, parent


class Kudos(Base):
    """A kind word from one member to another; ``reason`` is one of store/kudos.REASONS.

    It may be about a post, a match (its thanks: one from each side), a meeting's thread, or an activity. ``hidden_at``:
    whoever received it wants it out of sight; ``held_at``: it waits for a moderator, and nobody has heard of it yet.
    """

    __tablename__ = "kudos"
    __table_args__ = (
        UniqueConstraint("from_id", "form_key"),
        # NULLs differ, so that only the thanks of a match are one.
        UniqueConstraint("from_id", "match_id"),
        Index("ix_kudos_to_id_created_at", "to_id", "created_at"),
        Index("ix_kudos_context_id_created_at", "context_id", "created_at"),
    )

    id: Mapped[Id]
    context_id: Mapped[int] = parent("context.id", index=False)
    from_id: Mapped[int | None] = parent("membership.id", cascade=False, index=False, nullable=True)
    to_id: Mapped[int] = parent("membership.id", index=False)
    reason: Mapped[Code]
    words: Mapped[Words] = mapped_column(default="")
    post_id: Mapped[int | None] = parent("post.id", cascade=False, nullable=True)
    match_id: Mapped[int | None] = parent("match.id", cascade=False, nullable=True)
    thread_id: Mapped[int | None] = parent("thread.id", cascade=False, nullable=True)
    activity_id: Mapped[int | None] = parent("activity.id", cascade=False, nullable=True)
    form_key: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime | None]
    hidden_at: Mapped[datetime | None]
    held_at: Mapped[datetime | None]


class ProjectLink(Base):
    """Where a project that is shown can be looked at."""

    __tablename__ = "project_link"
    __table_args__ = (UniqueConstraint("thread_id"),)

    id: Mapped[Id]
    thread_id: Mapped[int] = parent("thread.id", index=False)
    url: Mapped[str] = mapped_column(String(2000))
