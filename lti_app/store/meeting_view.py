"""A match as its two people see it beside their private thread."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from lti_app.models import Episode, Match
from lti_app.store.course_facts import activity_refs, faces
from lti_app.store.refusals import NotYours
from lti_app.store.views import ActivityRef, Face
from lti_app.store.why import WhyView, shared_why


@dataclass(frozen=True, slots=True)
class MeetingView:
    """``mine`` is learner or helper; ``said`` is the viewer's own answer to "did it help?", None when not given."""

    match_id: int
    mine: str
    other: Face
    activity: ActivityRef
    accepted_at: datetime
    has_ended: bool
    said: bool | None
    why: WhyView | None = None


def meeting(session: Session, match_id: int, membership_id: int) -> MeetingView:
    """Return the match to one of its two people; raises NotYours for everybody else."""
    row = session.execute(
        select(Match, Episode.membership_id)
        .join(Episode, Episode.id == Match.episode_id)
        .where(Match.id == match_id, Match.state.in_(("accepted", "ended")), Match.answered_at.is_not(None))
        .where(or_(Match.helper_id == membership_id, Episode.membership_id == membership_id))
    ).one_or_none()
    if row is None:
        raise NotYours
    match, learner_id = row
    is_helper = match.helper_id == membership_id
    other_id = learner_id if is_helper else match.helper_id
    return MeetingView(
        match_id=match.id,
        mine="helper" if is_helper else "learner",
        other=faces(session, [other_id])[other_id],
        activity=activity_refs(session, [match.activity_id])[match.activity_id],
        accepted_at=match.answered_at or match.proposed_at,
        has_ended=match.state == "ended",
        said=match.helper_says if is_helper else match.helped,
        why=shared_why(session, other_id, with_helper=True) if is_helper and match.state == "accepted" else None,
    )
