"""The groups of a course and who is in them."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import bindparam, delete, select, tuple_
from sqlalchemy.orm import Session

from lms_clients.records import CourseSnapshot, Part
from lti_app.models import CourseGroup, GroupMember
from lti_app.store.bulk import delete_rows, insert_rows, table_of, update_rows
from lti_app.store.digests import text
from lti_app.store.scope import Scope

GROUPS = table_of(CourseGroup)
MEMBERS = table_of(GroupMember)
_HERE = select(GROUPS.c.api_id, GROUPS.c.id, GROUPS.c.name).where(GROUPS.c.context_id == bindparam("context_id"))
_IN_THEM = (
    select(MEMBERS.c.group_id, MEMBERS.c.membership_id)
    .join(GROUPS, GROUPS.c.id == MEMBERS.c.group_id)
    .where(GROUPS.c.context_id == bindparam("context_id"))
)


def _groups(session: Session, context_id: int) -> dict[str, tuple[int, str]]:
    return {row.api_id: (row.id, row.name) for row in session.execute(_HERE, {"context_id": context_id})}


def save_groups(
    session: Session, scope: Scope, snapshot: CourseSnapshot, ids: Mapping[str, int], written: dict[str, int]
) -> None:
    """Make the course's groups what the snapshot says, where it says anything about them."""
    if Part.GROUPS not in snapshot.read:
        return
    old, told = _groups(session, scope.context_id), {group.id: group for group in snapshot.groups}
    names = {key: text(group.name, 500) or "" for key, group in told.items()}
    new = [(scope.context_id, key, name) for key, name in names.items() if key not in old]
    renamed = [(name, old[key][0]) for key, name in names.items() if key in old and old[key][1] != name]
    count = insert_rows(session, GROUPS, ("context_id", "api_id", "name"), new)
    count += update_rows(session, GROUPS, ("name",), renamed)
    count += delete_rows(session, GROUPS, [row_id for key, (row_id, _) in old.items() if key not in told])
    if new:
        old = _groups(session, scope.context_id)
    wanted = {
        (old[key][0], ids[learner_id])
        for key, group in told.items()
        for learner_id in group.member_ids
        if learner_id in ids
    }
    written["group"] = count + _save_members(session, scope, wanted)


def _save_members(session: Session, scope: Scope, wanted: set[tuple[int, int]]) -> int:
    rows = session.execute(_IN_THEM, {"context_id": scope.context_id})
    there = {(row.group_id, row.membership_id) for row in rows}
    left = list(there - wanted)
    for start in range(0, len(left), 1000):
        keys = tuple_(MEMBERS.c.group_id, MEMBERS.c.membership_id)
        session.execute(delete(MEMBERS).where(keys.in_(left[start : start + 1000])))
    joined = sorted(wanted - there)
    return len(left) + insert_rows(session, MEMBERS, ("group_id", "membership_id"), joined)
