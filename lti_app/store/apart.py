"""Groups that talk among themselves: whose thread it is, and who may read it.

Where staff has chosen so (``groups_apart``), a discussion or a question of somebody in a group of the LMS is read by
that group and by staff. A thread keeps the group's own id at the LMS: when the group goes, nobody but staff reads it
any more, rather than everybody. Ideas, projects and meetings stay the whole course's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, or_, select, true
from sqlalchemy.orm import Session

from lti_app.models import CourseGroup, GroupMember, Membership, Thread
from lti_app.store.built import among
from lti_app.store.community_settings import community_of
from lti_app.store.course_facts import STAFF
from lti_app.store.refusals import NotYours

MOST = 200


@dataclass(frozen=True, slots=True)
class Choice:
    """For whom somebody may write: ``groups`` with their names; ``whole``: for the whole course, too."""

    groups: tuple[tuple[str, str], ...]
    whole: bool


def open_to(membership_id: Any, *, to_staff: bool = False) -> ColumnElement[bool]:
    """Whether a member (their id, or a column of ids) is among those for whom a thread was written."""
    if to_staff:
        return true()
    mine = (
        select(CourseGroup.api_id)
        .join(GroupMember, GroupMember.group_id == CourseGroup.id)
        .where(GroupMember.membership_id == membership_id, CourseGroup.context_id == Thread.context_id)
    )
    staff = select(Membership.id).where(Membership.id == membership_id, among(Membership.role, STAFF))
    mine, staff = mine.correlate_except(CourseGroup, GroupMember), staff.correlate_except(Membership)
    return or_(Thread.group_key.is_(None), Thread.group_key.in_(mine), staff.exists())


def is_open_to(session: Session, thread: Thread, membership_id: int, *, to_staff: bool = False) -> bool:
    """Whether a member is among those for whom a thread was written."""
    if thread.group_key is None or to_staff:
        return True
    return session.scalar(select(Thread.id).where(Thread.id == thread.id, open_to(membership_id))) is not None


def readers(thread: Thread) -> ColumnElement[bool]:
    """Which memberships are among those for whom a thread was written."""
    if thread.group_key is None:
        return true()
    inside = (
        select(GroupMember.membership_id)
        .join(CourseGroup, CourseGroup.id == GroupMember.group_id)
        .where(CourseGroup.context_id == thread.context_id, CourseGroup.api_id == thread.group_key)
    )
    return or_(among(Membership.role, STAFF), Membership.id.in_(inside))


def _own(session: Session, context_id: int, membership_id: int) -> tuple[tuple[str, str], ...]:
    rows = session.execute(
        select(CourseGroup.api_id, CourseGroup.name)
        .join(GroupMember, GroupMember.group_id == CourseGroup.id)
        .where(CourseGroup.context_id == context_id, GroupMember.membership_id == membership_id)
        .order_by(CourseGroup.name, CourseGroup.id)
    )
    return tuple((row[0], row[1]) for row in rows)


def _all(session: Session, context_id: int) -> tuple[tuple[str, str], ...]:
    query = select(CourseGroup.api_id, CourseGroup.name).where(CourseGroup.context_id == context_id)
    rows = session.execute(query.order_by(CourseGroup.name, CourseGroup.id).limit(MOST))
    return tuple((row[0], row[1]) for row in rows)


def has_groups(session: Session, context_id: int) -> bool:
    """Whether the LMS told of groups in this course."""
    return session.scalar(select(CourseGroup.id).where(CourseGroup.context_id == context_id).limit(1)) is not None


def choice(session: Session, context_id: int, membership_id: int, *, is_staff: bool, apart: bool) -> Choice | None:
    """Return for whom somebody may begin a thread; None where it is the whole course's in any case."""
    if not apart:
        return None
    groups = _all(session, context_id) if is_staff else _own(session, context_id, membership_id)
    return Choice(groups, whole=is_staff) if groups else None


def group_for(session: Session, context_id: int, membership_id: int, chosen: str) -> str | None:
    """Return whose a thread is that a member begins: their group's, or what staff chose; None: the whole course's.

    Raises NotYours for a group that is not theirs to choose.
    """
    if not community_of(session, context_id).groups_apart:
        return None
    is_staff = session.scalar(select(Membership.role).where(Membership.id == membership_id)) in STAFF
    open_ = choice(session, context_id, membership_id, is_staff=is_staff, apart=True)
    if open_ is None:
        return None
    if chosen:
        if chosen not in dict(open_.groups):
            raise NotYours
        return chosen
    return None if open_.whole else open_.groups[0][0]


def name_of_group(session: Session, thread: Thread) -> str:
    """Return what the group is called whose thread it is; empty for the whole course's, or a group that has gone."""
    if thread.group_key is None:
        return ""
    found = select(CourseGroup.name).where(
        CourseGroup.context_id == thread.context_id, CourseGroup.api_id == thread.group_key
    )
    return session.scalar(found) or ""
