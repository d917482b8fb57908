"""The one-tap question after an activity: what to ask about, and whether it was answered."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from lti_app.models import Activity, ActivityProgress, Feeling
from lti_app.store.built import among, built, read_rows
from lti_app.store.course_facts import active_membership, activity_refs
from lti_app.store.episodes import record_feeling
from lti_app.store.hearing import hear
from lti_app.store.views import ActivityRef

ASK_FOR = timedelta(days=14)
# A second tap within this time is the same answer, with words.
SAME_TAP = timedelta(hours=1)
TOUCHED = ("submitted", "failed", "passed", "completed", "in_progress")


@built
def _last_done(membership_id: int, since: datetime, now: datetime) -> Select[*tuple[Any, ...]]:
    at = func.coalesce(ActivityProgress.completed_at, ActivityProgress.graded_at, ActivityProgress.submitted_at)
    return (
        select(ActivityProgress.activity_id, at)
        .join(Activity, Activity.id == ActivityProgress.activity_id)
        .where(ActivityProgress.membership_id == membership_id, among(ActivityProgress.state, TOUCHED))
        .where(Activity.gone_at.is_(None), at > since, at <= now)
        .order_by(at.desc(), Activity.position.desc())
        .limit(1)
    )


def to_ask_about(session: Session, membership_id: int, now: datetime) -> ActivityRef | None:
    """Return the activity this learner did last (within two weeks), unless they have said how it was since."""
    row = read_rows(session, _last_done(membership_id, now - ASK_FOR, now)).one_or_none()
    if row is None:
        return None
    said = session.scalar(
        select(Feeling.id)
        .where(Feeling.membership_id == membership_id, Feeling.activity_id == row[0], Feeling.at >= row[1])
        .limit(1)
    )
    return None if said is not None else activity_refs(session, [row[0]]).get(row[0])


def say_feeling(session: Session, membership_id: int, activity_id: int, said: str, words: str, now: datetime) -> None:
    """Keep a one-tap answer; said again within the hour it only gains its words. Raises NotYours, ValueError."""
    newest = select(Feeling).where(Feeling.membership_id == membership_id, Feeling.activity_id == activity_id)
    row = session.scalars(newest.order_by(Feeling.id.desc()).limit(1)).one_or_none()
    if row is not None and row.said == said and now - row.at < SAME_TAP:
        row.words = words or row.words
    else:
        record_feeling(session, membership_id, activity_id, said, words, now)
    if words:
        hear(session, active_membership(session, membership_id).context_id, membership_id, words, now)
    session.flush()
