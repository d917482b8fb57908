"""Entries of the LMS's calendar that are due: claimed by one worker, and no call that must not repeat is repeated."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from lti_app.models import CalendarEntry, Context, Deployment, Event
from lti_app.store.channels import course_address
from lti_app.store.inserts import changed_rows

CLAIM = timedelta(minutes=5)
OPEN = ("due", "sending", "unsure")
#: After so many tries the staff is told; they can ask for another one.
MOST_TRIES = 8


@dataclass(frozen=True, slots=True)
class Task:
    """What to bring about in the LMS's calendar; ``in_doubt``: a creation was begun and nobody knows how it ended."""

    entry_id: int
    until: datetime
    registration_id: int
    context_api_id: str | None
    lti_context_id: str
    wanted: bool
    in_doubt: bool
    lms_id: str | None
    written: int
    sequence: int
    tries: int
    title: str
    starts_at: datetime
    ends_at: datetime
    description: str


def next_due(session: Session, now: datetime, machine: datetime) -> int | None:
    """Return the entry that has waited longest and nobody works on."""
    free = or_(CalendarEntry.claimed_until.is_(None), CalendarEntry.claimed_until < machine)
    query = select(CalendarEntry.id).where(CalendarEntry.state.in_(OPEN), CalendarEntry.due_at <= now, free)
    return session.scalar(query.order_by(CalendarEntry.due_at, CalendarEntry.id).limit(1))


def claim(session: Session, entry_id: int, now: datetime, machine: datetime) -> Task | None:
    """Claim an entry by one conditional UPDATE and return what to do; None when somebody else has it."""
    until = machine + CLAIM
    free = or_(CalendarEntry.claimed_until.is_(None), CalendarEntry.claimed_until < machine)
    mine = update(CalendarEntry).where(CalendarEntry.id == entry_id, CalendarEntry.state.in_(OPEN), free)
    if not changed_rows(session, mine.where(CalendarEntry.due_at <= now).values(claimed_until=until)):
        return None
    entry, event, context, registration_id = session.execute(
        select(CalendarEntry, Event, Context, Deployment.registration_id)
        .join(Event, Event.id == CalendarEntry.event_id)
        .join(Context, Context.id == Event.context_id)
        .join(Deployment, Deployment.id == Context.deployment_id)
        .where(CalendarEntry.id == entry_id)
        .execution_options(populate_existing=True)
    ).one()
    return Task(
        entry_id=entry.id,
        until=until,
        registration_id=registration_id,
        context_api_id=context.api_id,
        lti_context_id=context.id_on_platform,
        wanted=entry.wanted,
        in_doubt=entry.state in ("sending", "unsure"),
        lms_id=entry.lms_id,
        written=entry.written,
        sequence=event.sequence,
        tries=entry.tries,
        title=event.title,
        starts_at=event.starts_at,
        ends_at=event.ends_at,
        # Everybody in the course reads that calendar: the link of the video room is for those who sign up.
        description="\n\n".join(part for part in (event.place, course_address(session, context.id)) if part),
    )


def begin(session: Session, task: Task) -> bool:
    """Write down that an entry is about to be created; False when the claim is lost."""
    return _mine(session, task, state="sending")


def found(session: Session, task: Task, lms_id: str | None) -> bool:
    """End the doubt about a creation: the LMS has the entry (as ``lms_id``), or it has not."""
    return _mine(session, task, state="due", lms_id=lms_id, written=task.sequence if lms_id else -1)


def taken_out(session: Session, task: Task) -> bool:
    """Note that the LMS has the entry no more, while the work on it goes on."""
    return _mine(session, task, state="due", lms_id=None, written=-1)


def done(session: Session, task: Task, state: str, *, lms_id: str | None, detail: str = "") -> None:
    """Record how it ended: there, gone, unsure or refused; what was changed meanwhile is due again."""
    entry = session.get(CalendarEntry, task.entry_id, with_for_update=True, populate_existing=True)
    if entry is None or entry.claimed_until != task.until:
        return
    entry.claimed_until, entry.lms_id, entry.detail = None, lms_id, detail[:500]
    entry.written = task.sequence if state == "there" else entry.written if state == "refused" else -1
    entry.state = state
    sequence = session.scalar(select(Event.sequence).where(Event.id == entry.event_id))
    if entry.wanted != task.wanted or (state == "there" and entry.written != sequence):
        entry.state, entry.tries = ("unsure" if state == "unsure" else "due"), 0
    session.flush()


def later(session: Session, task: Task, wait: timedelta, now: datetime, detail: str) -> None:
    """Try again after a while, or tell the staff when it was tried often enough."""
    entry = session.get(CalendarEntry, task.entry_id, with_for_update=True, populate_existing=True)
    if entry is None or entry.claimed_until != task.until:
        return
    entry.claimed_until, entry.tries, entry.detail = None, entry.tries + 1, detail[:500]
    entry.due_at = now + wait * 2 ** min(entry.tries - 1, 5)
    if entry.state == "sending":
        entry.state = "unsure"
    if entry.tries >= MOST_TRIES and entry.state == "due":
        entry.state = "refused"
    session.flush()


def _mine(session: Session, task: Task, **values: object) -> bool:
    statement = update(CalendarEntry).where(
        CalendarEntry.id == task.entry_id, CalendarEntry.claimed_until == task.until
    )
    return changed_rows(session, statement.values(**values)) == 1
