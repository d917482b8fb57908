"""What a sync's end means for its course and its platform."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.orm import Session

from lti_app.models import Context, Deployment, LmsConnection, Membership
from lti_app.store.bulk import table_of
from lti_app.store.scope import scope_of

# Syncs further apart than this may miss a day on which somebody came both before and after midnight.
CLOSE = timedelta(hours=13)
_C, _D, _L, _M = (table_of(model) for model in (Context, Deployment, LmsConnection, Membership))
_LAST_SEEN = select(func.max(_M.c.last_access_at)).where(
    _M.c.context_id == bindparam("context_id"), _M.c.state == "active", _M.c.role == "learner"
)
_CONNECTION = (
    select(_L.c.id, _L.c.failures, _L.c.status, _L.c.status_detail, _L.c.paused_until)
    .join(_D, _D.c.registration_id == _L.c.registration_id)
    .join(_C, _C.c.deployment_id == _D.c.id)
    .where(_C.c.id == bindparam("context_id"))
)


@dataclass(frozen=True, slots=True)
class CourseLife:
    """How alive a course is."""

    state: str
    ends_at: datetime | None
    launched_at: datetime | None
    last_access_at: datetime | None


def life_of(session: Session, context_id: int) -> CourseLife:
    """Return what tells how soon a course should be asked again."""
    context = session.get_one(Context, context_id)
    seen = session.execute(_LAST_SEEN, {"context_id": context_id}).scalar()
    return CourseLife(context.state, context.ends_at, context.launched_at, seen)


def note_success(session: Session, context_id: int, cursor: dict[str, str], now: datetime, *, saw_access: bool) -> None:
    """Record a good sync: when, with which cursor, and from which day on every active day is known."""
    context = session.get_one(Context, context_id)
    if not saw_access:
        context.days_known_from = None
    elif context.days_known_from is None or context.synced_at is None or now - context.synced_at > CLOSE:
        zone = scope_of(session, context_id, context.time_zone, now).zone
        # The rest of today would be seen, but what came before this look may have been overlaid.
        context.days_known_from = (now.astimezone(zone) + timedelta(days=1)).date()
    context.synced_at = now
    context.sync_failures = 0
    if context.sync_cursor != cursor:
        context.sync_cursor = cursor
    _note_platform(session, context_id, failures=0, status="ok", detail="", paused_until=None)


def _note_platform(
    session: Session, context_id: int, *, failures: int, status: str, detail: str, paused_until: datetime | None
) -> None:
    row = session.execute(_CONNECTION, {"context_id": context_id}).one_or_none()
    told = (failures, status, detail[:2000], paused_until)
    if row is not None and tuple(row[1:]) != told:
        values = dict(zip(("failures", "status", "status_detail", "paused_until"), told, strict=True))
        session.execute(update(_L).where(_L.c.id == row.id).values(**values))


def platform_failures(session: Session, context_id: int) -> int:
    """Return how many failures in a row concerned the whole platform of this course."""
    row = session.execute(_CONNECTION, {"context_id": context_id}).one_or_none()
    return row.failures if row is not None else 0


def note_platform_failure(session: Session, context_id: int, status: str, detail: str, paused_until: datetime) -> None:
    """Leave the whole platform alone for a while and say why."""
    failures = platform_failures(session, context_id) + 1
    _note_platform(session, context_id, failures=failures, status=status, detail=detail, paused_until=paused_until)


def set_due(
    session: Session,
    context_id: int,
    due_at: datetime | None,
    *,
    was_due_at: datetime | None,
    failures: int | None = None,
) -> None:
    """Set when the course is asked again.

    A wish that came after the claim (``sync_due_at`` is no more ``was_due_at``: somebody launched) is kept where it is
    earlier, so that no launch is forgotten.
    """
    context = session.get_one(Context, context_id)
    wish = context.sync_due_at
    if wish is not None and wish != was_due_at and (due_at is None or wish < due_at):
        due_at = wish
    context.sync_due_at = due_at
    if failures is not None:
        context.sync_failures = failures


def make_due(session: Session, context_id: int, now: datetime) -> None:
    """Make a course due now (an event feed, a launch, a person who cannot wait)."""
    session.execute(update(Context).where(Context.id == context_id).values(sync_due_at=now))
