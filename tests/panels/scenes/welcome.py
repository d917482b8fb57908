"""The welcome, step by step, and "Who I am here"."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_app.models import Membership
from lti_app.store import selves, why
from tests.panels.scenes import Page
from tests.sweep.course import NOW, Course


def pages(session: Session, course: Course, ids: dict[str, int], empty: int) -> list[Page]:
    """Everybody has arrived but Luca, who is at the first step; Nino and Olga are on their way, Mara has said why."""
    for member in session.scalars(select(Membership)):
        member.settings = {**member.settings, "welcome": {"closed": True, "norms": "house-1"}}
    _fabio, _gaia, _hugo, _irene, luca, mara, nino, olga = course.others
    for one, passed in ((luca, []), (nino, ["norms"]), (olga, ["norms", "name"]), (empty, ["norms", "name", "why"])):
        member = session.get_one(Membership, one)
        member.settings = {**member.settings, "welcome": {"passed": passed}}
    session.flush()
    why.say_why(session, mara, "belonging", "Studiare da sola mi spegne. Cerco chi ci prova con me.", "helpers", NOW)
    selves.choose_name(session, mara, "Marina", NOW)
    selves.choose_look(session, mara, 2)
    return [
        ("welcome-norms", luca, "home"),
        ("welcome-name", nino, "welcome"),
        ("welcome-why", olga, "welcome"),
        ("welcome-hello", empty, "welcome"),
        ("welcome-staff", course.clara, "welcome"),
        ("me", mara, "me"),
        ("me-tutor", course.clara, "me"),
    ]
