"""Meetings that come every week: each is a meeting of its own, with its own seats; what is done to one can go for those
that follow it, too.
"""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_app.local_times import moved_along, weeks_after
from lti_app.models import Event, EventSeries
from lti_app.store import event_acts
from lti_app.store.course_facts import time_zone_of
from lti_app.store.event_acts import Plan
from lti_app.store.event_hosts import leads
from lti_app.store.event_telling import seated
from lti_app.store.event_views import Viewer
from lti_app.store.refusals import NotYours
from lti_app.store.seats import sign_up

#: So many meetings can be called at once: half a year of weeks.
MOST = 26
STANDING = ("on", "proposed")


def call_weekly(
    session: Session, viewer: Viewer, plan: Plan, until_on: date, now: datetime, *, form_key: str | None = None
) -> tuple[int, str]:
    """Call a meeting for every week up to a day, at the same hour of the course's clocks; returns the first one.

    Everybody hears of it once. Raises what ``call_meeting`` raises.
    """
    zone = time_zone_of(session, viewer.context_id)
    # A form without a key could call without end; the key also tells the first of a series from those that follow.
    key = form_key or secrets.token_urlsafe(12)
    event_id, state = event_acts.call_meeting(session, viewer, plan, now, form_key=key)
    first = session.get_one(Event, event_id)
    if first.series_id is not None:
        return event_id, state
    more = weeks_after(plan.starts_at, plan.ends_at, zone, until_on)[: MOST - 1]
    if not more:
        return event_id, state
    series = EventSeries(context_id=viewer.context_id, until_on=until_on, made_at=now)
    session.add(series)
    session.flush()
    first.series_id = series.id
    for starts_at, ends_at in more:
        one = replace(plan, starts_at=starts_at, ends_at=ends_at)
        event_acts.put(session, viewer, one, state, now, series_id=series.id)
    session.flush()
    return event_id, state


def following(session: Session, event: Event, now: datetime) -> list[Event]:
    """Return the meetings of its series that come after one and still stand, their rows locked, the next one first."""
    if event.series_id is None:
        return []
    query = select(Event).where(
        Event.series_id == event.series_id, Event.context_id == event.context_id, Event.state.in_(STANDING),
        Event.starts_at > event.starts_at, Event.ends_at > now,
    )  # fmt: skip
    return list(session.scalars(query.order_by(Event.starts_at, Event.id).with_for_update()))


def come_to_all(session: Session, context_id: int, event_id: int, membership_id: int, now: datetime) -> tuple[int, int]:
    """Sign a member up for a meeting and all others of its series that are still to come; returns how many have a seat
    and how many a place on the waiting list, because no seat was free. Raises NotYours and TooLate of the one asked.
    """
    mine = (Event.id == event_id, Event.context_id == context_id)
    series = select(Event.series_id).where(*mine, Event.series_id.is_not(None)).scalar_subquery()
    query = select(Event.id).where(
        Event.series_id == series, Event.context_id == context_id, Event.state == "on", Event.ends_at > now
    )
    # Locked in the order of their hours, as whoever changes a series does.
    found = session.scalars(query.order_by(Event.starts_at, Event.id).with_for_update()).all()
    all_of_them = found if event_id in found else [event_id]
    states = [sign_up(session, context_id, one, membership_id, now, wait=True) for one in all_of_them]
    return states.count("in"), states.count("waiting")


def change_all(
    session: Session, viewer: Viewer, event_id: int, plan: Plan, now: datetime, *, seen: int | None = None
) -> int:
    """Change a meeting and those that follow it in its series; returns how many. Raises what ``change`` raises.

    New hours move each by as many days, to the same hour of the course's clocks. Somebody who comes to several of them
    hears of it once.
    """
    event = leads(session, viewer, event_id)
    was = event.starts_at, event.ends_at
    rest = following(session, event, now)
    zone = time_zone_of(session, viewer.context_id)
    told = set(seated(session, event.id))
    event_acts.change(session, viewer, event_id, plan, now, seen=seen)
    for one in rest:
        starts_at, ends_at = one.starts_at, one.ends_at
        if (plan.starts_at, plan.ends_at) != was:
            starts_at, ends_at = moved_along(was[0], plan.starts_at, plan.ends_at, one.starts_at, zone)
        heard = frozenset(told)
        told |= set(seated(session, one.id))
        moved = replace(plan, starts_at=starts_at, ends_at=ends_at)
        event_acts.apply(session, viewer, one, moved, now, heard=heard)
    session.flush()
    return 1 + len(rest)


def cancel_all(session: Session, viewer: Viewer, event_id: int, reason: str, now: datetime) -> int:
    """Call off a meeting and those that follow it; returns how many. Raises what ``cancel`` raises."""
    event = leads(session, viewer, event_id)
    rest = following(session, event, now)
    told = set(seated(session, event.id))
    event_acts.cancel(session, viewer, event_id, reason, now)
    for one in rest:
        heard = frozenset(told)
        told |= set(seated(session, one.id))
        event_acts.call_off(session, viewer, one, reason, now, heard=heard)
    session.flush()
    return 1 + len(rest)


def decide_all(session: Session, viewer: Viewer, event_id: int, yes: bool, reason: str, now: datetime) -> str:
    """Say yes or no to a proposed meeting and, in a series, to those that follow it; it is told and noted once."""
    if not viewer.is_staff:
        raise NotYours
    rest = following(session, leads(session, viewer, event_id), now)
    state = event_acts.decide(session, viewer, event_id, yes, reason, now)
    for one in rest:
        if one.state == "proposed":
            one.state, one.reason, one.changed_at = state, reason, now
            one.sequence += 1
    session.flush()
    return state
