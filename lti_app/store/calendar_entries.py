"""What the LMS's calendar should hold of our meetings: wanted, kept in step, taken out again."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_app.models import CalendarEntry, Context, Deployment, LmsConnection
from lti_app.store.inserts import insert_new

KINDS = ("moodle", "canvas")


def can_keep(session: Session, context_id: int) -> bool:
    """Return whether this course's LMS is connected and lets us write into its calendar, as far as we know."""
    row = session.execute(
        select(LmsConnection.kind, LmsConnection.status, LmsConnection.cannot)
        .join(Deployment, Deployment.registration_id == LmsConnection.registration_id)
        .join(Context, Context.deployment_id == Deployment.id)
        .where(Context.id == context_id)
    ).one_or_none()
    if row is None or row.kind not in KINDS or row.status != "ok":
        return False
    return "events" not in {item.get("ability") if isinstance(item, dict) else item for item in row.cannot or ()}


def want(session: Session, event_id: int, now: datetime) -> None:
    """Want a meeting in the LMS's calendar as it stands now."""
    if insert_new(session, CalendarEntry, event_id=event_id, state="due", written=-1, tries=0, due_at=now,
                  detail="") is None:  # fmt: skip
        refresh(session, event_id, now, again=True)


def refresh(session: Session, event_id: int, now: datetime, *, again: bool = False) -> None:
    """Bring the entry in step with its meeting, where one is wanted; ``again`` also where the LMS had refused it."""
    entry = _entry(session, event_id)
    if entry is None or (entry.state in ("gone", "refused") and not again):
        return
    # A sending whose end nobody knows is looked up first: it stays unsure and only becomes due.
    if entry.state not in ("sending", "unsure"):
        entry.state = "due"
    entry.wanted, entry.tries, entry.due_at = True, 0, now
    session.flush()


def take_out(session: Session, event_id: int, now: datetime) -> None:
    """Want a meeting no longer in the LMS's calendar; where it never stood nothing is asked of the LMS."""
    entry = _entry(session, event_id)
    if entry is None or (entry.state == "gone" and not entry.wanted):
        return
    entry.wanted = False
    if entry.lms_id is None and entry.state in ("due", "refused"):
        entry.state = "gone"
    elif entry.state not in ("sending", "unsure"):
        entry.state, entry.tries, entry.due_at = "due", 0, now
    else:
        entry.due_at = now
    session.flush()


def _entry(session: Session, event_id: int) -> CalendarEntry | None:
    return session.scalar(
        select(CalendarEntry)
        .where(CalendarEntry.event_id == event_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
