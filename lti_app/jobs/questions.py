"""Questions that waited too long reach the tutors."""

from __future__ import annotations

from datetime import datetime

from lti_app.house import House
from lti_app.store.ask_waiting import overdue, raise_question


def raise_unanswered(house: House, now: datetime) -> int:
    """Tell the tutors of each question that has waited too long, once; it may run twice at once. Returns how many."""
    with house.db.reading() as session:
        due = overdue(session, now)
    raised = 0
    for thread_id, context_id, title in due:
        with house.db.writing() as session:
            raised += raise_question(session, thread_id, context_id, title, now)
    return raised
