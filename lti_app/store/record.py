"""What staff did that concerns one person, as that person may read it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from lti_app.models import AuditEntry, Membership, Person
from lti_app.models.audit import ABOUT_SOMEBODY
from lti_app.store.names import full_name

MOST = 100


@dataclass(frozen=True, slots=True)
class Act:
    """One act: ``what`` is its code, ``facts`` what its words need, ``by`` the name of who did it."""

    what: str
    facts: Mapping[str, Any]
    by: str
    at: datetime


def my_record(session: Session, membership_id: int) -> tuple[Act, ...]:
    """Return what staff did about this member in their course, the newest first."""
    member = session.get(Membership, membership_id)
    if member is None:
        return ()
    rows = session.execute(
        select(AuditEntry, Person)
        .outerjoin(Person, Person.id == AuditEntry.actor_id)
        .where(AuditEntry.about_id == member.person_id)
        # What was decided for the whole academy belongs to each of its courses.
        .where(or_(AuditEntry.context_id == member.context_id, AuditEntry.context_id.is_(None)))
        .where(AuditEntry.what.in_(ABOUT_SOMEBODY))
        .order_by(AuditEntry.at.desc(), AuditEntry.id.desc())
        .limit(MOST)
    )
    return tuple(Act(entry.what, entry.facts, full_name(actor) if actor else "", entry.at) for entry, actor in rows)
