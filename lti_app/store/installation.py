"""What an academy's administrator decides: which installations of the tool may come in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_app.models import Academy, AuditEntry, Deployment, Registration
from lti_app.store.refusals import NotYours


@dataclass(frozen=True, slots=True)
class Installation:
    """One installation (deployment) of the tool; ``state`` is waiting, active or blocked."""

    id: int
    registration_id: int
    platform: str
    id_on_platform: str
    state: str
    since: datetime


def installations(session: Session, academy_id: int) -> tuple[Installation, ...]:
    """Return the installations of an academy, those that wait first."""
    rows = session.execute(
        select(Deployment, Registration.name)
        .join(Registration, Registration.id == Deployment.registration_id)
        .where(Deployment.academy_id == academy_id)
        .order_by(Deployment.status != "waiting", Registration.id, Deployment.id)
    )
    return tuple(
        Installation(row.id, row.registration_id, name, row.id_on_platform, row.status, row.created_at)
        for row, name in rows
    )


def decide(
    session: Session, academy_id: int, deployment_id: int, *, yes: bool, by_person: int | None, now: datetime
) -> None:
    """Let an installation in, or keep it out; raises NotYours for another academy's."""
    row = session.scalars(
        select(Deployment).where(Deployment.id == deployment_id, Deployment.academy_id == academy_id).with_for_update()
    ).one_or_none()
    if row is None:
        raise NotYours
    row.status = "active" if yes else "blocked"
    what = "installation_allowed" if yes else "installation_blocked"
    facts = {"deployment": row.id_on_platform, "registration": row.registration_id}
    session.add(AuditEntry(academy_id=academy_id, actor_id=by_person, what=what, facts=facts, at=now))


def note_invitation(session: Session, academy_id: int, by_person: int | None, now: datetime) -> None:
    """Write down that somebody made an invitation; the invitation itself is kept nowhere."""
    session.add(AuditEntry(academy_id=academy_id, actor_id=by_person, what="invitation_made", facts={}, at=now))


def owns_platform(session: Session, academy_id: int, registration_id: int) -> bool:
    """Return whether a registration belongs to an academy."""
    query = select(Registration.id).where(Registration.id == registration_id, Registration.academy_id == academy_id)
    return session.scalar(query) is not None


def let_nameless_look(session: Session, academy_id: int, *, yes: bool, by_person: int | None, now: datetime) -> None:
    """Let people whom the platform does not name look at panels, of which nothing is kept; or refuse them, as usual."""
    academy = session.get_one(Academy, academy_id)
    academy.settings = {**(academy.settings or {}), "anonymous": yes}
    what = "nameless_may_look" if yes else "nameless_refused"
    session.add(AuditEntry(academy_id=academy_id, actor_id=by_person, what=what, facts={}, at=now))
