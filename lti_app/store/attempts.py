"""Every try of the learners whose detail was read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms_clients import records
from lms_clients.records import CourseSnapshot, Part
from lti_app.models import Attempt
from lti_app.store.activities import Place
from lti_app.store.bulk import among, delete_rows, insert_rows, table_of, update_rows
from lti_app.store.digests import share, text

ATTEMPTS = table_of(Attempt)
TRY_COLUMNS = ("started_at", "finished_at", "state", "score_share", "passed")


def _try(said: records.Attempt, place: Place) -> tuple[Any, ...]:
    whole = said.score_max if said.score_max is not None else place.points
    return (said.started_at, said.finished_at, text(said.state, 40) or "", share(said.score, whole), said.passed)


def _existing(session: Session, members: set[int]) -> dict[tuple[int, int, int], Any]:
    columns = ("membership_id", "activity_id", "number", "id", *TRY_COLUMNS)
    query = select(*(ATTEMPTS.c[name] for name in columns))
    rows = session.execute(query.where(among(session, ATTEMPTS.c.membership_id, sorted(members))))
    return {(row[0], row[1], row[2]): row for row in rows}


def save_attempts(
    session: Session,
    snapshot: CourseSnapshot,
    ids: Mapping[str, int],
    places: Mapping[str, Place],
    written: dict[str, int],
) -> None:
    """Save the tries of the learners whose detail was read; one that the LMS deleted goes, where it could be read."""
    members = {ids[learner_id] for learner_id in snapshot.detailed if learner_id in ids}
    if not members or (Part.ATTEMPTS not in snapshot.read and not snapshot.attempts):
        return
    old = _existing(session, members)
    new, changes, kept = [], [], set()
    for said in snapshot.attempts:
        membership_id, place = ids.get(said.learner_id), places.get(said.activity_id)
        if membership_id is None or place is None or membership_id not in members:
            continue
        key, told = (membership_id, place.id, said.number), _try(said, place)
        if key in kept:
            continue
        kept.add(key)
        before = old.get(key)
        if before is not None and told[-1] is None and told[-2] == before.score_share:
            # Where the pass mark is not told, some reads can infer it from other learners and some cannot.
            told = (*told[:-1], before.passed)
        if before is None:
            new.append((*key, *told))
        elif tuple(before[4:]) != told:
            changes.append((*told, before.id))
    doubted, blind = _unread_attempts(snapshot, ids, places)
    vanished = [
        row.id
        for key, row in old.items()
        if Part.ATTEMPTS in snapshot.read and key not in kept and key[0] not in doubted and key[1] not in blind
    ]
    count = insert_rows(session, ATTEMPTS, ("membership_id", "activity_id", "number", *TRY_COLUMNS), new)
    count += update_rows(session, ATTEMPTS, TRY_COLUMNS, changes)
    count += delete_rows(session, ATTEMPTS, vanished)
    written["attempt"] = written.get("attempt", 0) + count


def _unread_attempts(
    snapshot: CourseSnapshot, ids: Mapping[str, int], places: Mapping[str, Place]
) -> tuple[set[int], set[int]]:
    """Return the memberships and the activities whose tries could not be read."""
    members = {ids[gap.learner_id] for gap in snapshot.gaps if gap.learner_id is not None and gap.learner_id in ids}
    named = {gap.what.partition(":")[2] for gap in snapshot.gaps if gap.what.startswith(f"{Part.ATTEMPTS}:")}
    return members, {place.id for key, place in places.items() if key in named}
