"""How far each learner is with each activity: only those rows are written that say something new."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engagement.values import ActivityState
from lms_clients import records
from lms_clients.records import CourseSnapshot
from lti_app.models import ActivityProgress
from lti_app.store.activities import Place
from lti_app.store.bulk import CHUNK, Row, among, delete_rows, insert_rows, table_of, update_rows
from lti_app.store.digests import digest, number, text
from lti_app.store.scope import unsure_learners

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


class _Writer:
    """Rows on their way to the table, written by the thousand: a large course must not wait in memory whole."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._new: list[Row] = []
        self._whole: list[Row] = []
        self._part: list[Row] = []
        self.count = 0

    def add(self, key: tuple[int, int], told: tuple[Any, ...], observed_at: datetime) -> None:
        self._new.append((*key, told[0] or UNKNOWN, *told[1:], observed_at))
        if len(self._new) >= CHUNK:
            self._insert()

    def change(self, row_id: int, told: tuple[Any, ...], observed_at: datetime, *, whole: bool) -> None:
        rows = self._whole if whole else self._part
        rows.append((*told, observed_at, row_id))
        if len(rows) >= CHUNK:
            self._update()

    def _insert(self) -> None:
        columns = ("membership_id", "activity_id", *COLUMNS)
        self.count += insert_rows(self._session, TABLE, columns, self._new)
        self._new.clear()

    def _update(self) -> None:
        self.count += update_rows(self._session, TABLE, COLUMNS, self._whole)
        self.count += update_rows(self._session, TABLE, COLUMNS, self._part, keep=KEPT)
        self._whole.clear()
        self._part.clear()

    def finish(self, vanished: list[int]) -> int:
        """Write what is left, delete the ``vanished`` and return how many rows were written in all."""
        self._insert()
        self._update()
        return self.count + delete_rows(self._session, TABLE, vanished)


def _key(membership_id: int, activity_id: int) -> int:
    # One number takes half the room of a pair, and there are hundreds of thousands.
    return membership_id << 32 | activity_id


def _existing(session: Session, members: set[int]) -> dict[int, tuple[int, str]]:
    query = select(TABLE.c.membership_id, TABLE.c.activity_id, TABLE.c.id, TABLE.c.digest)
    query = query.where(among(session, TABLE.c.membership_id, sorted(members)))
    rows = session.execute(query.execution_options(yield_per=CHUNK))
    return {_key(row[0], row[1]): (row[2], row[3]) for row in rows}


def save_progress(
    session: Session,
    snapshot: CourseSnapshot,
    ids: Mapping[str, int],
    places: Mapping[str, Place],
    written: dict[str, int],
) -> None:
    """Save the progress of the learners whose detail was read; what was read only in part adds to what was known."""
    members = {ids[learner_id] for learner_id in snapshot.detailed if learner_id in ids}
    if not members:
        return
    unsure, old = unsure_learners(snapshot), _existing(session, members)
    writer, seen = _Writer(session), set[int]()
    for said in snapshot.progress:
        membership_id, place = ids.get(said.learner_id), places.get(said.activity_id)
        if membership_id is None or place is None or said.learner_id not in snapshot.detailed:
            continue
        key = _key(membership_id, place.id)
        if key in seen:
            continue
        seen.add(key)
        whole = unsure is not None and said.learner_id not in unsure
        told, before, at = _told(said, whole), old.get(key), said.observed_at or snapshot.taken_at
        if before is None:
            writer.add((membership_id, place.id), told, at)
        elif before[1] != told[-1]:
            writer.change(before[0], told, at, whole=whole)
    doubted = members if unsure is None else {ids[learner_id] for learner_id in unsure if learner_id in ids}
    vanished = [row_id for key, (row_id, _) in old.items() if key not in seen and key >> 32 not in doubted]
    written["progress"] = written.get("progress", 0) + writer.finish(vanished)
