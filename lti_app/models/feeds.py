"""What an LMS sends by itself: the feeds we take, the events they told already, and the words we do not know."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import PrimaryKeyConstraint, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lti_app.models.base import Base, Id, parent


class EventFeed(Base):
    """An address to which one platform sends events; of its secret only a digest is kept.

    ``ref`` names the feed in addresses and is no secret. ``taken`` counts events that were new; of these ``unplaced``
    named no course that we know, ``late`` told what a sync had seen already, and ``strange`` used an unknown word.
    """

    __tablename__ = "event_feed"
    __table_args__ = (UniqueConstraint("registration_id"), UniqueConstraint("ref"))

    id: Mapped[Id]
    registration_id: Mapped[int] = parent("registration.id", index=False)
    ref: Mapped[str] = mapped_column(String(32))
    secret_digest: Mapped[str] = mapped_column(String(64))
    taken: Mapped[int] = mapped_column(default=0)
    repeated: Mapped[int] = mapped_column(default=0)
    unplaced: Mapped[int] = mapped_column(default=0)
    late: Mapped[int] = mapped_column(default=0)
    strange: Mapped[int] = mapped_column(default=0)
    last_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class FeedEvent(Base):
    """An event that was told: its primary key is what makes a second telling harmless, in every process.

    Only a digest is kept: what the event says of people is not needed, for the next sync asks the LMS itself.
    """

    __tablename__ = "feed_event"

    feed_id: Mapped[int] = parent("event_feed.id", index=False)
    key: Mapped[str] = mapped_column(String(64))
    expires_at: Mapped[datetime] = mapped_column(index=True)

    __table_args__ = (PrimaryKeyConstraint("feed_id", "key"),)


class FeedWord(Base):
    """A verb that we do not know, how often it came, and when last: what to teach Regista, or to switch off there."""

    __tablename__ = "feed_word"

    feed_id: Mapped[int] = parent("event_feed.id", index=False)
    word: Mapped[str] = mapped_column(String(255))
    count: Mapped[int] = mapped_column(default=0)
    last_at: Mapped[datetime]

    __table_args__ = (PrimaryKeyConstraint("feed_id", "word"),)
