"""Whose turn it is to be asked, who has it, and how it went: claims on courses and the rows of sync runs.

A claim is a lease on the machine's own time: one conditional UPDATE takes it, its holder renews it, and its end is also
the proof that the holder still has it when it saves. A worker that was killed renews nothing, so its course becomes
due again by itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, delete, func, insert, or_, select, update
from sqlalchemy.orm import Session

from lti_app.db import UtcDateTime
from lti_app.models import Context, Deployment, LmsConnection, Registration, SyncRun
from lti_app.store.bulk import table_of
from lti_app.store.inserts import changed_rows

LEASE = timedelta(seconds=90)
KEEP_RUNS = timedelta(days=30)
# Each turn asks these: they are put together once, on plain tables (several times cheaper than on mapped classes).
_C, _D, _R, _L = (table_of(model) for model in (Context, Deployment, Registration, LmsConnection))
_RUNS = table_of(SyncRun)
_AT = UtcDateTime()


@dataclass(frozen=True, slots=True)
class Claim:
    """A course that we hold until ``until`` (machine time), when it had been due, and the row of this run."""

    context_id: int
    registration_id: int
    run_id: int
    until: datetime
    due_at: datetime | None = None


def _free(machine: Any) -> ColumnElement[bool]:
    return or_(_C.c.sync_claimed_until.is_(None), _C.c.sync_claimed_until < machine)


# The courses that are due and that nobody holds, on platforms that may be asked now. However often people launch, a
# course rests for a while after each sync.
_WAITING = (
    select(_C.c.id, _D.c.registration_id, _C.c.sync_due_at)
    .join(_D, _D.c.id == _C.c.deployment_id)
    .join(_R, _R.c.id == _D.c.registration_id)
    .outerjoin(_L, _L.c.registration_id == _R.c.id)
    .where(_C.c.sync_due_at <= bindparam("now", type_=_AT), _free(bindparam("machine", type_=_AT)))
    .where(or_(_C.c.synced_at.is_(None), _C.c.synced_at <= bindparam("rested", type_=_AT)))
    .where(_D.c.status == "active", _R.c.status == "active")
    .where(or_(_L.c.paused_until.is_(None), _L.c.paused_until <= bindparam("now", type_=_AT)))
)
_NEXT = (
    _WAITING.where(_D.c.registration_id == bindparam("registration_id")).order_by(_C.c.sync_due_at, _C.c.id).limit(1)
)
_RUNNING = (
    select(_D.c.registration_id, func.count())
    .join(_C, _C.c.deployment_id == _D.c.id)
    .where(_C.c.sync_claimed_until >= bindparam("machine", type_=_AT))
    .group_by(_D.c.registration_id)
)
_RUNNING_THERE = _RUNNING.where(_D.c.registration_id == bindparam("registration_id"))
_ROOM = select(_L.c.registration_id, _L.c.concurrency)
_ROOM_THERE = _ROOM.where(_L.c.registration_id == bindparam("registration_id"))
_HOME = (
    select(_D.c.registration_id, _C.c.sync_due_at)
    .join(_C, _C.c.deployment_id == _D.c.id)
    .where(_C.c.id == bindparam("context_id"))
)
# Two workers that take two courses of one platform at once must see each other.
_LOCK = select(_R.c.id).where(_R.c.id == bindparam("registration_id")).with_for_update(key_share=True)


def due_platforms(session: Session, now: datetime, machine: datetime, rest: timedelta = timedelta()) -> Sequence[int]:
    """Return the registrations that have a course due and room for one more sync, longest waiting first."""
    waiting = _WAITING.subquery()
    query = (
        select(waiting.c.registration_id, func.min(waiting.c.sync_due_at))
        .group_by(waiting.c.registration_id)
        .order_by(func.min(waiting.c.sync_due_at))
    )
    running = {row[0]: row[1] for row in session.execute(_RUNNING, {"machine": machine})}
    room = {row.registration_id: row.concurrency for row in session.execute(_ROOM)}
    found = session.execute(query, {"now": now, "machine": machine, "rested": now - rest})
    return [row[0] for row in found if running.get(row[0], 0) < room.get(row[0], 1)]


def _has_room(session: Session, registration_id: int, machine: datetime) -> bool:
    there = {"registration_id": registration_id}
    running = session.execute(_RUNNING_THERE, {**there, "machine": machine}).first()
    room = session.execute(_ROOM_THERE, there).first()
    return (running[1] if running else 0) < ((room.concurrency if room else 1) or 1)


def next_course(
    session: Session, registration_id: int, now: datetime, machine: datetime, rest: timedelta = timedelta()
) -> int | None:
    """Return the platform's course that has waited longest, or None."""
    told = {"now": now, "machine": machine, "rested": now - rest, "registration_id": registration_id}
    row = session.execute(_NEXT, told).first()
    return None if row is None else row[0]


def claim_course(
    session: Session, context_id: int, now: datetime, machine: datetime, *, due_only: bool = True
) -> Claim | None:
    """Take a course, or return None when somebody holds it, it is not due, or its platform has no room.

    ``machine`` is the machine's own time, from which leases are counted; ``now`` is the community's.
    """
    found = session.execute(_HOME, {"context_id": context_id}).one_or_none()
    if found is None:
        return None
    registration_id, due_at = found
    session.execute(_LOCK, {"registration_id": registration_id})
    if not _has_room(session, registration_id, machine):
        return None
    until = machine + LEASE
    condition = and_(_C.c.id == context_id, _free(machine))
    if due_only:
        condition = and_(condition, _C.c.sync_due_at <= now)
    if not changed_rows(session, update(_C).where(condition).values(sync_claimed_until=until)):
        return None
    lost = update(_RUNS).where(_RUNS.c.context_id == context_id, _RUNS.c.state == "running")
    session.execute(lost.values(state="lost", finished_at=now))
    run_id = session.execute(
        insert(_RUNS).values(context_id=context_id, started_at=now, state="running").returning(_RUNS.c.id)
    ).scalar_one()
    return Claim(context_id, registration_id, run_id, until, due_at)


def _move_lease(session: Session, claim: Claim, until: datetime | None) -> bool:
    mine = and_(_C.c.id == claim.context_id, _C.c.sync_claimed_until == claim.until)
    return changed_rows(session, update(_C).where(mine).values(sync_claimed_until=until)) == 1


def renew(session: Session, claim: Claim, machine: datetime) -> Claim | None:
    """Hold the course for another lease; None when somebody else has it by now."""
    until = machine + LEASE
    held = _move_lease(session, claim, until)
    return replace(claim, until=until) if held else None


def release(session: Session, claim: Claim) -> bool:
    """Give the course back and return whether it was still ours; whoever saves does this first, in its transaction."""
    return _move_lease(session, claim, None)


def finish_run(
    session: Session,
    claim: Claim,
    now: datetime,
    *,
    state: str,
    calls: int,
    seconds: float,
    counts: Mapping[str, Any] | None = None,
    error: str | None = None,
    detail: str = "",
) -> None:
    """Write how a run ended, and forget this course's runs of more than a month ago."""
    session.execute(
        update(_RUNS)
        .where(_RUNS.c.id == claim.run_id)
        .values(
            finished_at=now,
            state=state,
            calls=calls,
            seconds=round(seconds, 3),
            counts=dict(counts or {}),
            error=error,
            error_detail=detail.replace("\x00", "")[:2000],
        )
    )
    old = and_(_RUNS.c.context_id == claim.context_id, _RUNS.c.started_at < now - KEEP_RUNS)
    session.execute(delete(_RUNS).where(old))
