"""Voices that rest for a while: who, why, until when; each may be let speak again before its time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_app.models import AuditEntry, Membership, Mute
from lti_app.store import people
from lti_app.store.course_facts import active_staff
from lti_app.store.moderation import academy_of
from lti_app.store.notifications import notify
from lti_app.store.refusals import NotYours, TooLate
from lti_app.store.views import Face


@dataclass(frozen=True, slots=True)
class MuteView:
    """A voice that rests."""

    id: int
    who: Face | None
    reason: str
    at: datetime
    until: datetime


def list_mutes(session: Session, context_id: int, now: datetime) -> tuple[MuteView, ...]:
    """Return the voices of a course that rest now."""
    rows = session.scalars(
        select(Mute)
        .join(Membership, Membership.id == Mute.membership_id)
        .where(Membership.context_id == context_id, Mute.until > now, Mute.lifted_at.is_(None))
        .order_by(Mute.until)
        .limit(200)
    ).all()
    faces = people.faces(session, [row.membership_id for row in rows], to_staff=True)
    return tuple(MuteView(row.id, faces.get(row.membership_id), row.reason, row.at, row.until) for row in rows)


def lift_mute(session: Session, context_id: int, mute_id: int, by_id: int, now: datetime) -> None:
    """Let a voice speak again before its time; raises NotYours and TooLate."""
    moderator = active_staff(session, by_id, context_id)
    found = session.execute(
        select(Mute, Membership)
        .join(Membership, Membership.id == Mute.membership_id)
        .where(Mute.id == mute_id, Membership.context_id == context_id)
    ).one_or_none()
    if found is None:
        raise NotYours
    mute, member = found
    if mute.lifted_at is not None or mute.until <= now:
        raise TooLate
    mute.lifted_at = now
    facts = {"decision": "lift", "words": ""}
    notify(session, [member.id], "moderated", f"lifted:{mute.id}", now, facts=facts)
    session.add(
        AuditEntry(
            academy_id=academy_of(session, context_id), context_id=context_id, actor_id=moderator.person_id,
            about_id=member.person_id, what="moderation_lift", facts={"mute_id": mute.id}, at=now,
        )
    )  # fmt: skip
    session.flush()
