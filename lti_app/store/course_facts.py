"""Small looks at a course that several subjects share: activities by id, faces by membership, its time zone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.util import identity_key

from engagement.values import ActivityState, Reason, ReasonCode, StallKind, worth_saying
from lti_app.models import Academy, Activity, ActivityProgress, Context, Deployment, Membership, Person
from lti_app.store.built import built, read_rows
from lti_app.store.bulk import among, table_of
from lti_app.store.names import NAMING, Named, initials, short_name
from lti_app.store.refusals import NotYours
from lti_app.store.scope import zone_named
from lti_app.store.views import ActivityRef, Face, ReasonView

DONE = tuple(state.value for state in ActivityState if state.is_done)
STAFF = ("tutor", "manager")


@built
def _active(membership_id: int, *, lock: bool) -> Select[Membership]:
    query = select(Membership).where(Membership.id == membership_id, Membership.state == "active")
    return query.with_for_update(key_share=True) if lock else query


def active_membership(session: Session, membership_id: int, *, lock: bool = False) -> Membership:
    """Return an active membership; raises NotYours."""
    # Without a lock, whom the session already knows need not be asked for again.
    known = None if lock else session.identity_map.get(identity_key(Membership, membership_id))
    member: Membership | None = known or session.scalar(*_active(membership_id, lock=lock))
    if member is None or member.state != "active":
        raise NotYours
    return member


def active_staff(session: Session, membership_id: int, context_id: int) -> Membership:
    """Return an active tutor or community manager of this very course; raises NotYours."""
    member = active_membership(session, membership_id)
    if member.context_id != context_id or member.role not in STAFF:
        raise NotYours
    return member


@built
def _activities(ids: Sequence[int]) -> Select[int, str, str, str | None]:
    return select(Activity.id, Activity.title, Activity.kind, Activity.url).where(Activity.id.in_(ids))


def activity_refs(session: Session, ids: Iterable[int | None]) -> dict[int, ActivityRef]:
    """Return the activities by id; an unknown one is left out."""
    wanted = {activity_id for activity_id in ids if activity_id is not None}
    if not wanted:
        return {}
    return {row[0]: ActivityRef(*row) for row in read_rows(session, _activities(list(wanted)))}


def hidden_activities(session: Session, membership_ids: Iterable[int]) -> frozenset[tuple[int, int]]:
    """Return the pairs of membership and activity whose mark the learner may not see yet (hidden, not posted)."""
    p = table_of(ActivityProgress).c
    mine = among(session, p.membership_id, sorted(set(membership_ids)))
    rows = session.execute(select(p.membership_id, p.activity_id).where(mine, p.score_visible.is_(False)))
    return frozenset((row[0], row[1]) for row in rows)


@built
def _named(ids: Sequence[int]) -> Select[*tuple[Any, ...]]:
    query = select(Membership.id, *NAMING).join(Person, Person.id == Membership.person_id)
    return query.where(Membership.id.in_(ids))


def faces(session: Session, ids: Iterable[int | None], naming: Callable[[Named], str] = short_name) -> dict[int, Face]:
    """Return the people behind memberships, named for other learners unless ``naming`` says otherwise."""
    wanted = {membership_id for membership_id in ids if membership_id is not None}
    if not wanted:
        return {}
    rows: Iterable[Any] = read_rows(session, _named(list(wanted)))
    return {row.id: Face(row.id, naming(row), initials(row)) for row in rows}


def time_zone_of(session: Session, context_id: int) -> ZoneInfo:
    """Return the course's time zone: its own, else the academy's."""
    row = session.execute(
        select(Context.time_zone, Academy.time_zone)
        .join(Deployment, Deployment.id == Context.deployment_id)
        .join(Academy, Academy.id == Deployment.academy_id)
        .where(Context.id == context_id)
    ).one()
    return zone_named(row[0], row[1])


def named_activities(reasons: Iterable[Mapping[str, Any]]) -> set[int]:
    """Return the activities that stored reasons name."""
    ids = (reason.get("facts", {}).get("activity_id") for reason in reasons)
    return {activity_id for activity_id in ids if isinstance(activity_id, int)}


def reason_views(
    reasons: Sequence[Mapping[str, Any]], refs: Mapping[int, ActivityRef], kind: str
) -> tuple[ReasonView, ...]:
    """Return the stored reasons that a person should read, in engagement's order for this kind of stall."""
    known = {code.value for code in ReasonCode}
    values = [
        Reason(ReasonCode(reason["code"]), reason.get("facts", {}), float(reason.get("weight", 0)))
        for reason in reasons
        if reason["code"] in known
    ]
    return tuple(
        ReasonView(reason.code.value, reason.facts, refs.get(_number(reason.facts.get("activity_id"))))
        for reason in worth_saying(values, StallKind(kind) if kind in set(StallKind) else None)
    )


def _number(told: object) -> int:
    return told if isinstance(told, int) else 0
