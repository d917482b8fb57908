"""One pass over one course: claim it, ask its LMS outside any transaction, save in one, say how it went."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms_clients.base import LmsClient
from lms_clients.errors import LmsError
from lms_clients.records import CourseSnapshot, Part
from lti_app.house import House
from lti_app.jobs import pace
from lti_app.jobs.connections import client_for
from lti_app.jobs.lease import Lease, Lost
from lti_app.models import Context
from lti_app.store import courses, runs
from lti_app.store.snapshots import Counts, load_known, save_snapshot

log = logging.getLogger(__name__)
Connect = Callable[[House, int], LmsClient]


@dataclass(frozen=True, slots=True)
class SyncSummary:
    """How a sync ended: ``state`` is done, failed or lost (somebody else took the course over)."""

    context_id: int
    state: str
    calls: int = 0
    seconds: float = 0.0
    counts: Counts | None = None
    error: str | None = None
    detail: str = ""


def machine_time() -> datetime:
    """Return the machine's own time: claims are counted in it, whatever the community's clock says."""
    return datetime.now(UTC)


def luck() -> float:
    """Return a number from 0 to 1 that spreads courses and retries."""
    return random.random()  # noqa: S311 - guards nothing


def sync_context(
    house: House, context_id: int, *, due_only: bool = False, connect: Connect = client_for
) -> SyncSummary | None:
    """Sync one course and return how it went, or None when it is not ours to take now.

    Any number of workers may call it for the same course at once: one of them does the work.
    """
    with house.db.writing() as session:
        claim = runs.claim_course(session, context_id, house.clock.now(), machine_time(), due_only=due_only)
    if claim is None:
        return None
    started = time.monotonic()
    with Lease(house.db, claim) as lease:
        try:
            return _work(house, lease, connect, started)
        except Lost:
            log.warning("course %s was taken over by another worker; nothing saved", context_id)
            return SyncSummary(context_id, "lost", seconds=time.monotonic() - started)


def _work(house: House, lease: Lease, connect: Connect, started: float) -> SyncSummary:
    client: LmsClient | None = None
    try:
        client = connect(house, lease.registration_id)
        snapshot = _ask(house, client, lease.context_id)
        return _save(house, _Taken(lease.end(), snapshot, client.calls, time.monotonic() - started))
    except Lost:
        raise
    except Exception as e:
        if not isinstance(e, LmsError):
            log.exception("the sync of course %s failed", lease.context_id)
        return _note_failure(house, lease.end(), e, client.calls if client else 0, time.monotonic() - started)
    finally:
        if client is not None:
            client.close()


@dataclass(frozen=True, slots=True)
class _Taken:
    claim: runs.Claim
    snapshot: CourseSnapshot
    calls: int
    seconds: float


def _ask(house: House, client: LmsClient, context_id: int) -> CourseSnapshot:
    with house.db.reading() as session:
        ref, cursor, known = load_known(session, context_id)
    return client.snapshot(ref, cursor, known, house.clock.now())


def _every(house: House) -> timedelta:
    return timedelta(seconds=house.settings.sync_seconds)


def _save(house: House, taken: _Taken) -> SyncSummary:
    claim, snapshot, now = taken.claim, taken.snapshot, house.clock.now()
    with house.db.writing() as session:
        if not runs.release(session, claim):
            raise Lost
        # Held here so that everything below finds this one object: a session forgets what nobody holds.
        context = session.get_one(Context, claim.context_id)
        counts = save_snapshot(session, context.id, snapshot, now)
        courses.note_success(
            session, claim.context_id, dict(snapshot.cursor), now, saw_access=Part.ACCESS in snapshot.read
        )
        due_at = pace.after_success(courses.life_of(session, claim.context_id), _every(house), now, luck())
        courses.set_due(session, claim.context_id, due_at, was_due_at=claim.due_at)
        runs.finish_run(
            session, claim, now, state="done", calls=taken.calls, seconds=taken.seconds, counts=counts.facts()
        )
    log.info("course %s: %s rows, %s calls, %.1f s", claim.context_id, counts.rows, taken.calls, taken.seconds)
    return SyncSummary(claim.context_id, "done", taken.calls, taken.seconds, counts)


def _note_failure(house: House, claim: runs.Claim, error: Exception, calls: int, seconds: float) -> SyncSummary:
    """Keep the old snapshot, say what failed, and set when to try again."""
    kind = error.kind if isinstance(error, LmsError) else type(error).__name__
    detail = error.detail if isinstance(error, LmsError) else "an unexpected error; the log has it"
    now = house.clock.now()
    with house.db.writing() as session:
        if not runs.release(session, claim):
            raise Lost
        _put_off(session, house, claim, error, kind, detail)
        runs.finish_run(
            session, claim, now, state="failed", calls=calls, seconds=seconds, error=kind[:80], detail=detail
        )
    log.warning("course %s could not be read: %s: %s", claim.context_id, kind, detail)
    return SyncSummary(claim.context_id, "failed", calls, seconds, None, kind, detail)


def _put_off(session: Session, house: House, claim: runs.Claim, error: Exception, kind: str, detail: str) -> None:
    now, every, chance = house.clock.now(), _every(house), luck()
    before = session.scalar(select(Context.sync_failures).where(Context.id == claim.context_id)) or 0
    due_at = pace.after_failure(error, before, every, now, chance)
    courses.set_due(session, claim.context_id, due_at, was_due_at=claim.due_at, failures=before + 1)
    paused = pace.pause_after(error, courses.platform_failures(session, claim.context_id), every, now, chance)
    if paused is not None:
        courses.note_platform_failure(session, claim.context_id, kind, detail, paused)
