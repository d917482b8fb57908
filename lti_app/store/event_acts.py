"""Calling a meeting, changing it, calling it off, and what its hosts leave behind afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_app.models import Event, Seat, Thread
from lti_app.store import calendar_entries
from lti_app.store.event_hosts import change_hosts, check_tie, hosts_named, leads, note_act
from lti_app.store.event_telling import seated, tell_new, tell_seated, tell_staff
from lti_app.store.event_views import Viewer
from lti_app.store.inserts import insert_new
from lti_app.store.refusals import NotYours, TooLate
from lti_app.store.seats import fill_free
from lti_app.store.speaking import is_watched, speak

MAX_TITLE = 200
MAX_WORDS = 8000
MAX_SHORT = 300
MAX_CAPACITY = 5000
#: What calendars show: a change of any of these must reach them.
TOLD = ("title", "starts_at", "ends_at", "place", "link")


@dataclass(frozen=True, slots=True)
class Plan:
    """A meeting as its form says it; ``host_ids`` are members who lead it beside whoever calls it.

    ``in_lms``: it should stand in the LMS's calendar too; None where nobody was asked.
    """

    kind: str
    title: str
    starts_at: datetime
    ends_at: datetime
    words: str = ""
    bring: str = ""
    guests: str = ""
    place: str = ""
    link: str | None = None
    capacity: int | None = None
    activity_id: int | None = None
    section: str | None = None
    outcome: str | None = None
    host_ids: tuple[int, ...] = ()
    in_lms: bool | None = None


FIELDS = (
    "kind", "title", "starts_at", "ends_at", "words", "bring", "guests", "place", "link", "capacity", "activity_id",
    "section", "outcome",
)  # fmt: skip
WRITTEN = ("title", "words", "bring", "guests", "place")


def call_meeting(
    session: Session, viewer: Viewer, plan: Plan, now: datetime, *, form_key: str | None = None
) -> tuple[int, str]:
    """Call a meeting and return its id and state: on, or proposed where the course's staff has to say yes first.

    The same ``form_key`` again returns the same meeting. Raises NotYours for a kind that is not theirs to call, and
    for an activity or a host of another course; Muted for a voice that rests.
    """
    state = viewer.may_call.get(plan.kind)
    if state is None or not viewer.membership_id:
        raise NotYours
    _say(session, viewer, now, *(getattr(plan, name) for name in WRITTEN))
    if is_watched(session, viewer.membership_id, now):
        state = "proposed"
    event_id = put(session, viewer, plan, state, now, form_key=form_key)
    if event_id is None:
        mine = (Event.by_id == viewer.membership_id, Event.form_key == form_key)
        row = session.execute(select(Event.id, Event.state).where(*mine)).one()
        return row[0], row[1]
    event = session.get_one(Event, event_id)
    if state == "on":
        tell_new(session, event, now)
    else:
        tell_staff(session, event, now)
    session.flush()
    return event_id, state


def put(
    session: Session, viewer: Viewer, plan: Plan, state: str, now: datetime, *, form_key: str | None = None,
    series_id: int | None = None,
) -> int | None:  # fmt: skip
    """Write down a meeting with its hosts and its thread, telling nobody; returns its id, None when it was there."""
    check_tie(session, viewer.context_id, plan.activity_id)
    hosts = hosts_named(session, viewer, plan.host_ids)
    values = {name: getattr(plan, name) for name in FIELDS}
    times = {"created_at": now, "changed_at": now, "timed_at": now}
    key = {"by_id": viewer.membership_id, "form_key": form_key, "context_id": viewer.context_id}
    event_id = insert_new(
        session, Event, **values, **times, **key, series_id=series_id, state=state, sequence=0, notes="", reason=""
    )
    if event_id is None:
        return None
    event = session.get_one(Event, event_id)
    event.thread_id = insert_new(
        session, Thread, context_id=event.context_id, kind="event", title=event.title, author_id=event.by_id,
        activity_id=event.activity_id, created_at=now, moved_at=now,
    )  # fmt: skip
    for one in (viewer.membership_id, *hosts):
        insert_new(session, Seat, event_id=event_id, membership_id=one, state="in", host=True, shown=True, at=now)
    if state == "on" and plan.in_lms and viewer.is_staff:
        calendar_entries.want(session, event.id, now)
    session.flush()
    return event_id


def _say(session: Session, viewer: Viewer, now: datetime, *words: str) -> None:
    """What is written of a meeting is read by the whole course: the same door as for posts."""
    speak(session, viewer.context_id, viewer.membership_id, now, *words)


def change(
    session: Session, viewer: Viewer, event_id: int, plan: Plan, now: datetime, *, seen: int | None = None
) -> Event:
    """Change a meeting; those who signed up are told of what concerns their coming, and free seats are given out.

    ``seen`` is the ``sequence`` that the form was drawn from. Raises NotYours, and TooLate when it is over, was
    cancelled, or somebody else has changed it since.
    """
    event = leads(session, viewer, event_id)
    if event.state not in ("on", "proposed") or event.ends_at <= now or (seen is not None and seen != event.sequence):
        raise TooLate
    # Somebody who may only hold study sessions does not turn one into a webinar.
    if plan.kind != event.kind and viewer.may_call.get(plan.kind) != "on":
        raise NotYours
    if new_words := [getattr(plan, name) for name in WRITTEN if getattr(plan, name) != getattr(event, name)]:
        _say(session, viewer, now, *new_words)
    apply(session, viewer, event, plan, now)
    return event


def apply(
    session: Session, viewer: Viewer, event: Event, plan: Plan, now: datetime, *, heard: frozenset[int] = frozenset()
) -> None:
    """Let a meeting be as a plan says it, and tell those who come, but for those who have ``heard`` of it already."""
    check_tie(session, viewer.context_id, plan.activity_id)
    told = [name for name in TOLD if getattr(plan, name) != getattr(event, name)]
    moved = {"starts_at", "ends_at"}.intersection(told)
    was = event.starts_at
    changed = [name for name in FIELDS if getattr(plan, name) != getattr(event, name)]
    for name in changed:
        setattr(event, name, getattr(plan, name))
    if moved:
        event.timed_at, event.day_told_at, event.hour_told_at = now, None, None
    change_hosts(session, viewer, event, plan.host_ids, now)
    if changed:
        event.changed_at = now
        event.sequence += 1
    if "title" in changed and event.thread_id is not None:
        session.get_one(Thread, event.thread_id).title = event.title
    if event.state == "on":
        _after_change(session, viewer, event, told, was if moved else None, now, in_lms=plan.in_lms, heard=heard)
    session.flush()


def _after_change(
    session: Session,
    viewer: Viewer,
    event: Event,
    told: list[str],
    was: datetime | None,
    now: datetime,
    *,
    in_lms: bool | None,
    heard: frozenset[int],
) -> None:
    if viewer.is_staff and in_lms:
        calendar_entries.want(session, event.id, now)
    elif viewer.is_staff and in_lms is False:
        calendar_entries.take_out(session, event.id, now)
    elif told:
        calendar_entries.refresh(session, event.id, now)
    if set(told) - {"title"}:
        what = "moved" if was is not None else "changed"
        facts = {"what": what, "sequence": event.sequence, **({"was": was.isoformat()} if was else {})}
        key = f"event_changed:{event.id}:{event.sequence}"
        to = [one for one in seated(session, event.id) if one not in heard]
        tell_seated(session, event, "event_changed", key, now, by_id=viewer.membership_id, to=to, facts=facts)
    fill_free(session, event, now)


def cancel(session: Session, viewer: Viewer, event_id: int, reason: str, now: datetime) -> None:
    """Call a meeting off and tell those who signed up; raises NotYours, and TooLate when it is over or off already."""
    event = leads(session, viewer, event_id)
    if event.state not in ("on", "proposed") or event.ends_at <= now:
        raise TooLate
    if reason:
        _say(session, viewer, now, reason)
    call_off(session, viewer, event, reason, now)


def call_off(
    session: Session, viewer: Viewer, event: Event, reason: str, now: datetime, *, heard: frozenset[int] = frozenset()
) -> None:
    """Let a meeting be off, and tell those who come, but for those who have ``heard`` of it already."""
    was_on = event.state == "on"
    event.state, event.reason, event.changed_at = "cancelled", reason, now
    event.sequence += 1
    if was_on:
        calendar_entries.take_out(session, event.id, now)
        facts = {"what": "cancelled", "sequence": event.sequence, "reason": reason}
        key = f"event_changed:{event.id}:{event.sequence}"
        to = [one for one in seated(session, event.id) if one not in heard]
        tell_seated(session, event, "event_changed", key, now, by_id=viewer.membership_id, to=to, facts=facts)
    if event.by_id != viewer.membership_id:
        note_act(session, viewer, event, "event_cancelled", reason, now)
    session.flush()


def decide(session: Session, viewer: Viewer, event_id: int, yes: bool, reason: str, now: datetime) -> str:
    """Say yes or no to a proposed study session, and tell who proposed it. Raises NotYours and TooLate."""
    if not viewer.is_staff:
        raise NotYours
    event = leads(session, viewer, event_id)
    if event.state != "proposed" or event.starts_at <= now:
        raise TooLate
    event.state, event.reason, event.changed_at = ("on" if yes else "declined"), reason, now
    event.sequence += 1
    facts = {"what": "approved" if yes else "declined", "reason": reason}
    key = f"event_decided:{event.id}"
    tell_seated(session, event, "event_changed", key, now, by_id=viewer.membership_id, message=False, facts=facts)
    note_act(session, viewer, event, "event_approved" if yes else "event_declined", reason, now)
    if yes:
        tell_new(session, event, now)
    session.flush()
    return event.state


def leave_notes(
    session: Session, viewer: Viewer, event_id: int, notes: str, recording: str | None, now: datetime
) -> bool:
    """Keep notes and recording of a meeting that has begun; those who signed up are told once. Returns whether now.

    Raises NotYours and TooLate (it has not begun yet, or was called off).
    """
    event = leads(session, viewer, event_id)
    if event.state != "on" or event.starts_at > now:
        raise TooLate
    if notes != event.notes:
        _say(session, viewer, now, notes)
    event.notes, event.recording = notes, recording
    first = event.notes_told_at is None and bool(notes or recording)
    if first:
        event.notes_told_at = now
        facts = {"recording": bool(recording)}
        key = f"event_notes:{event.id}"
        tell_seated(session, event, "event_notes", key, now, by_id=viewer.membership_id, message=False, facts=facts)
    session.flush()
    return first
