"""One choice of a course's staff at a time, written down with what it was before."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_app.models import AuditEntry, Context, Deployment
from lti_app.store.course_facts import active_staff


def keep_choice(
    session: Session, context_id: int, name: str, value: Any, by_id: int, now: datetime, *, was: Any = None
) -> bool:
    """Keep one setting of a course and return whether it is new; raises NotYours unless its staff asks."""
    member = active_staff(session, by_id, context_id)
    context = session.scalars(
        select(Context).where(Context.id == context_id).with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).one()  # fmt: skip
    before = (context.settings or {}).get(name, was)
    if before == value:
        return False
    context.settings = {**(context.settings or {}), name: value}
    academy_id = session.scalar(select(Deployment.academy_id).where(Deployment.id == context.deployment_id))
    session.add(
        AuditEntry(
            academy_id=academy_id, context_id=context_id, actor_id=member.person_id, what="course_settings",
            facts={name: [before, value]}, at=now,
        )
    )  # fmt: skip
    session.flush()
    return True
