"""What staff do with a discussion: pin, lock, archive, move, merge."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from flask import Response, abort, g, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from lti_app.answers import answer
from lti_app.fields import read_number
from lti_app.house import house
from lti_app.panels.talk.forms import read_tie
from lti_app.panels.talk.room import blueprint, thread_page
from lti_app.shell import render_panel
from lti_app.store import thread_acts
from lti_app.store.refusals import NotYours, TooLate


def _do(act: Callable[[Session], object]) -> None:
    if not g.visit.is_staff:
        abort(404)
    try:
        with house().db.writing() as session:
            act(session)
    except (NotYours, TooLate):
        abort(404)


def _answer(thread_id: int) -> Response:
    page = partial(thread_page, thread_id)
    return answer(fragment=page, page=page, to=url_for(".thread", thread_id=thread_id))


@blueprint.post("/<int:thread_id>/mark")
def mark(thread_id: int) -> Response:
    """Pin, lock or archive a discussion, or undo it."""
    me, act = g.membership, request.form.get("act", "")
    now = house().clock.now()
    _do(lambda session: thread_acts.mark(session, me.context_id, thread_id, me.id, act, now))
    return _answer(thread_id)


@blueprint.post("/<int:thread_id>/move")
def move(thread_id: int) -> Response | str:
    """Tie a discussion to another place, or put it among the questions."""
    me, kind = g.membership, request.form.get("kind", "talk")
    activity_id, section = read_tie()
    _do(
        lambda session: thread_acts.move(
            session,
            me.context_id,
            thread_id,
            me.id,
            house().clock.now(),
            kind=kind,
            activity_id=activity_id,
            section=section,
        )
    )
    if kind != "talk":
        return _moved()
    return _answer(thread_id)


def _moved() -> Response:
    def page() -> str:
        with house().db.reading() as session:
            words = _("It is among the questions now.")
            return render_panel(session, "panels/done.html", tab="talk", words=words, back=url_for(".show"))

    return answer(fragment=page, page=page, to=url_for(".show"))


@blueprint.post("/<int:thread_id>/merge")
def merge(thread_id: int) -> Response:
    """Put the posts of a discussion into another."""
    me, into = g.membership, read_number("into_id", low=1, high=2**62)
    if into is None:
        abort(404)
    _do(lambda session: thread_acts.merge(session, me.context_id, thread_id, into, me.id, house().clock.now()))
    return _answer(into)
