"""Words that speak of harm are heard wherever they are written, also where nobody else would read them."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from engagement.safety import Level, find_signal
from lti_app.models import Membership, Report
from lti_app.store.course_facts import STAFF
from lti_app.store.notifications import notify

#: After words that speak of harm, the help contacts stay on that person's pages for so long.
CARE_FOR = timedelta(days=7)
CARE_UNTIL = "care_until"


def staff_of(session: Session, context_id: int) -> list[int]:
    """Return the memberships of a course's active tutors and community managers."""
    query = select(Membership.id).where(
        Membership.context_id == context_id, Membership.state == "active", Membership.role.in_(STAFF)
    )
    return list(session.scalars(query))


def hear(
    session: Session,
    context_id: int,
    membership_id: int | None,
    words: str,
    now: datetime,
    *,
    post_id: int | None = None,
) -> bool:
    """Tell people at once when words speak of harm, and return whether they do.

    ``membership_id`` is None where words were promised to be nobody's (an anonymous answer): then a person learns that
    somebody may need help, not who. Said twice while nobody has looked yet, the same words are told once.
    """
    signal = find_signal(words)
    if signal is None:
        return False
    found = list(signal.words)
    same = select(Report).where(
        Report.context_id == context_id, Report.about_id == membership_id, Report.why == "crisis",
        Report.state == "open", Report.post_id == post_id,
    )  # fmt: skip
    if membership_id is None or all(row.found != found for row in session.scalars(same)):
        report = Report(
            context_id=context_id, post_id=post_id, about_id=membership_id, why="crisis", found=found,
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
