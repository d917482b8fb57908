"""Words that speak of harm are heard wherever they are written, also where nobody else would read them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from engagement.safety import Level, find_signal
from lti_app.models import Membership, Report
from lti_app.store.notifications import notify
from lti_app.store.speaking import CARE_FOR, CARE_UNTIL, staff_of


def hear(session: Session, context_id: int, membership_id: int | None, words: str, now: datetime) -> bool:
    """Tell people at once when words speak of harm, and return whether they do.

    ``membership_id`` is None where words were promised to be nobody's (an anonymous answer): then a person learns that
    somebody may need help, not who.
    """
    signal = find_signal(words)
    if signal is None:
        return False
    report = Report(
        context_id=context_id, about_id=membership_id, why="crisis", found=list(signal.words),
        words=signal.level.value, made_at=now,
    )  # fmt: skip
    session.add(report)
    session.flush()
    key, facts = f"crisis:{report.id}", {"report_id": report.id}
    notify(session, staff_of(session, context_id), "crisis", key, now, by_id=membership_id, facts=facts)
    if signal.level is Level.SPEAKS and membership_id is not None:
        member = session.get_one(Membership, membership_id)
        member.settings = {**(member.settings or {}), CARE_UNTIL: (now + CARE_FOR).isoformat()}
    return True
