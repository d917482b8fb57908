"""What an academy's courses can tell about the detector: learner-weeks of the past with what came of them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from engagement.hindsight import Hindsight, hindsight
from lti_app.models import Academy, Context, Deployment, Membership
from lti_app.store.cohorts import load_cohort


def academies(session: Session) -> dict[int, str]:
    """Return all academies: their names by id."""
    return {row.id: row.name for row in session.execute(select(Academy.id, Academy.name).order_by(Academy.id))}


def courses_of(session: Session, academy_id: int) -> dict[int, str]:
    """Return an academy's courses that were ever read: their titles by id."""
    rows = session.execute(
        select(Context.id, Context.title)
        .join(Deployment, Deployment.id == Context.deployment_id)
        .where(Deployment.academy_id == academy_id, Context.synced_at.is_not(None))
        .order_by(Context.id)
    )
    return {row.id: row.title for row in rows}


def past_of(session: Session, context_id: int, now: datetime) -> Hindsight:
    """Return one course's past as far as it is known, those who have left since included."""
    left = session.scalars(
        select(Membership.id).where(
            Membership.context_id == context_id, Membership.role == "learner", Membership.state != "active"
        )
    ).all()
    context = session.get_one(Context, context_id)
    # What was read last is as far as anybody looked.
    until = min(now, context.synced_at) if context.synced_at is not None else now
    return hindsight(load_cohort(session, context_id, now, also_gone=True), until, left)
