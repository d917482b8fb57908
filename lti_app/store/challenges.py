"""Somebody far ahead: the thing of the course that asks most of them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from lti_app.models import Activity, ActivityProgress, Membership
from lti_app.store.course_facts import DONE, activity_refs
from lti_app.store.views import ActivityRef


def challenge_of(session: Session, member: Membership, now: datetime) -> ActivityRef | None:
    """Return what a learner has not done yet and fewest others have: what nobody has to do first, then the furthest.

    Only what is visible and open now and can be opened in the LMS; None where nothing of the kind is left.
    """
    others = aliased(ActivityProgress)
    done = select(func.count()).where(others.activity_id == Activity.id, others.state.in_(DONE)).scalar_subquery()
    row = session.execute(
        select(Activity.id)
        .outerjoin(
            ActivityProgress,
            and_(ActivityProgress.activity_id == Activity.id, ActivityProgress.membership_id == member.id),
        )
        .where(Activity.context_id == member.context_id, Activity.gone_at.is_(None), Activity.visible.is_not(False))
        .where(or_(Activity.opens_at.is_(None), Activity.opens_at <= now), Activity.url.is_not(None))
        .where(or_(Activity.closes_at.is_(None), Activity.closes_at > now))
        .where(or_(ActivityProgress.state.is_(None), ActivityProgress.state.not_in(DONE)))
        .order_by(Activity.required.is_not(False), done, Activity.position.desc(), Activity.id)
        .limit(1)
    ).first()
    return activity_refs(session, [row.id]).get(row.id) if row else None
