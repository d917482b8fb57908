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

from sqlalchemy import ColumnElement, and_, delete, func, insert, or_, select, update
from sqlalchemy.orm import Session

from lti_app.models import Context, Deployment, LmsConnection, Registration, SyncRun
from lti_app.store.inserts import changed_rows

LEASE = timedelta(seconds=90)
KEEP_RUNS = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Claim:
    """A course that we hold until ``until`` (machine time), when it had been due, and the row of this run."""

    context_id: int
    registration_id: int
    run_id: int
    until: datetime
    due_at: datetime | None = None


def _free(machine: datetime) -> ColumnElement[bool]:
    return or_(Context.sync_claimed_until.is_(None), Context.sync_claimed_until < machine)


def _waiting(now: datetime, machine: datetime, rest: timedelta) -> Any:
    """Return the query over courses that are due and that nobody holds, on platforms that may be asked now.

    However often people launch, a course rests for ``rest`` after each sync.
    """
    return (
        select(Context.id, Deployment.registration_id, Context.sync_due_at)
        .join(Deployment, Deployment.id == Context.deployment_id)
        .join(Registration, Registration.id == Deployment.registration_id)
        .outerjoin(LmsConnection, LmsConnection.registration_id == Registration.id)
        .where(Context.sync_due_at <= now, _free(machine))
        .where(or_(Context.synced_at.is_(None), Context.synced_at <= now - rest))
        .where(Deployment.status == "active", Registration.status == "active")
        .where(or_(LmsConnection.paused_until.is_(None), LmsConnection.paused_until <= now))
    )


def due_platforms(session: Session, now: datetime, machine: datetime, rest: timedelta = timedelta()) -> Sequence[int]:
    """Return the registrations that have a course due and room for one more sync, longest waiting first."""
    waiting = _waiting(now, machine, rest).subquery()
    query = (
        select(waiting.c.registration_id, func.min(waiting.c.sync_due_at))
        .group_by(waiting.c.registration_id)
        .order_by(func.min(waiting.c.sync_due_at))
    )
    running = _running(session, machine)
    room = {row.registration_id: row.concurrency for row in session.execute(_ROOM)}
    return [row[0] for row in session.execute(query) if running.get(row[0], 0) < room.get(row[0], 1)]


_ROOM = select(LmsConnection.registration_id, LmsConnection.concurrency)


def _running(session: Session, machine: datetime, registration_id: int | None = None) -> dict[int, int]:
    query = (
        select(Deployment.registration_id, func.count())
        .join(Context, Context.deployment_id == Deployment.id)
        .where(Context.sync_claimed_until >= machine)
        .group_by(Deployment.registration_id)
    )
    if registration_id is not None:
        query = query.where(Deployment.registration_id == registration_id)
    return {row[0]: row[1] for row in session.execute(query)}


def next_course(
    session: Session, registration_id: int, now: datetime, machine: datetime, rest: timedelta = timedelta()
) -> int | None:
    """Return the platform's course that has waited longest, or None."""
    query = _waiting(now, machine, rest).where(Deployment.registration_id == registration_id)
    row = session.execute(query.order_by(Context.sync_due_at, Context.id).limit(1)).first()
    return None if row is None else row[0]


def claim_course(
    session: Session, context_id: int, now: datetime, machine: datetime, *, due_only: bool = True
) -> Claim | None:
    """Take a course, or return None when somebody holds it, it is not due, or its platform has no room.

    ``machine`` is the machine's own time, from which leases are counted; ``now`` is the community's.
    """
    found = session.execute(
        select(Deployment.registration_id, Context.sync_due_at)
        .join(Context, Context.deployment_id == Deployment.id)
        .where(Context.id == context_id)
    ).one_or_none()
    if found is None:
        return None
    registration_id, due_at = found
    # Two workers that take two courses of one platform at once must see each other.
    session.execute(select(Registration.id).where(Registration.id == registration_id).with_for_update(key_share=True))
    room = session.scalar(_ROOM.with_only_columns(LmsConnection.concurrency).filter_by(registration_id=registration_id))
    if _running(session, machine, registration_id).get(registration_id, 0) >= (room or 1):
        return None
    until = machine + LEASE
    condition = and_(Context.id == context_id, _free(machine))
    if due_only:
        condition = and_(condition, Context.sync_due_at <= now)
    if not changed_rows(session, update(Context).where(condition).values(sync_claimed_until=until)):
        return None
    lost = update(SyncRun).where(SyncRun.context_id == context_id, SyncRun.state == "running")
    session.execute(lost.values(state="lost", finished_at=now), execution_options={"synchronize_session": False})
    run_id = session.execute(
        insert(SyncRun).values(context_id=context_id, started_at=now, state="running").returning(SyncRun.id)
    ).scalar_one()
    return Claim(context_id, registration_id, run_id, until, due_at)


def _move_lease(session: Session, claim: Claim, until: datetime | None) -> bool:
    mine = and_(Context.id == claim.context_id, Context.sync_claimed_until == claim.until)
    return changed_rows(session, update(Context).where(mine).values(sync_claimed_until=until)) == 1


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
        update(SyncRun)
        .where(SyncRun.id == claim.run_id)
        .values(
            finished_at=now,
            state=state,
            calls=calls,
            seconds=round(seconds, 3),
            counts=dict(counts or {}),
            error=error,
            error_detail=detail.replace("\x00", "")[:2000],
        )
        .execution_options(synchronize_session=False)
    )
    old = and_(SyncRun.context_id == claim.context_id, SyncRun.started_at < now - KEEP_RUNS)
    session.execute(delete(SyncRun).where(old).execution_options(synchronize_session=False))
