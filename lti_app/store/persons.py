"""The people of a roster: matched to those who launched, by ``sub`` first and then by the LMS's own id."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, update
from sqlalchemy.orm import Session

from lms_clients.records import Learner
from lti_app.models import Person
from lti_app.store.bulk import among, insert_rows, table_of, update_rows
from lti_app.store.digests import text
from lti_app.store.joining import join_persons
from lti_app.store.scope import Scope

TABLE = table_of(Person)
COLUMNS = ("id_on_platform", "api_id", "name", "email", "locale", "time_zone")


@dataclass(frozen=True, slots=True)
class Matched:
    """Which person each record of the roster is (by the record's id), and how many rows were written."""

    ids: dict[str, int]
    new: int
    changed: int


def _wanted(learner: Learner, old: Row[Any] | None) -> tuple[Any, ...]:
    """Return the columns as they should be; what the LMS did not say stays, and a known ``sub`` is never replaced."""
    said = (
        text(learner.lti_sub, 255),
        learner.id,
        text(learner.name, 255),
        text(learner.email, 320),
        text(learner.language, 20),
        text(learner.time_zone, 64),
    )
    if old is None:
        return said
    kept = tuple(old[at + 1] if value is None else value for at, value in enumerate(said))
    # LTI alone knows no other name than the ``sub``: what the LMS's own services told before stays.
    api_id = old.api_id if old.api_id and learner.id == learner.lti_sub else kept[1]
    return (old.id_on_platform or kept[0], api_id, *kept[2:])


class _Known:
    """The persons that the roster may mean."""

    def __init__(self, session: Session, scope: Scope, learners: Sequence[Learner]) -> None:
        subs = [learner.lti_sub for learner in learners if learner.lti_sub]
        rows = session.execute(
            select(Person.id, *(TABLE.c[name] for name in COLUMNS))
            .where(Person.registration_id == scope.registration_id)
            .where(
                among(session, TABLE.c.api_id, [learner.id for learner in learners])
                | among(session, TABLE.c.id_on_platform, subs)
            )
        ).all()
        self.by_sub = {row.id_on_platform: row for row in rows if row.id_on_platform is not None}
        self.by_api = {row.api_id: row for row in rows if row.api_id is not None}

    def find(self, learner: Learner) -> Row[Any] | None:
        """Return the person whom a record means."""
        return self.by_sub.get(learner.lti_sub) or self.by_api.get(learner.id)


def _join_doubles(session: Session, known: _Known, learners: Sequence[Learner], now: datetime) -> bool:
    """Make one of two entries where an LMS tells only now which ``sub`` belongs to which of its ids."""
    found = False
    for learner in learners:
        first, second = known.by_sub.get(learner.lti_sub), known.by_api.get(learner.id)
        if first is None or second is None or first.id == second.id:
            continue
        found = True
        if second.id_on_platform is None:
            join_persons(session, first.id, second.id, now)
        else:
            # Somebody else's launches stand behind it: it had only the wrong id.
            session.execute(update(Person).where(Person.id == second.id).values(api_id=None))
    return found


def save_persons(session: Session, scope: Scope, learners: Sequence[Learner]) -> Matched:
    """Insert and update the persons of a roster; a display name that somebody chose is never touched."""
    known = _Known(session, scope, learners)
    if _join_doubles(session, known, learners, scope.now):
        known = _Known(session, scope, learners)
    ids, new, changes = {}, [], []
    for learner in learners:
        old = known.find(learner)
        wanted = _wanted(learner, old)
        if old is None:
            new.append((scope.registration_id, *wanted, scope.now))
        else:
            ids[learner.id] = old.id
            if tuple(old[1:]) != wanted:
                changes.append((*wanted, old.id))
    changed = update_rows(session, TABLE, COLUMNS, changes)
    # A launch may bring in the same person at this very moment.
    columns = ("registration_id", *COLUMNS, "created_at")
    inserted = insert_rows(session, TABLE, columns, new, conflict="ON CONFLICT DO NOTHING")
    if new:
        found = _Known(session, scope, [learner for learner in learners if learner.id not in ids])
        ids |= {learner.id: row.id for learner in learners if (row := found.find(learner)) is not None}
    return Matched(ids, inserted, changed)
