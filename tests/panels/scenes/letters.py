"""Messages: what a learner and a tutor are told, where the platform carries letters and where nothing does."""

from __future__ import annotations

from sqlalchemy.orm import Session

from lti_app.models import Membership, Person
from tests.panels.scenes import Page
from tests.sweep.course import Builder, Course


def pages(session: Session, course: Course, ids: dict[str, int], empty: int) -> list[Page]:
    """Let the platform carry letters; Clara has an address too."""
    Builder(session).connect(course.registration, "http://127.0.0.1:1")
    session.get_one(Person, session.get_one(Membership, course.clara).person_id).email = "clara@example.org"
    return [("letters", course.ada, "letters"), ("letters-tutor", course.clara, "letters")]
