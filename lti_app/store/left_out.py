"""Whom peer support leaves out in an academy: single people, roles, and groups of the LMS such as one of minors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lti_app.models import Academy, AuditEntry, Context, CourseGroup, Deployment, GroupMember, Membership, Person
from lti_app.store.names import full_name
from lti_app.store.refusals import NotYours

PEOPLE, ROLES, GROUPS = "excluded_people", "excluded_roles", "excluded_groups"
MOST_FOUND = 12
MOST_PEOPLE = 500


@dataclass(frozen=True, slots=True)
class Somebody:
    """A person with the courses they are in."""

    person_id: int
    name: str
    courses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GroupLine:
    """A group by its name; ``people`` is how many are in groups of this name now, whatever the course."""

    name: str
    people: int


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Whom peer support leaves out; ``roles`` are LTI roles as they stand after the #."""

    people: tuple[Somebody, ...]
    roles: tuple[str, ...]
    groups: tuple[GroupLine, ...]


def left_out(session: Session, academy_id: int) -> LeftOut:
    """Return whom the academy leaves out."""
    policy = _policy(session.get_one(Academy, academy_id, populate_existing=True))
    names = _texts(policy, GROUPS)
    counts = _group_sizes(session, academy_id, names)
    return LeftOut(
        people=_people(session, academy_id, _ids(policy)),
        roles=_texts(policy, ROLES),
        groups=tuple(GroupLine(name, counts.get(name.casefold(), 0)) for name in names),
    )


def _policy(academy: Academy) -> dict[str, Any]:
    found = (academy.settings or {}).get("policy")
    return dict(found) if isinstance(found, dict) else {}


def _texts(policy: dict[str, Any], key: str) -> tuple[str, ...]:
    found = policy.get(key)
    return tuple(str(one) for one in found) if isinstance(found, list) else ()


def _ids(policy: dict[str, Any]) -> list[int]:
    found = policy.get(PEOPLE)
    return [one for one in found if isinstance(one, int)] if isinstance(found, list) else []


def _courses_of(academy_id: int) -> Any:
    return (
        select(Context.id)
        .join(Deployment, Deployment.id == Context.deployment_id)
        .where(Deployment.academy_id == academy_id)
    )


def _group_sizes(session: Session, academy_id: int, names: Sequence[str]) -> dict[str, int]:
    if not names:
        return {}
    rows = session.execute(
        select(CourseGroup.name, func.count(GroupMember.membership_id))
        .join(GroupMember, GroupMember.group_id == CourseGroup.id)
        .where(CourseGroup.context_id.in_(_courses_of(academy_id)))
        .group_by(CourseGroup.name)
    )
    found: dict[str, int] = {}
    for name, count in rows:
        found[name.casefold()] = found.get(name.casefold(), 0) + count
    return found


def _people(session: Session, academy_id: int, ids: Sequence[int]) -> tuple[Somebody, ...]:
    if not ids:
        return ()
    rows = session.execute(
        select(Person, Context.title)
        .join(Membership, Membership.person_id == Person.id)
        .join(Context, Context.id == Membership.context_id)
        .where(Context.id.in_(_courses_of(academy_id)), Person.id.in_(ids))
        .order_by(Person.name, Person.id, Context.title)
    ).all()
    people = {person.id: person for person, _title in rows}
    titles: dict[int, list[str]] = {}
    for person, title in rows:
        titles.setdefault(person.id, []).append(title or "")
    return tuple(Somebody(one, full_name(person), tuple(titles[one])) for one, person in people.items())


def found_people(session: Session, academy_id: int, words: str) -> tuple[Somebody, ...]:
    """Return up to a dozen learners of the academy whose name holds these words and who are not left out."""
    wanted = words.strip()
    if not wanted:
        return ()
    out = _ids(_policy(session.get_one(Academy, academy_id, populate_existing=True)))
    here = select(Membership.person_id).where(
        Membership.context_id.in_(_courses_of(academy_id)), Membership.role == "learner", Membership.state == "active"
    )
    query = select(Person.id).where(Person.id.in_(here), Person.name.icontains(wanted, autoescape=True))
    ids = session.scalars(query.where(Person.id.not_in(out)).order_by(Person.name, Person.id).limit(MOST_FOUND)).all()
    return _people(session, academy_id, ids)


def leave_out(session: Session, academy_id: int, person_id: int, out: bool, by_id: int | None, now: datetime) -> None:
    """Leave somebody out of peer support in all courses of the academy, or let them in again; twice is once.

    Raises NotYours for somebody of another academy, ValueError where hundreds are left out one by one: that is a group.
    """
    academy = _locked(session, academy_id)
    if not _people(session, academy_id, [person_id]):
        raise NotYours
    policy = _policy(academy)
    ids = _ids(policy)
    if (person_id in ids) == out:
        return
    if out and len(ids) >= MOST_PEOPLE:
        raise ValueError("people")
    policy[PEOPLE] = [*ids, person_id] if out else [one for one in ids if one != person_id]
    _keep(session, academy, policy)
    _note(session, academy_id, by_id, now, "left_out" if out else "let_in", {}, about_id=person_id)


def choose_left_out(
    session: Session, academy_id: int, roles: Sequence[str], groups: Sequence[str], by_id: int | None, now: datetime
) -> bool:
    """Leave these roles and groups out from now on; False where nothing changed."""
    academy = _locked(session, academy_id)
    policy = _policy(academy)
    before = {ROLES: list(_texts(policy, ROLES)), GROUPS: list(_texts(policy, GROUPS))}
    after = {ROLES: list(dict.fromkeys(roles)), GROUPS: list(dict.fromkeys(groups))}
    if before == after:
        return False
    _keep(session, academy, {**policy, **after})
    _note(session, academy_id, by_id, now, "left_out_changed", {"before": before, "after": after})
    return True


def _locked(session: Session, academy_id: int) -> Academy:
    query = select(Academy).where(Academy.id == academy_id).with_for_update(key_share=True)
    return session.scalars(query.execution_options(populate_existing=True)).one()


def _keep(session: Session, academy: Academy, policy: dict[str, Any]) -> None:
    academy.settings = {**(academy.settings or {}), "policy": policy}
    session.flush()


def _note(
    session: Session,
    academy_id: int,
    by_id: int | None,
    now: datetime,
    what: str,
    facts: dict[str, Any],
    *,
    about_id: int | None = None,
) -> None:
    session.add(AuditEntry(academy_id=academy_id, actor_id=by_id, about_id=about_id, what=what, facts=facts, at=now))
    session.flush()
