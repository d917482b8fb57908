"""A circle at work, an invitation to it, somebody who waits for one and somebody who has not asked."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from engagement.circles import Gathering
from lti_app.models import CircleMember
from lti_app.store import circle_acts, posting
from lti_app.store.circle_changes import save_gatherings
from tests.panels.scenes import Page
from tests.sweep.course import NOW, Course

EVENINGS = 1 << 2


def pages(session: Session, course: Course, ids: dict[str, int], empty: int) -> list[Page]:
    """Gaia and Hugo have begun, Mara is still asked; Nino waits."""
    gaia, hugo, mara = ids["gaia"], ids["hugo"], course.others[5]
    asked = Gathering(None, (gaia, hugo, mara), EVENINGS, course.quiz_2, ("same_activity", "same_language"))
    save_gatherings(session, course.context, [asked], NOW - timedelta(days=3))
    circle = session.scalars(select(CircleMember.circle_id)).first() or 0
    for who in (gaia, hugo):
        circle_acts.accept(
            session,
            circle,
            who,
            NOW - timedelta(days=2),
            opening_words="Benvenuti nel vostro cerchio: a che punto siete?",
        )
    at = NOW.replace(hour=17, minute=30) + timedelta(days=2)
    circle_acts.add_item(session, circle, gaia, "Quiz 2 insieme, mezz’ora", at, NOW)
    circle_acts.add_item(session, circle, hugo, "Ognuno porta un errore di cui andare fieri", None, NOW)
    circle_acts.check_in(session, circle, hugo, "stuck", "I duplicati mi sfuggono.", NOW)
    posting.reply_circle(session, circle, hugo, "Mercoledì sera ci sono.", NOW - timedelta(hours=3))
    circle_acts.wish(session, course.others[6], True, ["evenings"], NOW)
    return [
        ("circle-open", gaia, "circle"),
        ("circle-invitation", mara, "circle"),
        ("circle-waits", course.others[6], "circle"),
        ("circle-empty", empty, "circle"),
    ]
