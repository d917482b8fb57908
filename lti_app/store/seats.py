"""Coming to a meeting, staying away, and who is next when a seat becomes free."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lti_app.models import Event, Membership, Seat
from lti_app.store.event_telling import tell_seated
from lti_app.store.inserts import insert_new
from lti_app.store.refusals import NotYours, Taken, TooLate

#: The member's setting that says whether course mates may see that they come; it is kept from one meeting to the next.
SHOWS = "shows_seats"


def _standing(session: Session, context_id: int, event_id: int, now: datetime) -> Event:
    """Return a meeting one can still come to, its row locked: seats are given out one after the other."""
    event = session.scalar(
        select(Event)
        .where(Event.id == event_id, Event.context_id == context_id, Event.state.in_(("on", "cancelled")))
        .with_for_update()
    )
    if event is None:
        raise NotYours
    if event.state != "on" or event.ends_at <= now:
        raise TooLate
    return event


def _taken(session: Session, event_id: int) -> int:
    query = select(func.count()).select_from(Seat).join(Membership, Membership.id == Seat.membership_id)
    query = query.where(Seat.event_id == event_id, Seat.state == "in", Seat.host.is_(False))
    return session.scalar(query.where(Membership.state == "active")) or 0


def _is_full(session: Session, event: Event) -> bool:
    return event.capacity is not None and _taken(session, event.id) >= event.capacity


def sign_up(
    session: Session, context_id: int, event_id: int, membership_id: int, now: datetime, *, wait: bool = False
) -> str:
    """Give a member a seat, or with ``wait`` a place on the list where none is free; returns in or waiting.

    Doing it twice changes nothing. Raises Taken where the last seat has gone, NotYours, and TooLate when the meeting
    is over or was cancelled.
    """
    event = _standing(session, context_id, event_id, now)
    seat = session.scalar(select(Seat).where(Seat.event_id == event_id, Seat.membership_id == membership_id))
    if seat is not None and (seat.host or seat.state == "in"):
        return "in"
    full = _is_full(session, event)
    if full and not wait:
        raise Taken
    state = "waiting" if full else "in"
    if seat is None:
        member = session.get_one(Membership, membership_id)
        shown = bool((member.settings or {}).get(SHOWS))
        values = {"event_id": event_id, "membership_id": membership_id, "state": state, "at": now}
        insert_new(session, Seat, shown=shown, host=False, **values)
    elif seat.state != state:
        seat.state, seat.at, seat.attended = state, now, None
        session.flush()
    return state


def leave(session: Session, context_id: int, event_id: int, membership_id: int, now: datetime) -> bool:
    """Give a seat or a place on the list back; the next on the list gets the seat. Returns whether there was one.

    Raises NotYours, also for a host, who cancels or hands over instead, and TooLate.
    """
    event = _standing(session, context_id, event_id, now)
    seat = session.scalar(select(Seat).where(Seat.event_id == event_id, Seat.membership_id == membership_id))
    if seat is None or seat.state == "out":
        return False
    if seat.host:
        raise NotYours
    seat.state = "out"
    session.flush()
    fill_free(session, event, now)
    return True


def fill_free(session: Session, event: Event, now: datetime) -> tuple[int, ...]:
    """Give free seats to those who have waited longest, tell them, and return who they are.

    The caller holds the lock on the meeting's row. Once it has begun nobody is called in any more.
    """
    if event.state != "on" or event.starts_at <= now:
        return ()
    free = None if event.capacity is None else max(0, event.capacity - _taken(session, event.id))
    if free == 0:
        return ()
    waiting = (
        select(Seat)
        .join(Membership, Membership.id == Seat.membership_id)
        .where(Seat.event_id == event.id, Seat.state == "waiting", Membership.state == "active")
        .order_by(Seat.at, Seat.id)
        .limit(free)
    )
    called: list[int] = []
    for seat in session.scalars(waiting).all():
        seat.state, seat.at = "in", now
        called.append(seat.membership_id)
    session.flush()
    for one in called:
        key = f"event_seat:{event.id}:{now.timestamp():.0f}"
        tell_seated(session, event, "event_seat", key, now, to=[one])
    return tuple(called)


def show_me(session: Session, context_id: int, event_id: int, membership_id: int, shown: bool, now: datetime) -> None:
    """Let course mates see that a member comes, or not any more; remembered for the next meeting. Raises NotYours."""
    seat = session.scalar(
        select(Seat)
        .join(Event, Event.id == Seat.event_id)
        .where(Seat.event_id == event_id, Seat.membership_id == membership_id, Event.context_id == context_id)
    )
    if seat is None:
        raise NotYours
    seat.shown = shown
    member = session.get_one(Membership, membership_id, with_for_update=True, populate_existing=True)
    member.settings = {**(member.settings or {}), SHOWS: shown}
    session.flush()


def mark_attended(session: Session, event: Event, came: frozenset[int], asked: frozenset[int]) -> int:
    """Keep who came, as a host ticked it: of the seats that the form showed, those in ``came``; returns how many."""
    rows = session.scalars(select(Seat).where(Seat.event_id == event.id, Seat.id.in_(asked), Seat.state == "in")).all()
    for seat in rows:
        seat.attended = seat.id in came
    session.flush()
    return len(rows)
