"""How evenly the helpers of a course carry what is asked of them."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engagement.matching import report_of
from engagement.values import LoadReport
from lti_app.models import Episode, HelpOffer, Match, Membership
from lti_app.store.pairing import LIVE

LATELY = timedelta(days=28)


def load_spread(session: Session, context_id: int, now: datetime) -> LoadReport:
    """Return how the help of the last 28 days is spread over those who offer it in a course, running matches included.

    ``stalled`` counts the open episodes, ``assigned`` those that somebody helps or is asked for; evenness is 1 where
    all carry the same.
    """
    rows = session.execute(
        select(HelpOffer.membership_id, func.max(HelpOffer.capacity))
        .join(Membership, Membership.id == HelpOffer.membership_id)
        .where(Membership.context_id == context_id, Membership.state == "active")
        .where(HelpOffer.ended_at.is_(None), HelpOffer.paused_at.is_(None), HelpOffer.offered_at <= now)
        .group_by(HelpOffer.membership_id)
    ).all()
    matches = session.execute(
        select(Match.helper_id, Match.state, Match.answered_at).where(
            Match.context_id == context_id, Match.state.in_((*LIVE, "ended"))
        )
    ).all()
    live = Counter(row.helper_id for row in matches if row.state in LIVE)
    lately = Counter(
        row.helper_id
        for row in matches
        if row.state == "ended" and row.answered_at is not None and row.answered_at > now - LATELY
    )
    stalled = select(func.count()).select_from(Episode)
    stalled = stalled.where(Episode.context_id == context_id, Episode.ended_at.is_(None), Episode.kind != "waiting")
    return report_of(
        [live[row[0]] + lately[row[0]] for row in rows],
        stalled=session.scalar(stalled) or 0,
        assigned=live.total(),
        free_places=sum(max(row[1] - live[row[0]], 0) for row in rows),
    )
