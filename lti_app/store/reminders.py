"""Reminding people of what they have signed up for: a day and an hour before, each once, and never in the night."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from lti_app.models import Event, Membership, Prompt, Seat
from lti_app.store.event_telling import tell_seated
from lti_app.store.seats import fill_free

SPANS = {"day": timedelta(days=1), "hour": timedelta(hours=1)}
#: So shortly before it begins "tomorrow" is no word any more: the hour's reminder follows anyway.
TOO_LATE_FOR_DAY = timedelta(hours=2)
MOST = 200


def due(session: Session, now: datetime) -> list[tuple[int, str]]:
    """Return the meetings of which people are to be reminded now, and by which of the two."""
    rows = session.execute(
        select(Event.id, Event.starts_at, Event.day_told_at, Event.hour_told_at)
        .where(Event.state == "on", Event.starts_at > now, Event.starts_at <= now + SPANS["day"])
        .where(
            or_(
                Event.day_told_at.is_(None),
                and_(Event.hour_told_at.is_(None), Event.starts_at <= now + SPANS["hour"]),
            )
        )
        .order_by(Event.starts_at, Event.id)
        .limit(MOST)
    )
    found = []
    for row in rows:
        if row.day_told_at is None:
            found.append((row.id, "day"))
        if row.hour_told_at is None and row.starts_at <= now + SPANS["hour"]:
            found.append((row.id, "hour"))
    return found


def remind(session: Session, event_id: int, which: str, now: datetime) -> int:
    """Tell those who signed up before the reminder was due, once; returns how many heard it.

    Whoever signed up (or for whom it was moved) later than that knows it anyway.
    """
    event = session.scalar(
        select(Event).where(Event.id == event_id).with_for_update().execution_options(populate_existing=True)
    )
    told = f"{which}_told_at"
    if event is None or event.state != "on" or event.starts_at <= now or getattr(event, told) is not None:
        return 0
    mark = event.starts_at - SPANS[which]
    if mark > now:
        return 0
    setattr(event, told, now)
    if event.timed_at > mark or (which == "day" and event.starts_at - now < TOO_LATE_FOR_DAY):
        return 0
    query = select(Seat.membership_id).join(Membership, Membership.id == Seat.membership_id)
    query = query.where(Seat.event_id == event_id, Seat.state == "in", Seat.at <= mark, Membership.state == "active")
    ids = list(session.scalars(query.order_by(Seat.id)))
    key = f"event_soon:{which}:{event_id}:{event.starts_at.timestamp():.0f}"
    return tell_seated(session, event, "event_soon", key, now, to=ids, facts={"what": which})


def with_room(session: Session, now: datetime) -> list[int]:
    """Return meetings to come where somebody waits although a seat is free: its member has left the course."""
    held = (
        select(Seat.event_id, Seat.state, func.count().label("seats"))
        .join(Membership, Membership.id == Seat.membership_id)
        .join(Event, Event.id == Seat.event_id)
        .where(Event.state == "on", Event.starts_at > now, Membership.state == "active", Seat.host.is_(False))
        .where(Seat.state.in_(("in", "waiting")))
        .group_by(Seat.event_id, Seat.state)
        .subquery()
    )
    waiting, taken = held.alias(), held.alias()
    query = (
        select(Event.id)
        .join(waiting, and_(waiting.c.event_id == Event.id, waiting.c.state == "waiting"))
        .outerjoin(taken, and_(taken.c.event_id == Event.id, taken.c.state == "in"))
        .where(or_(Event.capacity.is_(None), Event.capacity > func.coalesce(taken.c.seats, 0)))
    )
    return list(session.scalars(query.order_by(Event.starts_at).limit(MOST)))


def fill(session: Session, event_id: int, now: datetime) -> int:
    """Give the free seats of a meeting to those who wait, and return how many were called in."""
    event = session.scalar(
        select(Event).where(Event.id == event_id).with_for_update().execution_options(populate_existing=True)
    )
    return len(fill_free(session, event, now)) if event is not None else 0


def still_wanted(session: Session, prompt: Prompt, now: datetime) -> bool:
    """Return whether a message about a meeting still makes sense: it is to come, as it says, and they have a seat."""
    event = session.get(Event, prompt.facts.get("event_id") or 0, populate_existing=True)
    if event is None or event.ends_at <= now:
        return False
    state = session.scalar(
        select(Seat.state).where(Seat.event_id == event.id, Seat.membership_id == prompt.membership_id)
    )
    if prompt.kind == "event_changed":
        # A later change says all that this one would.
        return state in ("in", "waiting") and event.sequence == prompt.facts.get("sequence")
    as_said = event.starts_at.isoformat() == prompt.facts.get("starts_at")
    return state == "in" and event.state == "on" and as_said and event.starts_at > now
