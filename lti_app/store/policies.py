"""What a course allows: engagement's defaults, changed by the course's own settings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from datetime import time
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from engagement.values import Policy, StallKind
from lti_app.models import Academy, Context, CourseGroup, Deployment, GroupMember, Membership
from lti_app.store.bulk import table_of

DEFAULT = Policy()
_A, _D, _C = (table_of(model) for model in (Academy, Deployment, Context))
_SETTINGS = (
    select(_C.c.settings, _A.c.settings)
    .join(_D, _D.c.id == _C.c.deployment_id)
    .join(_A, _A.c.id == _D.c.academy_id)
    .where(_C.c.id == bindparam("context_id"))
)


def _read(name: str, raw: Any) -> Any:
    if name == "match_kinds":
        return frozenset(StallKind(word) for word in raw)
    if name == "excluded":
        return frozenset(int(membership_id) for membership_id in raw)
    if name == "weekly_most" and not isinstance(raw, bool):
        return max(int(raw), 0)
    default = getattr(DEFAULT, name)
    if isinstance(default, time):
        return time.fromisoformat(raw)
    if isinstance(raw, bool) or not isinstance(raw, (int, float)):
        raise ValueError(name)
    return type(default)(raw)


def policy_from(settings: Mapping[str, Any]) -> Policy:
    """Return the policy that a course's settings describe; a setting that cannot be read is as if it were not there."""
    found = settings.get("policy")
    own: dict[str, Any] = found if isinstance(found, dict) else {}
    changes: dict[str, Any] = {}
    for name in {field.name for field in fields(Policy)} & own.keys():
        try:
            changes[name] = _read(name, own[name])
        except (TypeError, ValueError):
            continue
    return replace(DEFAULT, **changes)


def policy_of(session: Session, context_id: int) -> Policy:
    """Return the policy of one course: the academy's, changed by the course's own settings.

    Peer support leaves out whom either names: ``excluded`` (memberships), ``excluded_people`` (in whatever course),
    ``excluded_roles`` (LTI roles, whole or after the #) and ``excluded_groups`` (groups of the LMS by name, such as one
    that holds the minors).
    """
    row = session.execute(_SETTINGS, {"context_id": context_id}).one_or_none()
    if row is None:
        return DEFAULT
    told = [own for own in ((settings or {}).get("policy") for settings in (row[1], row[0])) if isinstance(own, dict)]
    policy = policy_from({"policy": {name: value for own in told for name, value in own.items()}})
    out = {one for own in told for one in policy_from({"policy": own}).excluded}
    out |= _of_people(session, context_id, told)
    out |= _with_roles(session, context_id, _names(told, "excluded_roles"))
    out |= _in_groups(session, context_id, _names(told, "excluded_groups"))
    return replace(policy, excluded=frozenset(out)) if out else policy


def _names(told: Iterable[Mapping[str, Any]], key: str) -> frozenset[str]:
    found = (own.get(key) for own in told)
    return frozenset(name.casefold() for names in found if isinstance(names, list) for name in map(str, names))


def _of_people(session: Session, context_id: int, told: Iterable[Mapping[str, Any]]) -> set[int]:
    found = (own.get("excluded_people") for own in told)
    people = {one for ids in found if isinstance(ids, list) for one in ids if isinstance(one, int)}
    if not people:
        return set()
    here = Membership.context_id == context_id
    return set(session.scalars(select(Membership.id).where(here, Membership.person_id.in_(people))))


def _with_roles(session: Session, context_id: int, names: frozenset[str]) -> set[int]:
    if not names:
        return set()
    rows = session.execute(select(Membership.id, Membership.raw_roles).where(Membership.context_id == context_id))
    return {
        row[0]
        for row in rows
        if any({role.casefold(), role.casefold().rpartition("#")[2]} & names for role in map(str, row[1] or ()))
    }


def _in_groups(session: Session, context_id: int, names: frozenset[str]) -> set[int]:
    if not names:
        return set()
    rows = session.execute(
        select(GroupMember.membership_id, CourseGroup.name)
        .join(CourseGroup, CourseGroup.id == GroupMember.group_id)
        .where(CourseGroup.context_id == context_id)
    )
    return {row[0] for row in rows if row[1].casefold() in names}
