"""What is found: in discussions, with its words marked; and nothing, which invites to ask."""

from __future__ import annotations

from sqlalchemy.orm import Session

from tests.panels.scenes import Page
from tests.sweep.course import Course


def pages(session: Session, course: Course, ids: dict[str, int], empty: int) -> list[Page]:
    """Search the lively course."""
    return [
        ("search-found", course.ada, "search?q=valore+mancante"),
        ("search-nothing", course.ada, "search?q=ornitorinco"),
        ("search-start", empty, "search"),
    ]
