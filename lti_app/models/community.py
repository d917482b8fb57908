"""What people say to each other in a course."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, PrimaryKeyConstraint, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lti_app.models.base import Base, Code, Id, Title, Words, parent


class Thread(Base):
    """A conversation: a discussion of the course, the private one of a match, or a circle's own."""

    __tablename__ = "thread"
    __table_args__ = (
        Index("ix_thread_context_id_kind_moved_at", "context_id", "kind", "moved_at"),
        Index("uq_thread_match_id", "match_id", unique=True),
        Index("uq_thread_circle_id", "circle_id", unique=True),
        # As for a post: a double click starts one thread.
        UniqueConstraint("author_id", "form_key"),
    )

    id: Mapped[Id]
    context_id: Mapped[int] = parent("context.id", index=False)
    kind: Mapped[Code] = mapped_column(default="talk")
    title: Mapped[Title] = mapped_column(default="")
    author_id: Mapped[int | None] = parent("membership.id", cascade=False, nullable=True)
    activity_id: Mapped[int | None] = parent("activity.id", cascade=False, nullable=True)
    match_id: Mapped[int | None] = parent("match.id", index=False, nullable=True)
    circle_id: Mapped[int | None] = parent("circle.id", index=False, nullable=True)
    form_key: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime]
    moved_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    hidden_at: Mapped[datetime | None]


class ThreadSeen(Base):
    """How far one member has read one thread."""

    __tablename__ = "thread_seen"

    thread_id: Mapped[int] = parent("thread.id", index=False)
    membership_id: Mapped[int] = parent("membership.id")
    seen_at: Mapped[datetime]

    __table_args__ = (PrimaryKeyConstraint("thread_id", "membership_id"),)


class Post(Base):
    """One thing said in a thread; ``voice`` is member, or academy for the words that open a private thread."""

    __tablename__ = "post"
    __table_args__ = (
        Index("ix_post_thread_id_created_at", "thread_id", "created_at"),
        # The form carries a key of its own, so that a double click or a retried request says it once.
        UniqueConstraint("thread_id", "form_key"),
    )

    id: Mapped[Id]
    thread_id: Mapped[int] = parent("thread.id", index=False)
    author_id: Mapped[int | None] = parent("membership.id", cascade=False, nullable=True)
    voice: Mapped[Code] = mapped_column(default="member")
    body: Mapped[Words]
    form_key: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime]
    edited_at: Mapped[datetime | None]
    hidden_at: Mapped[datetime | None]


class Reaction(Base):
    """A member's warm sign on a post or a milestone."""

    __tablename__ = "reaction"
    __table_args__ = (UniqueConstraint("membership_id", "post_id", "milestone_id"),)

    id: Mapped[Id]
    membership_id: Mapped[int] = parent("membership.id", index=False)
    post_id: Mapped[int | None] = parent("post.id", nullable=True)
    milestone_id: Mapped[int | None] = parent("milestone.id", nullable=True)
    created_at: Mapped[datetime]
