"""Questions with answers to choose from, beneath a post."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import PrimaryKeyConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lti_app.models.base import Base, Id, Title, parent


class Poll(Base):
    """A poll beneath a post; ``many``: several answers may be chosen. What one member chose is shown to nobody else."""

    __tablename__ = "poll"
    __table_args__ = (UniqueConstraint("post_id"),)

    id: Mapped[Id]
    post_id: Mapped[int] = parent("post.id", index=False)
    many: Mapped[bool]
    closes_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class PollOption(Base):
    """One answer that can be chosen."""

    __tablename__ = "poll_option"
    __table_args__ = (UniqueConstraint("poll_id", "position"),)

    id: Mapped[Id]
    poll_id: Mapped[int] = parent("poll.id", index=False)
    position: Mapped[int]
    words: Mapped[Title]


class PollVote(Base):
    """What a member chose."""

    __tablename__ = "poll_vote"

    option_id: Mapped[int] = parent("poll_option.id", index=False)
    membership_id: Mapped[int] = parent("membership.id")
    at: Mapped[datetime] = mapped_column()

    __table_args__ = (PrimaryKeyConstraint("option_id", "membership_id"),)
