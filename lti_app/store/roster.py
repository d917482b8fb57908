"""Who is in the course, in which role, and when last seen: a snapshot's roster becomes memberships.

A role learned at a launch stays: what a person may do in the course page decides, and rosters of some platforms name a
tutor a learner. Those who never launched get the roster's role. Whoever leaves the roster stays as a row with a state
other than active, and comes back with all their history.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Row, bindparam, select
from sqlalchemy.orm import Session

from lms_clients.records import Access, CourseGrade, CourseSnapshot, EnrolmentState, GapReason, Learner, Part, Role
from lti_app.models import Membership
from lti_app.store.bulk import insert_rows, table_of, update_rows
from lti_app.store.digests import digest, share, text
from lti_app.store.persons import save_persons
from lti_app.store.scope import Scope

TABLE = table_of(Membership)
GONE = "gone"
COLUMNS = ("role", "raw_roles", "state", "enrolled_at", "last_access_at", "never_accessed", "grade_share", "digest")
BOOKS = ("lms_mark", "lms_read_at")
_HERE = select(
    TABLE.c.id, TABLE.c.person_id, TABLE.c.launched_at, *(TABLE.c[name] for name in (*COLUMNS, *BOOKS))
).where(TABLE.c.context_id == bindparam("context_id"))


def role_of(learner: Learner) -> str | None:
    """Return learner or tutor, or None for those who only look on (observers, managers of the site)."""
    if {Role.INSTRUCTOR, Role.TA} & learner.roles:
        return "tutor"
    return "learner" if Role.LEARNER in learner.roles else None


def real_people(snapshot: CourseSnapshot) -> list[Learner]:
    """Return the roster without test students and preview users, each person once."""
    people = {
        learner.id: learner
        for learner in snapshot.learners
        if not learner.is_test and Role.TEST_STUDENT not in learner.roles
    }
    return list(people.values())


class _Said:
    """What a snapshot says about each person besides the roster itself."""

    def __init__(self, snapshot: CourseSnapshot) -> None:
        self.access: Mapping[str, Access] = {access.learner_id: access for access in snapshot.access}
        self.grades: Mapping[str, CourseGrade] = {grade.learner_id: grade for grade in snapshot.grades}

    def share(self, learner: Learner) -> Decimal | None:
        grade = self.grades.get(learner.id)
        return None if grade is None else share(grade.current, grade.scale_max)

    def seen(self, learner: Learner, old: Row[Any] | None) -> tuple[datetime | None, bool | None]:
        """Return last access and "never came"; an access once seen is not taken back."""
        access, before = self.access.get(learner.id), old.last_access_at if old else None
        if access is None:
            return before, old.never_accessed if old else None
        if access.last_seen_at is None and before is None:
            return None, False if old and old.launched_at else access.never
        times = [at for at in (access.last_seen_at, before) if at is not None]
        return max(times), False

    def digest(self, learner: Learner) -> str:
        """Return the digest of all that was said about this person."""
        access = self.access.get(learner.id)
        return digest(
            sorted(learner.roles),
            learner.state,
            _enrolled_at(learner),
            learner.raw_roles,
            access and (access.last_seen_at, access.never),
            self.share(learner),
        )


def _enrolled_at(learner: Learner) -> datetime | None:
    times = [at for e in learner.enrolments if (at := e.enrolled_at or e.starts_at) is not None]
    return min(times, default=None)


def _wanted(learner: Learner, said: _Said, old: Row[Any] | None, mark: str) -> tuple[Any, ...]:
    seen_at, never = said.seen(learner, old)
    launched = old is not None and old.launched_at is not None
    role = old.role if old and launched else role_of(learner) or (old.role if old else "learner")
    raw = list(old.raw_roles) if old and launched else [text(word, 200) for word in learner.raw_roles]
    enrolled_at = _enrolled_at(learner) or (old.enrolled_at if old else None)
    grade = said.share(learner)
    if grade is None and old is not None:
        grade = old.grade_share
    return (role, raw, str(learner.state), enrolled_at, seen_at, never, grade, mark)


def _gone(old: Row[Any]) -> tuple[Any, ...]:
    seen = (old.enrolled_at, old.last_access_at, old.never_accessed, old.grade_share)
    return (old.role, old.raw_roles, str(EnrolmentState.DELETED), *seen, GONE)


def _is_whole(snapshot: CourseSnapshot) -> bool:
    """Return whether somebody who is missing from the roster has really left."""
    cut = any(gap.what.startswith(Part.ROSTER) and gap.reason is GapReason.TRUNCATED for gap in snapshot.gaps)
    return Part.ROSTER in snapshot.read and not cut


def _existing(session: Session, scope: Scope) -> dict[int, Row[Any]]:
    return {row.person_id: row for row in session.execute(_HERE, {"context_id": scope.context_id})}


def save_roster(session: Session, scope: Scope, snapshot: CourseSnapshot, written: dict[str, int]) -> dict[str, int]:
    """Save persons and memberships and return the membership of each of the roster's ids."""
    people = real_people(snapshot)
    matched = save_persons(session, scope, people)
    old = _existing(session, scope)
    said, new, changes, placed = _Said(snapshot), [], [], set()
    for learner in people:
        person_id = matched.ids.get(learner.id)
        if person_id is None:
            continue
        row, mark = old.get(person_id), said.digest(learner)
        if row is None and role_of(learner) is None:
            continue
        placed.add(person_id)
        if row is None:
            wanted = _wanted(learner, said, None, mark)
            new.append((scope.context_id, person_id, *wanted, {}, scope.now))
        elif row.digest != mark or row.state != learner.state:
            changes.append((*_wanted(learner, said, row, mark), row.id))
    if _is_whole(snapshot):
        missing = (row for person_id, row in old.items() if person_id not in placed)
        # Somebody of whom only launches told (a manager of the site) was never in the roster and has not left it.
        changes += [(*_gone(row), row.id) for row in missing if row.digest not in (None, GONE)]
    columns = ("context_id", "person_id", *COLUMNS, "settings", "created_at")
    written["person"] = matched.new + matched.changed
    written["membership"] = insert_rows(session, TABLE, columns, new, conflict="ON CONFLICT DO NOTHING")
    written["membership"] += update_rows(session, TABLE, COLUMNS, changes)
    if new:
        old = _existing(session, scope)
    ids = {key: old[person_id].id for key, person_id in matched.ids.items() if person_id in old}
    _keep_books(session, snapshot, ids, {row.id: row for row in old.values()}, scope.now)
    return ids


def _keep_books(
    session: Session, snapshot: CourseSnapshot, ids: Mapping[str, int], old: Mapping[int, Row[Any]], now: datetime
) -> None:
    """Remember what the client left behind: marks, and whose detail was read now."""
    rows: list[Sequence[Any]] = []
    for learner_id, membership_id in ids.items():
        row, mark = old[membership_id], text(snapshot.marks.get(learner_id), 255)
        read_at = now if learner_id in snapshot.detailed else row.lms_read_at
        if (mark, read_at) != (row.lms_mark, row.lms_read_at):
            rows.append((mark, read_at, membership_id))
    update_rows(session, TABLE, BOOKS, rows)
