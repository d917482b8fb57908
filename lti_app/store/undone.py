"""What a learner can do now and has not done."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Select, and_, or_, select

from lti_app.models import Activity, ActivityProgress, Membership
from lti_app.store.course_facts import DONE


def undone(member: Membership, now: datetime) -> Select[int]:
    """Select the activities of a course that are there, visible and open now, and that this learner has not done.

    The learner's own progress is joined: their personal due date may be asked for.
    """
    mine = and_(ActivityProgress.activity_id == Activity.id, ActivityProgress.membership_id == member.id)
    return (
        select(Activity.id)
        .outerjoin(ActivityProgress, mine)
        .where(Activity.context_id == member.context_id, Activity.gone_at.is_(None), Activity.visible.is_not(False))
        .where(or_(Activity.opens_at.is_(None), Activity.opens_at <= now))
        .where(or_(Activity.closes_at.is_(None), Activity.closes_at > now))
        .where(or_(ActivityProgress.state.is_(None), ActivityProgress.state.not_in(DONE)))
    )
