"""Everything of peer support that one person may see."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from lti_app.store.views import SupportView


def support_for(session: Session, membership_id: int, now: datetime) -> SupportView:
    """Return the person's own stall, who asks them, their live matches, and what they could offer.

    Nobody else's reasons, scores or attempts are in it. Nothing is recorded: call ``prompts.seen`` when it was shown.
    """
    raise NotImplementedError
