"""The meetings of a course as one person may see them; never another course's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select
from sqlalchemy.orm import Session

from lti_app.models import CalendarEntry, Event, Material, Membership, Seat
from lti_app.store import people
from lti_app.store.built import built
from lti_app.store.course_facts import activity_refs
from lti_app.store.event_views import EventLine, EventView, SeatView, Viewer
from lti_app.store.places import Beside, stands_at
from lti_app.store.refusals import NotYours
from lti_app.store.views import ActivityRef, Face

PAGE = 20
EVERYWHERE = Beside()
FACES = 5
MOST_SEATS = 500


@dataclass(slots=True)
class _Seats:
    """The seats of one meeting, as far as a list needs them."""

    taken: int = 0
    waiting: int = 0
    mine: str = ""
    hosts: list[int] = field(default_factory=list)
    shown: list[int] = field(default_factory=list)


def _visible(viewer: Viewer) -> Select[Event]:
    """Select the meetings of the viewer's course; a proposal is seen by staff and by who made it."""
    query = select(Event).where(Event.context_id == viewer.context_id)
    if viewer.is_staff:
        return query.where(Event.state != "declined")
    mine = and_(Event.by_id == viewer.membership_id, Event.state.in_(("proposed", "declined")))
    return query.where(or_(Event.state.in_(("on", "cancelled")), mine))


def coming_up(
    session: Session, viewer: Viewer, now: datetime, *, place: Beside = EVERYWHERE, limit: int = 100
) -> tuple[EventLine, ...]:
    """Return the meetings that are not over, the next one first, in five queries whatever their number."""
    query = _visible(viewer).where(Event.ends_at > now, Event.state != "declined")
    query = query.where(stands_at(place, viewer.context_id, Event.activity_id.expression, Event.section.expression))
    rows = session.scalars(query.order_by(Event.starts_at, Event.id).limit(limit)).all()
    return _lines(session, viewer, rows, now)


def past(
    session: Session, viewer: Viewer, now: datetime, *, before: int | None = None, place: Beside = EVERYWHERE
) -> tuple[EventLine, ...]:
    """Return meetings that are over, the last one first; ``before`` is the id of the last one already shown."""
    query = _visible(viewer).where(Event.ends_at <= now, Event.state.in_(("on", "cancelled")))
    query = query.where(stands_at(place, viewer.context_id, Event.activity_id.expression, Event.section.expression))
    last = session.get(Event, before) if before is not None else None
    if last is not None and last.context_id == viewer.context_id:
        earlier = and_(Event.starts_at == last.starts_at, Event.id < last.id)
        query = query.where(or_(Event.starts_at < last.starts_at, earlier))
    rows = session.scalars(query.order_by(Event.starts_at.desc(), Event.id.desc()).limit(PAGE + 1)).all()
    return _lines(session, viewer, rows, now)


@built
def _next(context_id: int, now: datetime) -> Select[Event]:
    query = select(Event).where(Event.context_id == context_id, Event.state == "on", Event.ends_at > now)
    return query.order_by(Event.starts_at, Event.id).limit(1)


def next_one(session: Session, viewer: Viewer, now: datetime) -> EventLine | None:
    """Return the meeting to show on the home panel: the next that stands, one of my own before others at that time."""
    row = session.scalars(*_next(viewer.context_id, now)).one_or_none()
    return _lines(session, viewer, [row], now)[0] if row is not None else None


def proposals_waiting(context_id: int, now: datetime) -> ColumnElement[int]:
    """Count the study sessions that wait for a yes of the staff."""
    due = (Event.context_id == context_id, Event.state == "proposed", Event.starts_at > now)
    return select(func.count()).select_from(Event).where(*due).scalar_subquery()


def read_event(session: Session, viewer: Viewer, event_id: int, now: datetime) -> EventView:
    """Return one meeting of the viewer's course; raises NotYours."""
    event = session.scalar(_visible(viewer).where(Event.id == event_id))
    if event is None:
        raise NotYours
    (line,) = _lines(session, viewer, [event], now)
    entry = session.scalar(select(CalendarEntry).where(CalendarEntry.event_id == event.id)) if viewer.is_staff else None
    mine = session.scalar(select(Seat).where(Seat.event_id == event.id, Seat.membership_id == viewer.membership_id))
    kept = event.recording is not None and session.scalar(
        select(Material.id).where(Material.event_id == event.id, Material.state.in_(("shown", "waiting"))).limit(1)
    )
    last, more = _series(session, event)
    return EventView(
        line=line,
        words=event.words,
        link=event.link if line.is_mine or line.may_lead else None,
        outcome=event.outcome or "",
        shown=bool(mine and mine.shown),
        place_in_line=_place_in_line(session, mine) if mine else 0,
        notes=event.notes,
        recording=event.recording,
        reason=event.reason,
        sequence=event.sequence,
        seats=_seats(session, event) if line.may_lead else (),
        in_calendar=entry.state if entry else "",
        calendar_detail=entry.detail if entry else "",
        capacity=event.capacity,
        by=people.faces(session, [event.by_id], to_staff=viewer.is_staff).get(event.by_id or 0),
        kept_in_library=bool(kept),
        weekly_until=last,
        more=more,
        open_weeks=_open_weeks(session, event, line, viewer, now),
    )


def _series(session: Session, event: Event) -> tuple[datetime | None, int]:
    """Return when the last of its series is, and how many stand after this one."""
    if event.series_id is None:
        return None, 0
    later = func.count().filter(Event.starts_at > event.starts_at)
    standing = (Event.series_id == event.series_id, Event.state.in_(("on", "proposed")))
    row = session.execute(select(func.max(Event.starts_at), later).where(*standing)).one()
    return row[0], row[1]


def _open_weeks(session: Session, event: Event, line: EventLine, viewer: Viewer, now: datetime) -> int:
    """Count the others of its series that are still to come and to which the viewer does not come.

    Whoever comes to this one and took another back has said how it is with that one: it does not count.
    """
    if event.series_id is None or not viewer.membership_id:
        return 0
    mine = and_(Seat.event_id == Event.id, Seat.membership_id == viewer.membership_id)
    unsaid = Seat.id.is_(None) if line.mine else or_(Seat.id.is_(None), Seat.state == "out")
    others = (Event.series_id == event.series_id, Event.id != event.id, Event.state == "on", Event.ends_at > now)
    query = select(func.count()).select_from(Event).outerjoin(Seat, mine).where(*others, unsaid)
    return session.scalar(query) or 0


def _place_in_line(session: Session, mine: Seat) -> int:
    if mine.state != "waiting":
        return 0
    before = or_(Seat.at < mine.at, and_(Seat.at == mine.at, Seat.id <= mine.id))
    query = select(func.count()).select_from(Seat).join(Membership, Membership.id == Seat.membership_id)
    query = query.where(Seat.event_id == mine.event_id, Seat.state == "waiting", Membership.state == "active", before)
    return session.scalar(query) or 0


def _seats(session: Session, event: Event) -> tuple[SeatView, ...]:
    rows = session.scalars(
        select(Seat)
        .join(Membership, Membership.id == Seat.membership_id)
        .where(Seat.event_id == event.id, Seat.host.is_(False), Seat.state.in_(("in", "waiting")))
        .where(Membership.state == "active")
        .order_by(case((Seat.state == "in", 0), else_=1), Seat.at, Seat.id)
        .limit(MOST_SEATS)
    ).all()
    known = people.faces(session, [row.membership_id for row in rows], to_staff=True)
    return tuple(SeatView(row.id, known[row.membership_id], row.state, row.attended) for row in rows)


def _lines(session: Session, viewer: Viewer, rows: Sequence[Event], now: datetime) -> tuple[EventLine, ...]:
    seats = _seats_of(session, viewer, [row.id for row in rows])
    wanted = {one for found in seats.values() for one in (*found.hosts, *found.shown)}
    known = people.faces(session, wanted, to_staff=viewer.is_staff)
    activities = activity_refs(session, {row.activity_id for row in rows})
    return tuple(_line(row, seats[row.id], known, activities, viewer, now) for row in rows)


def _seats_of(session: Session, viewer: Viewer, event_ids: list[int]) -> dict[int, _Seats]:
    """Count the seats of these meetings in one query and fetch the few that are shown in another."""
    found = {event_id: _Seats() for event_id in event_ids}
    if not event_ids:
        return found
    held = select(Seat).join(Membership, Membership.id == Seat.membership_id)
    held = held.where(Seat.event_id.in_(event_ids), Membership.state == "active", Seat.state.in_(("in", "waiting")))
    counts = held.with_only_columns(Seat.event_id, Seat.state, Seat.host, func.count())
    for event_id, state, host, count in session.execute(counts.group_by(Seat.event_id, Seat.state, Seat.host)):
        seats = found[event_id]
        if state == "waiting":
            seats.waiting += count
        else:
            seats.taken += 0 if host else count
    sort = case((Seat.host.is_(True), 0), (Seat.membership_id == viewer.membership_id, 1), else_=2)
    number = func.row_number().over(partition_by=(Seat.event_id, sort), order_by=(Seat.at, Seat.id)).label("number")
    some = held.with_only_columns(Seat.event_id, Seat.membership_id, Seat.state, Seat.host, Seat.shown, number)
    mine = Seat.membership_id == viewer.membership_id
    few = some.where(or_(Seat.host.is_(True), mine, and_(Seat.shown.is_(True), Seat.state == "in"))).subquery()
    rows = session.execute(select(few).where(few.c.number <= FACES).order_by(few.c.number))
    for event_id, member_id, state, host, shown, _number in rows:
        seats = found[event_id]
        if member_id == viewer.membership_id:
            seats.mine = "host" if host else state
        if host:
            seats.hosts.append(member_id)
        elif shown and state == "in":
            seats.shown.append(member_id)
    return found


def _line(
    event: Event,
    seats: _Seats,
    known: dict[int, Face],
    activities: dict[int, ActivityRef],
    viewer: Viewer,
    now: datetime,
) -> EventLine:
    return EventLine(
        id=event.id,
        kind=event.kind,
        state=event.state,
        title=event.title,
        starts_at=event.starts_at,
        ends_at=event.ends_at,
        hosts=tuple(known[one] for one in seats.hosts if one in known),
        guests=event.guests,
        coming=seats.taken,
        waiting=seats.waiting,
        free=None if event.capacity is None else max(0, event.capacity - seats.taken),
        mine=seats.mine,
        faces=tuple(known[one] for one in seats.shown[:FACES] if one in known),
        activity=activities.get(event.activity_id or 0),
        section=event.section or "",
        place=event.place,
        online=event.link is not None,
        bring=event.bring,
        may_lead=viewer.is_staff or seats.mine == "host",
        is_over=event.ends_at <= now,
        has_notes=bool(event.notes or event.recording),
        weekly=event.series_id is not None,
    )
