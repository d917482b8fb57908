"""Day-level rhythm: most LMSs tell only the last access, so every proof of a day is kept when it is seen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms_clients.records import CourseSnapshot
from lti_app.models import ActiveDay
from lti_app.store import proofs
from lti_app.store.activities import Place
from lti_app.store.bulk import CHUNK, among, insert_rows, table_of
from lti_app.store.scope import Scope

TABLE = table_of(ActiveDay)
# An LMS's clock may run ahead of ours a little; a proof from tomorrow is none.
AHEAD = timedelta(minutes=10)
ADD_BITS = "ON CONFLICT (membership_id, day) DO UPDATE SET proofs = active_day.proofs | excluded.proofs"


def _proofs(
    snapshot: CourseSnapshot, ids: Mapping[str, int], places: Mapping[str, Place]
) -> Iterator[tuple[str, datetime | None, int]]:
    """Yield who did something when, and what proves it."""
    for access in snapshot.access:
        yield access.learner_id, access.last_seen_at, proofs.ACCESS
    for said in snapshot.progress:
        yield said.learner_id, said.submitted_at, proofs.SUBMISSION
        place = places.get(said.activity_id)
        # A mark completes what a tutor marks: that is the tutor's day, not the learner's.
        if place is not None and not place.tutor_marked:
            yield said.learner_id, said.completed_at, proofs.COMPLETION
    for attempt in snapshot.attempts:
        yield attempt.learner_id, attempt.started_at, proofs.ATTEMPT
        yield attempt.learner_id, attempt.finished_at, proofs.ATTEMPT


def save_days(
    session: Session,
    scope: Scope,
    snapshot: CourseSnapshot,
    ids: Mapping[str, int],
    places: Mapping[str, Place],
    written: dict[str, int],
) -> None:
    """Add the days that this snapshot proves; the first one brings in what history there is."""
    found: dict[tuple[int, date], int] = {}
    latest = scope.now + AHEAD
    for learner_id, at, bit in _proofs(snapshot, ids, places):
        membership_id = ids.get(learner_id)
        if membership_id is not None and at is not None and at <= latest:
            key = (membership_id, at.astimezone(scope.zone).date())
            found[key] = found.get(key, 0) | bit
    written["active_day"] = written.get("active_day", 0) + add_days(session, found)


def add_days(session: Session, found: Mapping[tuple[int, date], int]) -> int:
    """Add proven days (membership and day to proof bits) and return how many rows were written."""
    if not found:
        return 0
    query = select(TABLE.c.membership_id, TABLE.c.day, TABLE.c.proofs)
    query = query.where(among(session, TABLE.c.membership_id, _members(found)))
    new = dict(found)
    for membership_id, day, bits in session.execute(query.execution_options(yield_per=CHUNK)):
        key = (membership_id, day)
        if key in new and not new[key] & ~bits:
            del new[key]
    return insert_rows(
        session,
        TABLE,
        ("membership_id", "day", "proofs"),
        [(*key, bits) for key, bits in new.items()],
        conflict=ADD_BITS,
    )


def _members(keys: Iterable[tuple[int, date]]) -> list[int]:
    return sorted({membership_id for membership_id, _ in keys})
