"""Where in the course a panel stands, and which activities can be talked about."""

from __future__ import annotations

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from lti_app.models import Activity, ResourceLink
from lti_app.store.course_facts import activity_refs
from lti_app.store.views import ActivityRef


def activity_beside(
    session: Session, context_id: int, resource_link_id: int | None, asked_id: int | None = None
) -> ActivityRef | None:
    """Return the activity that was asked for, else the one beside which the panel was placed; only of this course."""
    wanted = asked_id
    if wanted is None and resource_link_id is not None:
        wanted = session.scalar(
            select(ResourceLink.activity_id).where(
                ResourceLink.id == resource_link_id, ResourceLink.context_id == context_id
            )
        )
    if wanted is None:
        return None
    own = session.scalar(select(Activity.id).where(Activity.id == wanted, Activity.context_id == context_id))
    return activity_refs(session, [own]).get(own) if own is not None else None


def talkable(session: Session, context_id: int, limit: int = 200) -> tuple[ActivityRef, ...]:
    """Return the visible activities of a course in its own order."""
    rows = session.execute(
        select(Activity.id, Activity.title, Activity.kind, Activity.url)
        .where(Activity.context_id == context_id, Activity.gone_at.is_(None))
        .where(or_(Activity.visible.is_(None), Activity.visible.is_(True)))
        .order_by(Activity.position, Activity.id)
        .limit(limit)
    )
    return tuple(ActivityRef(*row) for row in rows)
