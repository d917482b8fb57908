"""What people say to each other in a course: threads, posts, and the small signs on them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, PrimaryKeyConstraint, String, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column

from lti_app.models.base import Base, Code, Id, Title, Words, parent

ACCEPTED = text("accepted_at IS NOT NULL")
NOT_INDEXED = text("indexed_at IS NULL")
ON_POST = text("post_id IS NOT NULL")
ON_MILESTONE = text("milestone_id IS NOT NULL")
PINNED = text("pinned_at IS NOT NULL")
OF_MATCH = text("match_id IS NOT NULL")
OF_CIRCLE = text("circle_id IS NOT NULL")
NOT_RAISED = text("kind = 'ask' AND raised_at IS NULL")


class Thread(Base):
    """A conversation: a discussion of the course, the private one of a match, or a circle's own.

    ``kind``: talk, ask (a question), idea, win (a project shown), event (questions and notes of a meeting), match or
    circle. ``anonymous``: its author is hidden from peers, never from staff. ``closed_at``: it can be read, not
    answered; ``archived_at``: it has left the lists; ``merged_into_id``: its posts went to another thread.
    ``indexed_at``: its words are in the index; NULL once they have changed (``lti_app.store.words_index``).
    ``group_key``: only that group of the LMS and staff read it (``lti_app.store.apart``).
    ``raised_at``: a question has waited too long and the tutors heard of it.
    """

    __tablename__ = "thread"
    __table_args__ = (
        # The frame of every page counts what is new, over all threads of a course: from this index alone.
        Index(
            "ix_thread_listed",
            *("context_id", "kind", "moved_at", "hidden_at", "merged_into_id", "archived_at", "match_id"),
            *("group_key", "author_id", "created_at"),
        ),
        Index("ix_thread_pinned", "context_id", "kind", "pinned_at", sqlite_where=PINNED, postgresql_where=PINNED),
        # Most threads have neither: an index full of nothing is one that SQLite thinks of no use.
        Index("uq_thread_match", "match_id", unique=True, sqlite_where=OF_MATCH, postgresql_where=OF_MATCH),
        Index("uq_thread_circle", "circle_id", unique=True, sqlite_where=OF_CIRCLE, postgresql_where=OF_CIRCLE),
        Index("ix_thread_not_raised", "created_at", sqlite_where=NOT_RAISED, postgresql_where=NOT_RAISED),
        Index("ix_thread_not_indexed", "id", sqlite_where=NOT_INDEXED, postgresql_where=NOT_INDEXED),
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
    section: Mapped[str | None] = mapped_column(String(500))
    group_key: Mapped[str | None] = mapped_column(String(255))
    anonymous: Mapped[bool] = mapped_column(default=False, server_default=false())
    form_key: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime]
    moved_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    hidden_at: Mapped[datetime | None]
    pinned_at: Mapped[datetime | None]
    archived_at: Mapped[datetime | None]
    merged_into_id: Mapped[int | None] = parent("thread.id", cascade=False, nullable=True)
    indexed_at: Mapped[datetime | None]
    raised_at: Mapped[datetime | None]


class ThreadVote(Base):
    """A member's "same question" on a question, or their voice for an idea."""

    __tablename__ = "thread_vote"

    thread_id: Mapped[int] = parent("thread.id", index=False)
    membership_id: Mapped[int] = parent("membership.id")
    at: Mapped[datetime]

    __table_args__ = (PrimaryKeyConstraint("thread_id", "membership_id"),)


class ThreadSeen(Base):
    """How far one member has read one thread."""

    __tablename__ = "thread_seen"

    thread_id: Mapped[int] = parent("thread.id", index=False)
    membership_id: Mapped[int] = parent("membership.id")
    seen_at: Mapped[datetime]

    __table_args__ = (PrimaryKeyConstraint("thread_id", "membership_id"),)


class Post(Base):
    """One thing said in a thread; ``voice`` is member, or academy for the words that open a private thread.

    ``accepted_at``: whoever asked says that this answers it (one post a thread); ``endorsed_at``: a tutor confirms it.
    ``held_at``: it waits for a moderator and only its author and staff see it; ``hidden_at``: a moderator took it away;
    ``deleted_at``: its author did.
    """

    __tablename__ = "post"
    __table_args__ = (
        # Posts are counted, and looked for, by who may see them: from this index alone.
        Index(
            "ix_post_shown",
            *("thread_id", "created_at", "author_id", "voice", "hidden_at", "held_at", "deleted_at", "endorsed_at"),
        ),
        # The form carries a key of its own, so that a double click or a retried request says it once.
        UniqueConstraint("thread_id", "form_key"),
        Index("uq_post_accepted", "thread_id", unique=True, sqlite_where=ACCEPTED, postgresql_where=ACCEPTED),
    )

    id: Mapped[Id]
    thread_id: Mapped[int] = parent("thread.id", index=False)
    author_id: Mapped[int | None] = parent("membership.id", cascade=False, nullable=True)
    anonymous: Mapped[bool] = mapped_column(default=False, server_default=false())
    voice: Mapped[Code] = mapped_column(default="member")
    body: Mapped[Words]
    form_key: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime]
    edited_at: Mapped[datetime | None]
    held_at: Mapped[datetime | None]
    hidden_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]
    accepted_at: Mapped[datetime | None]
    endorsed_at: Mapped[datetime | None]
    endorsed_by_id: Mapped[int | None] = parent("membership.id", cascade=False, index=False, nullable=True)


class PostRevision(Base):
    """What a post said before it was edited at ``until``."""

    __tablename__ = "post_revision"

    id: Mapped[Id]
    post_id: Mapped[int] = parent("post.id")
    body: Mapped[Words]
    until: Mapped[datetime]


class ThreadRevision(Base):
    """What a thread was called before ``by_id`` gave it another title at ``until``."""

    __tablename__ = "thread_revision"

    id: Mapped[Id]
    thread_id: Mapped[int] = parent("thread.id")
    title: Mapped[Title]
    by_id: Mapped[int | None] = parent("membership.id", cascade=False, index=False, nullable=True)
    until: Mapped[datetime]


class Mention(Base):
    """A member who is named in a post."""

    __tablename__ = "mention"

    post_id: Mapped[int] = parent("post.id", index=False)
    membership_id: Mapped[int] = parent("membership.id")

    __table_args__ = (PrimaryKeyConstraint("post_id", "membership_id"),)


class Reaction(Base):
    """A member's warm sign on a post or a milestone; ``kind``: heart or thanks."""

    __tablename__ = "reaction"
    # Of the two columns one is always NULL, and NULLs are never the same: so there are two partial keys.
    __table_args__ = (
        Index(
            "uq_reaction_post",
            "membership_id",
            "post_id",
            "kind",
            unique=True,
            sqlite_where=ON_POST,
            postgresql_where=ON_POST,
        ),
        Index(
            "uq_reaction_milestone",
            "membership_id",
            "milestone_id",
            "kind",
            unique=True,
            sqlite_where=ON_MILESTONE,
            postgresql_where=ON_MILESTONE,
        ),
    )

    id: Mapped[Id]
    membership_id: Mapped[int] = parent("membership.id", index=False)
    post_id: Mapped[int | None] = parent("post.id", nullable=True)
    milestone_id: Mapped[int | None] = parent("milestone.id", nullable=True)
    kind: Mapped[Code] = mapped_column(default="heart", server_default="heart")
    created_at: Mapped[datetime]
