"""Members who carry the community: facilitators start and tend conversations, ambassadors welcome whoever is new."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lti_app.models import AuditEntry, Membership, Person
from lti_app.store import people
from lti_app.store.course_facts import active_staff
from lti_app.store.moderation import academy_of
from lti_app.store.notifications import notify
from lti_app.store.refusals import NotYours
from lti_app.store.views import Face

ROLES = ("facilitator", "ambassador")
KEY = "community_role"
MOST_FOUND = 20


@dataclass(frozen=True, slots=True)
class CarrierView:
    """A learner with their role in the community, "" for none."""

    face: Face
    role: str


def role_of(membership: Membership) -> str:
    """Return a member's role in the community, "" for none."""
    found = (membership.settings or {}).get(KEY)
    return found if found in ROLES else ""


def list_carrying(session: Session, context_id: int) -> tuple[CarrierView, ...]:
    """Return the learners of a course who have a role in its community."""
    query = select(Membership).where(
        Membership.context_id == context_id,
        Membership.state == "active",
        Membership.role == "learner",
        Membership.settings[KEY].as_string().in_(ROLES),
    )
    return _views(session, list(session.scalars(query.order_by(Membership.id).limit(200))))


def find_learners(session: Session, context_id: int, name: str) -> tuple[CarrierView, ...]:
    """Return learners of a course whose name holds these words."""
    words = [word for word in name.casefold().split() if word]
    shown = func.lower(func.coalesce(Person.name, Person.given_name, ""))
    query = (
        select(Membership)
        .join(Person, Person.id == Membership.person_id)
        .where(Membership.context_id == context_id, Membership.state == "active", Membership.role == "learner")
        .where(*[shown.contains(word, autoescape=True) for word in words])
        .order_by(shown, Membership.id)
        .limit(MOST_FOUND)
    )
    return _views(session, list(session.scalars(query)))


def _views(session: Session, members: list[Membership]) -> tuple[CarrierView, ...]:
    faces = people.faces(session, [one.id for one in members], to_staff=True)
    return tuple(CarrierView(faces[one.id], role_of(one)) for one in members if one.id in faces)


def give_role(session: Session, context_id: int, member_id: int, role: str, by_id: int, now: datetime) -> None:
    """Give a learner a role in the community, or take it back (""); they are told, and it is written down.

    Raises NotYours, and ValueError for a role that there is not.
    """
    if role and role not in ROLES:
        raise ValueError(role)
    staff = active_staff(session, by_id, context_id)
    member = session.get(Membership, member_id, with_for_update=True, populate_existing=True)
    if member is None or member.context_id != context_id or member.role != "learner":
        raise NotYours
    if role == role_of(member):
        return
    kept = {name: value for name, value in (member.settings or {}).items() if name != KEY}
    member.settings = {**kept, KEY: role} if role else kept
    notify(session, [member_id], "role", f"role:{role}:{now.isoformat()}", now, facts={"role": role})
    session.add(
        AuditEntry(
            academy_id=academy_of(session, context_id), context_id=context_id, actor_id=staff.person_id,
            about_id=member.person_id, what="community_role", facts={"role": role}, at=now,
        )
    )  # fmt: skip
    session.flush()
