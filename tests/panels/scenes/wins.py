"""What went well, lively and empty, for a learner and for staff."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.orm import Session

from lti_app.models import Prompt
from lti_app.store import kudos, projects, remarks
from tests.panels.scenes import Page
from tests.sweep.course import NOW, Course

MAP = (
    "La mappa dei valori mancanti del mio quartiere",
    "Ho messo su una mappa le colonne vuote dei **dati aperti** del Comune: rosso dove manca "
    "tutto. È storta, ma è mia.",
)


def pages(session: Session, course: Course, ids: dict[str, int], empty: int) -> list[Page]:
    """Irene shows a map, Ada is thanked twice, praise is due to Fabio."""
    fabio, gaia, _hugo, irene, *_rest = course.others
    win = projects.show_project(
        session, course.context, irene, *MAP, "https://example.org/mappa", NOW - timedelta(hours=20), form_key="w"
    )
    remarks.comment(
        session, course.context, win, fabio, "win", "Bellissima la legenda: l’hai fatta a mano?", NOW, form_key="c"
    )
    kudos.give(
        session, gaia, course.ada, "courage", "Quando hai detto che anche tu ci avevi messo tre sere, ho riprovato.",
        NOW - timedelta(hours=3),
    )  # fmt: skip
    kudos.give(session, course.clara, irene, "welcome", "", NOW - timedelta(hours=5))
    session.add(
        Prompt(
            key="praise:scene", context_id=course.context, kind="praise", state="due", made_at=NOW, due_at=NOW,
            facts={"learner_id": fabio, "milestone": "passed_after_failing", "activity_id": course.quiz_2},
        )
    )  # fmt: skip
    session.flush()
    return [
        ("wins", course.ada, "wins"),
        ("wins-open", course.ada, "wins"),
        ("wins-tutor", course.clara, "wins"),
        ("wins-empty", empty, "wins"),
        ("project", irene, f"wins/{win}"),
    ]
