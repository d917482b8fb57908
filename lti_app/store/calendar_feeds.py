"""A person's meetings as their own calendar asks for them: theirs alone, and nothing of anybody else."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, delete, select, update
from sqlalchemy.orm import Session

from lti_app.letter_words import language_of
from lti_app.models import Academy, CalendarFeed, Context, Deployment, Event, Membership, Person, Seat
from lti_app.store.channels import course_address, course_addresses
from lti_app.store.inserts import changed_rows, insert_new
from lti_app.store.refusals import NotYours

#: So far back a calendar keeps what is over.
PAST = timedelta(days=120)
MOST = 500
WINDOW = timedelta(minutes=10)
#: Calendar programs ask a few times a day; more than this in one window is not one of them.
MOST_ASKED = 30


@dataclass(frozen=True, slots=True)
class Entry:
    """A meeting for a calendar: no word that a member wrote about others, no name but the title's and the course's.

    ``link`` and ``place`` are the meeting's own; ``address`` leads to the course.
    """

    event_id: int
    title: str
    course: str
    starts_at: datetime
    ends_at: datetime
    place: str
    link: str | None
    address: str | None
    sequence: int
    changed_at: datetime
    cancelled: bool


@dataclass(frozen=True, slots=True)
class Feed:
    """All of one person's meetings; ``language`` is theirs."""

    person_id: int
    language: str
    academy: str
    entries: tuple[Entry, ...]


def secret_of(session: Session, person_id: int) -> str | None:
    """Return the secret of somebody's address, or None where they have none."""
    return session.scalar(select(CalendarFeed.secret).where(CalendarFeed.person_id == person_id))


def renew(session: Session, person_id: int, now: datetime, *, end: bool = False) -> str | None:
    """Make the secret of somebody's address anew, so that the old address ends; with ``end`` none follows."""
    if end:
        session.execute(delete(CalendarFeed).where(CalendarFeed.person_id == person_id))
        return None
    secret = secrets.token_urlsafe(24)
    values = {"secret": secret, "made_at": now, "window_at": now, "asked": 0}
    statement = update(CalendarFeed).where(CalendarFeed.person_id == person_id).values(**values)
    if (
        not changed_rows(session, statement)
        and insert_new(session, CalendarFeed, person_id=person_id, **values) is None
    ):
        # Another request has made one in the same breath: that one stands.
        return secret_of(session, person_id)
    return secret


def may_ask(session: Session, person_id: int, secret: str, now: datetime) -> bool | None:
    """Count one fetch of an address; returns None where it is not good (any more), False where it comes too often."""
    feed = session.scalar(select(CalendarFeed).where(CalendarFeed.person_id == person_id).with_for_update())
    if feed is None or not secrets.compare_digest(feed.secret, secret):
        return None
    if now - feed.window_at >= WINDOW:
        feed.window_at, feed.asked = now, 0
    if feed.asked >= MOST_ASKED:
        return False
    feed.asked += 1
    session.flush()
    return True


def feed_of(session: Session, person_id: int, now: datetime) -> Feed | None:
    """Return the meetings of one person, from every course of their registration in which they still are."""
    row = session.execute(
        select(Person.locale, Academy)
        .join(Membership, Membership.person_id == Person.id)
        .join(Context, Context.id == Membership.context_id)
        .join(Deployment, Deployment.id == Context.deployment_id)
        .join(Academy, Academy.id == Deployment.academy_id)
        .where(Person.id == person_id, Membership.state == "active", Deployment.status == "active")
        .order_by(Membership.id)
        .limit(1)
    ).one_or_none()
    if row is None:
        return None
    query = _rows().where(
        Membership.person_id == person_id, Membership.state == "active", Deployment.status == "active",
        Seat.state == "in", Event.state.in_(("on", "cancelled")), Event.ends_at > now - PAST,
    )  # fmt: skip
    rows = session.execute(query.order_by(Event.starts_at, Event.id).limit(MOST)).all()
    courses = course_addresses(session, {row[1].id for row in rows})
    entries = tuple(_entry(row[0], row[1], courses.get(row[1].id), True) for row in rows)
    return Feed(person_id, language_of(row[0], row[1].locale), row[1].name, entries)


def _rows() -> Select[Event, Context]:
    return (
        select(Event, Context)
        .join(Context, Context.id == Event.context_id)
        .join(Deployment, Deployment.id == Context.deployment_id)
        .join(Seat, Seat.event_id == Event.id)
        .join(Membership, Membership.id == Seat.membership_id)
    )


def entry_of(session: Session, context_id: int, event_id: int, membership_id: int, *, is_staff: bool) -> Entry:
    """Return one meeting of a course; its link only to those who may have it. Raises NotYours."""
    row = session.execute(
        select(Event, Context, Seat.id)
        .join(Context, Context.id == Event.context_id)
        .outerjoin(Seat, (Seat.event_id == Event.id) & (Seat.membership_id == membership_id) & (Seat.state == "in"))
        .where(Event.id == event_id, Event.context_id == context_id, Event.state.in_(("on", "cancelled")))
    ).one_or_none()
    if row is None:
        raise NotYours
    return _entry(row[0], row[1], course_address(session, context_id), is_staff or row[2] is not None)


def _entry(event: Event, context: Context, address: str | None, with_link: bool) -> Entry:
    return Entry(
        event_id=event.id,
        title=event.title,
        course=context.title or context.label or "",
        starts_at=event.starts_at,
        ends_at=event.ends_at,
        place=event.place,
        link=event.link if with_link else None,
        address=address,
        sequence=event.sequence,
        changed_at=event.changed_at,
        cancelled=event.state == "cancelled",
    )
