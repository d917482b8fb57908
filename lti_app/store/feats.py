"""What a learner has passed, as it may be told beside their offer of help."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_app.models import ActivityProgress, Membership
from lti_app.store.course_facts import time_zone_of
from lti_app.store.offers import PASSED


def feats(session: Session, member: Membership, now: datetime) -> dict[int, tuple[int | None, int | None]]:
    """Return, by activity that the member passed, how many days ago (None: nobody told us) and after how many tries."""
    zone = time_zone_of(session, member.context_id)
    rows = session.scalars(
        select(ActivityProgress).where(ActivityProgress.membership_id == member.id, ActivityProgress.state.in_(PASSED))
    )
    found: dict[int, tuple[int | None, int | None]] = {}
    for row in rows:
        at = row.completed_at or row.graded_at or row.submitted_at
        days = (now.astimezone(zone).date() - at.astimezone(zone).date()).days if at else None
        found[row.activity_id] = (None if days is None else max(days, 0), row.attempts)
    return found
