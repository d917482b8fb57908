"""What is known about whom, and how fresh it is: a gap is never read as inactivity."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engagement.values import Knowledge
from lms_clients.records import Part
from lti_app.models import Context, SyncGap, SyncRun

# Which knowledge hangs on which part of a snapshot.
ROOTS: dict[str, frozenset[Knowledge]] = {
    Part.ACCESS: frozenset({Knowledge.ACCESS, Knowledge.DAYS}),
    Part.COMPLETION: frozenset({Knowledge.PROGRESS}),
    Part.GRADES: frozenset({Knowledge.SCORES}),
    Part.SUBMISSIONS: frozenset({Knowledge.SUBMISSIONS}),
    Part.ATTEMPTS: frozenset({Knowledge.ATTEMPTS}),
    Part.DUE_DATES: frozenset({Knowledge.DUE_DATES}),
}
# Without these two nothing about a course's people or work can be trusted.
ALL: dict[str, frozenset[Knowledge]] = dict.fromkeys((Part.ROSTER, Part.STRUCTURE), frozenset(Knowledge))
OF_THE_DETAIL = ROOTS[Part.COMPLETION] | ROOTS[Part.GRADES] | ROOTS[Part.SUBMISSIONS] | ROOTS[Part.ATTEMPTS]


def hidden_by(what: str) -> frozenset[Knowledge]:
    """Return what a gap hides; ``what`` is a part, or a part and an activity (``attempts:5``)."""
    part = what.partition(":")[0]
    return ROOTS.get(part) or ALL.get(part) or frozenset()


def known_by(parts_read: Iterable[str]) -> frozenset[Knowledge]:
    """Return what a course can tell at all: what hangs on a part that was never read is not known."""
    read = set(parts_read)
    return frozenset().union(*(known for part, known in ROOTS.items() if str(part) in read))


@dataclass(frozen=True, slots=True)
class GapNote:
    """Something the LMS could not or would not say; ``people`` counts the learners concerned, 0 means everybody.

    ``what`` is a part of a snapshot (roster, access, grades, ...), perhaps with an activity after a colon; ``reason``
    is permission, feature_off, unsupported, error or truncated; ``detail`` names what an administrator mends.
    """

    what: str
    reason: str
    detail: str
    since: datetime
    people: int = 0

    @property
    def part(self) -> str:
        """The part of a snapshot alone."""
        return self.what.partition(":")[0]


@dataclass(frozen=True, slots=True)
class Freshness:
    """How fresh a page about progress is: as of when, what is missing, since when the LMS has not answered and why.

    ``as_of`` None means that nothing was read yet; ``error`` is a short code (unreachable, throttled, ...).
    """

    as_of: datetime | None
    gaps: tuple[GapNote, ...] = ()
    failing_since: datetime | None = None
    error: str | None = None
    detail: str = ""


def gap_notes(session: Session, context_id: int) -> tuple[GapNote, ...]:
    """Return a course's gaps, those of single learners counted together."""
    rows = session.execute(
        select(
            SyncGap.what,
            SyncGap.reason,
            func.min(SyncGap.detail).label("detail"),
            func.min(SyncGap.since).label("since"),
            func.count(SyncGap.membership_id).label("people"),
        )
        .where(SyncGap.context_id == context_id)
        .group_by(SyncGap.what, SyncGap.reason, SyncGap.membership_id.is_(None))
        .order_by(SyncGap.what, SyncGap.reason)
    )
    return tuple(GapNote(row.what, row.reason, row.detail, row.since, row.people) for row in rows)


def freshness(session: Session, context_id: int, now: datetime | None = None) -> Freshness:
    """Return how fresh a course's progress is; ``now`` is taken for the pages' sake and not needed."""
    as_of = session.scalar(select(Context.synced_at).where(Context.id == context_id))
    failed: Any = select(SyncRun.started_at, SyncRun.error, SyncRun.error_detail)
    failed = failed.where(SyncRun.context_id == context_id, SyncRun.state == "failed")
    if as_of is not None:
        failed = failed.where(SyncRun.started_at > as_of)
    first = session.execute(failed.order_by(SyncRun.started_at, SyncRun.id).limit(1)).first()
    last = session.execute(failed.order_by(SyncRun.started_at.desc(), SyncRun.id.desc()).limit(1)).first()
    return Freshness(
        as_of,
        gap_notes(session, context_id),
        first.started_at if first else None,
        last.error if last else None,
        last.error_detail if last else "",
    )
