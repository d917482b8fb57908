"""Somebody far ahead: the thing of the course that asks most of them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from lti_app.models import Activity, ActivityProgress, Membership
from lti_app.store.course_facts import DONE, activity_refs
from lti_app.store.undone import undone
from lti_app.store.views import ActivityRef


def challenge_of(session: Session, member: Membership, now: datetime) -> ActivityRef | None:
    """Return what a learner has not done yet and fewest others have: what nobody has to do first, then the furthest.

    Only what is visible and open now and can be opened in the LMS; None where nothing of the kind is left.
    """
    others = aliased(ActivityProgress)
    done = select(func.count()).where(others.activity_id == Activity.id, others.state.in_(DONE)).scalar_subquery()
    found = undone(member, now).where(Activity.url.is_not(None))
    furthest = (Activity.required.is_not(False), done, Activity.position.desc(), Activity.id)
    activity_id = session.scalar(found.order_by(*furthest).limit(1))
    return activity_refs(session, [activity_id]).get(activity_id or 0)
