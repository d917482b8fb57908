"""Save what an LMS said about a course: one transaction, few statements, nothing written twice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from lms_clients.base import KnownState
from lms_clients.errors import ProtocolTrouble
from lms_clients.records import Course, CourseRef, CourseSnapshot, CourseState, Part
from lti_app.models import Context, Membership, Person, SyncGap
from lti_app.store.activities import save_activities
from lti_app.store.bulk import delete_rows, insert_rows, table_of
from lti_app.store.digests import text
from lti_app.store.groups import save_groups
from lti_app.store.portions import save_work
from lti_app.store.roster import save_roster
from lti_app.store.scope import Scope, scope_of

GAPS, _P, _M = (table_of(model) for model in (SyncGap, Person, Membership))
_GAPS_OF = select(GAPS.c.id, GAPS.c.membership_id, GAPS.c.what, GAPS.c.reason, GAPS.c.detail).where(
    GAPS.c.context_id == bindparam("context_id")
)
_KNOWN = (
    select(_P.c.api_id, _P.c.id_on_platform, _M.c.lms_mark, _M.c.lms_read_at, _M.c.launched_at)
    .join(_P, _P.c.id == _M.c.person_id)
    .where(_M.c.context_id == bindparam("context_id"))
)


@dataclass(frozen=True, slots=True)
class Counts:
    """What a snapshot held and what of it was new; ``written`` counts rows by table."""

    people: int
    activities: int
    progress: int
    attempts: int
    gaps: int
    written: Mapping[str, int]

    @property
    def rows(self) -> int:
        """All rows written."""
        return sum(self.written.values())

    def facts(self) -> dict[str, Any]:
        """Return the counts for a row of sync runs."""
        seen = {name: getattr(self, name) for name in ("people", "activities", "progress", "attempts", "gaps")}
        return {**seen, "written": {name: count for name, count in self.written.items() if count}}


def save_snapshot(session: Session, context_id: int, snapshot: CourseSnapshot, now: datetime) -> Counts:
    """Save a snapshot; raises ProtocolTrouble when it cannot be true, and then nothing of it may be kept."""
    context = session.get_one(Context, context_id)
    _refuse_the_impossible(session, context, snapshot)
    _save_course(context, snapshot.course)
    parts = sorted({*(context.parts_read or ()), *map(str, snapshot.read)})
    if parts != context.parts_read:
        context.parts_read = parts
    session.flush()
    scope = scope_of(session, context_id, context.time_zone, now)
    written: dict[str, int] = {}
    ids = save_roster(session, scope, snapshot, written)
    save_groups(session, scope, snapshot, ids, written)
    places = save_activities(session, scope, snapshot, written)
    save_work(session, scope, snapshot, ids, places, written)
    _save_gaps(session, scope, snapshot, ids, written)
    sizes = (len(snapshot.learners), len(snapshot.activities), len(snapshot.progress), len(snapshot.attempts))
    return Counts(*sizes, len(snapshot.gaps), written)


def _refuse_the_impossible(session: Session, context: Context, snapshot: CourseSnapshot) -> None:
    """Moodle answers an empty list where separate groups hide everybody: that is no course that everybody left."""
    if Part.ROSTER not in snapshot.read or snapshot.learners:
        return
    there = select(Membership.id).where(Membership.context_id == context.id, Membership.digest.is_not(None))
    if session.scalar(there.where(Membership.state == "active").limit(1)) is not None:
        raise ProtocolTrouble("the roster is empty although people were there", code="empty_roster")


def _save_course(context: Context, course: Course) -> None:
    told = {
        "title": text(course.title, 500) or None,
        "label": text(course.code, 255),
        "time_zone": text(course.time_zone, 64),
        "starts_at": course.starts_at,
        "ends_at": course.ends_at,
        "api_id": text(course.ref.api_id, 255),
        "state": None if course.state is CourseState.UNKNOWN else str(course.state),
    }
    for name, value in told.items():
        if value is not None and getattr(context, name) != value:
            setattr(context, name, value)


def _save_gaps(
    session: Session, scope: Scope, snapshot: CourseSnapshot, ids: Mapping[str, int], written: dict[str, int]
) -> None:
    """Make the gaps what they are now; one that stays keeps the time since when."""
    told = {
        (ids.get(gap.learner_id) if gap.learner_id else None, (text(gap.what, 80) or ""), str(gap.reason)): gap.detail
        for gap in snapshot.gaps
        if gap.learner_id is None or gap.learner_id in ids
    }
    rows = session.execute(_GAPS_OF, {"context_id": scope.context_id}).all()
    same = {tuple(row[1:4]) for row in rows if told.get(tuple(row[1:4])) == row.detail}
    closed = [row.id for row in rows if tuple(row[1:4]) not in same]
    new = [(scope.context_id, *key, text(detail, 2000), scope.now) for key, detail in told.items() if key not in same]
    written["gap"] = delete_rows(session, GAPS, closed)
    written["gap"] += insert_rows(
        session, GAPS, ("context_id", "membership_id", "what", "reason", "detail", "since"), new
    )


def load_known(session: Session, context_id: int) -> tuple[CourseRef, Mapping[str, str], KnownState]:
    """Return how to name the course to its LMS, and what the last snapshots left behind."""
    context = session.get_one(Context, context_id)
    rows = session.execute(_KNOWN, {"context_id": context_id}).all()
    known = KnownState(
        marks={row.api_id: row.lms_mark for row in rows if row.api_id and row.lms_mark is not None},
        read_at={row.api_id: row.lms_read_at for row in rows if row.api_id and row.lms_read_at is not None},
        launches={row.id_on_platform: row.launched_at for row in rows if row.id_on_platform and row.launched_at},
        unnamed=frozenset(row.id_on_platform for row in rows if row.id_on_platform and row.api_id is None),
    )
    ref = CourseRef(
        api_id=context.api_id,
        lti_context_id=context.id_on_platform,
        memberships_url=context.memberships_url,
        lineitems_url=context.lineitems_url,
    )
    return ref, dict(context.sync_cursor or {}), known
