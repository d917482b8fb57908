"""When the course meets: events, who has a seat, what the LMS's calendar holds, and each person's own feed."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Index, String, UniqueConstraint, false, true
from sqlalchemy.orm import Mapped, mapped_column

from lti_app.models.base import Base, Code, Id, Title, Words, parent


class Event(Base):
    """A meeting of the course: ``kind`` is qa, webinar or study.

    ``state``: proposed (a member's, staff has not said yes yet), on, cancelled, declined. ``sequence`` counts the
    changes that calendars must hear of (RFC 5545), ``timed_at`` is when its time was last set: reminders that were due
    before that are not made up for. ``day_told_at`` and ``hour_told_at`` make each reminder go out once.
    """

    __tablename__ = "event"
    __table_args__ = (
        Index("ix_event_context_id_starts_at", "context_id", "starts_at"),
        Index("ix_event_state_starts_at", "state", "starts_at"),
        UniqueConstraint("by_id", "form_key"),
    )

    id: Mapped[Id]
    context_id: Mapped[int] = parent("context.id", index=False)
    kind: Mapped[Code]
    state: Mapped[Code] = mapped_column(default="on")
    title: Mapped[Title]
    words: Mapped[Words] = mapped_column(default="")
    bring: Mapped[str] = mapped_column(String(300), default="")
    guests: Mapped[str] = mapped_column(String(300), default="")
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    place: Mapped[str] = mapped_column(String(300), default="")
    link: Mapped[str | None] = mapped_column(String(2000))
    capacity: Mapped[int | None]
    activity_id: Mapped[int | None] = parent("activity.id", cascade=False, nullable=True)
    section: Mapped[str | None] = mapped_column(String(500))
    outcome: Mapped[str | None] = mapped_column(String(300))
    thread_id: Mapped[int | None] = parent("thread.id", cascade=False, nullable=True)
    series_id: Mapped[int | None] = parent("event_series.id", cascade=False, nullable=True)
    by_id: Mapped[int | None] = parent("membership.id", cascade=False, index=False, nullable=True)
    form_key: Mapped[str | None] = mapped_column(String(64))
    sequence: Mapped[int] = mapped_column(default=0)
    notes: Mapped[Words] = mapped_column(default="")
    recording: Mapped[str | None] = mapped_column(String(2000))
    reason: Mapped[Words] = mapped_column(default="")
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    indexed_at: Mapped[datetime | None]
    timed_at: Mapped[datetime]
    day_told_at: Mapped[datetime | None]
    hour_told_at: Mapped[datetime | None]
    notes_told_at: Mapped[datetime | None]


class EventSeries(Base):
    """Meetings that come every week up to a day; each of them is an event of its own."""

    __tablename__ = "event_series"

    id: Mapped[Id]
    context_id: Mapped[int] = parent("context.id")
    until_on: Mapped[date]
    made_at: Mapped[datetime]


class Seat(Base):
    """A member's place at an event; ``state`` is in, waiting or out.

    A host sits outside the capacity. ``at`` is since when: the waiting list goes by it. ``shown``: course mates see
    the face among those who come. ``attended`` is a host's mark afterwards, where they make one.
    """

    __tablename__ = "seat"
    __table_args__ = (
        UniqueConstraint("event_id", "membership_id"),
        Index("ix_seat_membership_id_state", "membership_id", "state"),
    )

    id: Mapped[Id]
    event_id: Mapped[int] = parent("event.id", index=False)
    membership_id: Mapped[int] = parent("membership.id", index=False)
    state: Mapped[Code] = mapped_column(default="in")
    host: Mapped[bool] = mapped_column(default=False, server_default=false())
    shown: Mapped[bool] = mapped_column(default=False, server_default=false())
    at: Mapped[datetime]
    attended: Mapped[bool | None]


class CalendarEntry(Base):
    """What the LMS's own calendar should hold of an event, and what it does hold.

    ``state``: due, sending (written before a call that must not happen twice), there, gone, unsure (nobody knows
    whether it arrived: it is looked up before anything else), refused. ``wanted``: it should stand there. ``written``
    is the event's ``sequence`` that the LMS has, -1 for none. Claims end at machine time ``claimed_until``.
    """

    __tablename__ = "calendar_entry"
    __table_args__ = (UniqueConstraint("event_id"), Index("ix_calendar_entry_state_due_at", "state", "due_at"))

    id: Mapped[Id]
    event_id: Mapped[int] = parent("event.id", index=False)
    state: Mapped[Code] = mapped_column(default="due")
    wanted: Mapped[bool] = mapped_column(default=True, server_default=true())
    lms_id: Mapped[str | None] = mapped_column(String(255))
    written: Mapped[int] = mapped_column(default=-1)
    tries: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime]
    claimed_until: Mapped[datetime | None]
    detail: Mapped[str] = mapped_column(String(500), default="")


class CalendarFeed(Base):
    """The secret part of one person's calendar address; a new one ends the old address at once.

    ``window_at`` and ``asked`` count how often it was fetched lately, in every process.
    """

    __tablename__ = "calendar_feed"
    __table_args__ = (UniqueConstraint("person_id"),)

    id: Mapped[Id]
    person_id: Mapped[int] = parent("person.id", index=False)
    secret: Mapped[str] = mapped_column(String(64))
    made_at: Mapped[datetime]
    window_at: Mapped[datetime]
    asked: Mapped[int] = mapped_column(default=0)
