"""What staff do with a question: pin, close, archive, move, merge."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from flask import Response, abort, g, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from lti_app.answers import answer
from lti_app.fields import read_number
from lti_app.house import house
from lti_app.panels.ask.forms import MAX_PLACE, Draft
from lti_app.panels.ask.question import question_page
from lti_app.panels.ask.views import blueprint, doer
from lti_app.shell import render_panel
from lti_app.store import thread_acts
from lti_app.store.refusals import NotYours, TooLate


def _do(act: Callable[[Session], Any]) -> None:
    if not doer().is_staff:
        abort(404)
    try:
        with house().db.writing() as session:
            act(session)
    except (NotYours, TooLate):
        abort(404)


def _back_to(thread_id: int) -> Response:
    page = partial(question_page, thread_id)
    return answer(fragment=page, page=page, to=url_for(".thread", thread_id=thread_id))


@blueprint.post("/<int:thread_id>/mark")
def mark(thread_id: int) -> Response:
    """Pin, close or archive a question, or undo it."""
    me, act, now = g.membership, request.form.get("act", ""), house().clock.now()
    _do(lambda session: thread_acts.mark(session, me.context_id, thread_id, me.id, act, now))
    return _back_to(thread_id)


@blueprint.post("/<int:thread_id>/move")
def move(thread_id: int) -> Response:
    """Tie a question to another place, or put it among the discussions."""
    me, now, kind = g.membership, house().clock.now(), request.form.get("kind", "ask")
    tie = Draft(place=request.form.get("place", "")[:MAX_PLACE])
    to: dict[str, Any] = {"kind": kind, "activity_id": tie.activity_id, "section": tie.section}
    _do(lambda session: thread_acts.move(session, me.context_id, thread_id, me.id, now, **to))
    return _back_to(thread_id) if kind == "ask" else _moved()


def _moved() -> Response:
    def page() -> str:
        with house().db.reading() as session:
            words = _("It is among the discussions now.")
            return render_panel(session, "panels/done.html", tab="ask", words=words, back=url_for(".show"))

    return answer(fragment=page, page=page, to=url_for(".show"))


@blueprint.post("/<int:thread_id>/merge")
def merge(thread_id: int) -> Response:
    """Put a question into another one that asks the same."""
    me, now = g.membership, house().clock.now()
    into = read_number("into_id", low=1, high=2**62)
    if into is None:
        abort(404)
    _do(lambda session: thread_acts.merge(session, me.context_id, thread_id, into, me.id, now))
    return _back_to(into)
