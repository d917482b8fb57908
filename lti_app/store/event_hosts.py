"""Who leads a meeting, what it may be tied to, and what is written down of what staff did about it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_app.models import Activity, AuditEntry, Context, Deployment, Event, Membership, Person, Seat
from lti_app.store import people
from lti_app.store.event_views import Viewer
from lti_app.store.inserts import insert_new
from lti_app.store.refusals import NotYours
from lti_app.store.views import Face

MAX_HOSTS = 8
MOST_STAFF = 40


def staff_to_ask(session: Session, context_id: int, but: int) -> tuple[Face, ...]:
    """Return the course's staff, who can be named as hosts beside whoever calls a meeting."""
    rows = session.execute(
        select(Membership.id, Person)
        .join(Person, Person.id == Membership.person_id)
        .where(Membership.context_id == context_id, Membership.state == "active", Membership.role != "learner")
        .where(Membership.id != but)
        .order_by(Membership.id)
        .limit(MOST_STAFF)
    )
    return tuple(people.face(row[0], row[1], to_staff=True) for row in rows)


def leads(session: Session, viewer: Viewer, event_id: int) -> Event:
    """Return a meeting that the viewer leads, its row locked: staff lead all of the course's. Raises NotYours."""
    event = session.scalar(
        select(Event)
        .where(Event.id == event_id, Event.context_id == viewer.context_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if event is None:
        raise NotYours
    hosting = select(Seat.id).where(
        Seat.event_id == event_id, Seat.membership_id == viewer.membership_id, Seat.host.is_(True)
    )
    if not viewer.is_staff and session.scalar(hosting) is None:
        raise NotYours
    return event


def check_tie(session: Session, context_id: int, activity_id: int | None) -> None:
    """Raise NotYours for an activity that is not of this course."""
    own = select(Activity.id).where(Activity.id == activity_id, Activity.context_id == context_id)
    if activity_id is not None and session.scalar(own) is None:
        raise NotYours


def hosts_named(session: Session, viewer: Viewer, wanted: Collection[int]) -> tuple[int, ...]:
    """Return the further hosts: staff of this very course, which only staff may name."""
    ids = sorted({one for one in wanted if one != viewer.membership_id})[:MAX_HOSTS]
    if not ids:
        return ()
    found = session.scalars(
        select(Membership.id).where(
            Membership.id.in_(ids), Membership.context_id == viewer.context_id, Membership.state == "active",
            Membership.role != "learner",
        )
    ).all()  # fmt: skip
    if len(found) != len(ids) or not viewer.is_staff:
        raise NotYours
    return tuple(found)


def change_hosts(session: Session, viewer: Viewer, event: Event, wanted: Collection[int], now: datetime) -> None:
    """Let staff change who leads beside the one who called it; a host who steps back keeps an ordinary seat."""
    if not viewer.is_staff:
        return
    named = set(wanted) - {event.by_id}
    leading = session.scalars(select(Seat).where(Seat.event_id == event.id, Seat.host.is_(True))).all()
    standing = {seat.membership_id for seat in leading}
    new = hosts_named(session, viewer, named - standing)
    for seat in leading:
        if seat.membership_id not in named and seat.membership_id != event.by_id:
            seat.host = False
    for one in new:
        held = session.scalar(select(Seat).where(Seat.event_id == event.id, Seat.membership_id == one))
        if held is None:
            insert_new(session, Seat, event_id=event.id, membership_id=one, state="in", host=True, shown=True, at=now)
        else:
            held.host, held.state, held.shown = True, "in", True
    session.flush()


def note_act(session: Session, viewer: Viewer, event: Event, what: str, reason: str, now: datetime) -> None:
    """Write down what staff did about a member's meeting."""
    people = dict(
        session.execute(
            select(Membership.id, Membership.person_id).where(Membership.id.in_((viewer.membership_id, event.by_id)))
        ).all()
    )
    academy_id = session.scalar(
        select(Deployment.academy_id)
        .join(Context, Context.deployment_id == Deployment.id)
        .where(Context.id == event.context_id)
    )
    session.add(
        AuditEntry(
            academy_id=academy_id, context_id=event.context_id, actor_id=people.get(viewer.membership_id),
            about_id=people.get(event.by_id or 0), what=what,
            facts={"event_id": event.id, "title": event.title, "reason": reason}, at=now,
        )
    )  # fmt: skip
