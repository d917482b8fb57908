"""How far each learner is with each activity: only those rows are written that say something new."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engagement.values import ActivityState
from lms_clients import records
from lms_clients.records import CourseSnapshot
from lti_app.models import ActivityProgress
from lti_app.store.activities import Place
from lti_app.store.bulk import Row, among, delete_rows, insert_rows, table_of, update_rows
from lti_app.store.digests import digest, number, text
from lti_app.store.scope import Scope, unsure_learners

TABLE = table_of(ActivityProgress)
COLUMNS = (
    "state", "raw_state", "attempts", "score", "score_max", "score_visible", "submitted_at", "graded_at",
    "completed_at", "due_at", "late", "missing", "needs_grading", "digest", "observed_at",
)  # fmt: skip
# Columns in which, when only a part was read, "nothing said" leaves what was known.
KEPT = frozenset(COLUMNS) - {"digest", "observed_at"}
STATES = {str(state): str(state) for state in ActivityState} | {
    str(records.ActivityState.VIEWED): str(ActivityState.IN_PROGRESS),
    str(records.ActivityState.LOCKED): str(ActivityState.NOT_STARTED),
}
UNKNOWN = str(ActivityState.UNKNOWN)


def _told(said: records.LearnerProgress, whole: bool) -> tuple[Any, ...]:
    """Return the columns that a record fills, its digest last."""
    state = STATES.get(str(said.state), UNKNOWN)
    told = (
        None if state == UNKNOWN and not whole else state,
        text(said.raw_state, 80),
        said.attempts,
        number(said.score),
        number(said.score_max),
        said.score_visible_to_learner,
        said.submitted_at,
        said.graded_at,
        said.completed_at,
        said.due_at,
        said.late,
        said.missing,
        said.needs_grading,
    )
    return (*told, digest(whole, *told))


def save_progress(
    session: Session,
    scope: Scope,
    snapshot: CourseSnapshot,
    ids: Mapping[str, int],
    places: Mapping[str, Place],
    written: dict[str, int],
) -> None:
    """Save the progress of the learners whose detail was read; what was read only in part adds to what was known."""
    members = {ids[learner_id] for learner_id in snapshot.detailed if learner_id in ids}
    if not members:
        return
    unsure = unsure_learners(snapshot)
    query = select(TABLE.c.membership_id, TABLE.c.activity_id, TABLE.c.id, TABLE.c.digest)
    rows = session.execute(query.where(among(session, TABLE.c.membership_id, sorted(members))))
    old = {(row[0], row[1]): (row[2], row[3]) for row in rows}
    new: list[Row] = []
    whole_changes: list[Row] = []
    part_changes: list[Row] = []
    kept: set[tuple[int, int]] = set()
    for said in snapshot.progress:
        membership_id, place = ids.get(said.learner_id), places.get(said.activity_id)
        if membership_id is None or place is None or said.learner_id not in snapshot.detailed:
            continue
        key, whole = (membership_id, place.id), unsure is not None and said.learner_id not in unsure
        if key in kept:
            continue
        kept.add(key)
        told, before = _told(said, whole), old.get(key)
        if before is None:
            new.append((*key, told[0] or UNKNOWN, *told[1:], said.observed_at or snapshot.taken_at))
        elif before[1] != told[-1]:
            row = (*told, said.observed_at or snapshot.taken_at, before[0])
            (whole_changes if whole else part_changes).append(row)
    doubted = members if unsure is None else {ids[learner_id] for learner_id in unsure if learner_id in ids}
    vanished = [row_id for key, (row_id, _) in old.items() if key not in kept and key[0] not in doubted]
    written["progress"] = insert_rows(session, TABLE, ("membership_id", "activity_id", *COLUMNS), new)
    written["progress"] += update_rows(session, TABLE, COLUMNS, whole_changes)
    written["progress"] += update_rows(session, TABLE, COLUMNS, part_changes, keep=KEPT)
    written["progress"] += delete_rows(session, TABLE, vanished)
