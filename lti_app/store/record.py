"""What staff did that concerns one person, as that person may read it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_app.models import AuditEntry, Membership, Person
from lti_app.store.names import full_name

MOST = 100
#: Acts by staff. What members do about each other (a report) stays theirs: it would tell who said it.
ACTS = (
    *("moderation_show", "moderation_hide", "moderation_warn", "moderation_mute", "moderation_dismiss"),
    *("moderation_restore", "moderation_lift", "community_role"),
    *("thread_pin", "thread_unpin", "thread_lock", "thread_unlock", "thread_archive", "thread_unarchive"),
    *("thread_move", "thread_merge", "thread_retitle"),
)


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
        .where(AuditEntry.about_id == member.person_id, AuditEntry.context_id == member.context_id)
        .where(AuditEntry.what.in_(ACTS))
        .order_by(AuditEntry.at.desc(), AuditEntry.id.desc())
        .limit(MOST)
    )
    return tuple(Act(entry.what, entry.facts, full_name(actor) if actor else "", entry.at) for entry, actor in rows)
