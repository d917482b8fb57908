"""Questions that wait: answered right on the desk."""

from __future__ import annotations

from typing import Any

from flask import Response, abort, g, render_template, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from lti_app.answers import answer
from lti_app.desk import blueprint
from lti_app.desk.views import queue_page, tutor_here
from lti_app.fields import Field, form_key, read_text
from lti_app.house import house
from lti_app.store import ask_acts, ask_waiting
from lti_app.store.ask import MAX_BODY
from lti_app.store.ask_rows import Viewer
from lti_app.store.refusals import NotYours, TooLate


def waiting_view(session: Session, answered: int | None = None, draft: Field | None = None) -> dict[str, Any]:
    """Return what the section shows; ``draft`` is what was written about the question ``answered`` and not taken."""
    viewer = Viewer(g.membership.context_id, g.membership.id, is_staff=True)
    waiting, number = ask_waiting.waiting_questions(session, viewer)
    return {
        "waiting": waiting,
        "waiting_number": number,
        "waiting_answered": answered,
        "waiting_draft": draft or Field(),
        "may_answer": tutor_here() is not None,
    }


@blueprint.post("/question/<int:thread_id>/answer")
def answer_waiting(thread_id: int) -> Response:
    """Answer a question from the desk."""
    if tutor_here() is None:
        abort(403)
    draft, said = read_text("body", most=MAX_BODY), _("Answered. Whoever asked hears of it.")
    if not draft.fault:
        try:
            with house().db.writing() as session:
                viewer = Viewer(g.membership.context_id, g.membership.id, is_staff=True)
                now = house().clock.now()
                ask_acts.answer_question(session, viewer, thread_id, draft.value, now, form_key=form_key())
        except NotYours:
            abort(404)
        except TooLate:
            draft = Field(draft.value, _("This question has been closed in the meantime."))

    def part() -> str:
        with house().db.reading() as session:
            view = waiting_view(session, thread_id, draft if draft.fault else None)
            return render_template("desk/_waiting.html", said="" if draft.fault else said, **view)

    def page() -> str:
        return queue_page(answered=thread_id, draft=draft) if draft.fault else queue_page()

    return answer(fragment=part, page=page, to=url_for("desk.queue"), status=422 if draft.fault else 200)
