"""The box of ideas, each with a page of its own."""

from __future__ import annotations

from functools import partial

from flask import Response, abort, g, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from lti_app.answers import answer
from lti_app.caring import stopped
from lti_app.fields import Field, read_text
from lti_app.house import house
from lti_app.panels.commenting import take_comment
from lti_app.panels.pulse.forms import read_thought
from lti_app.panels.pulse.rooms import blueprint
from lti_app.panels.pulse.views import page as pulse_page
from lti_app.panels.talk import posts
from lti_app.shell import render_panel
from lti_app.store import ideas, posting, remarks
from lti_app.store.refusals import NotYours
from lti_app.store.speaking import Stopped

posts.PLACES["idea"] = ("panels.pulse.idea", "panels.pulse.show")


@blueprint.post("/idea")
def have_idea() -> Response:
    """Put an idea into the box."""
    thought, me = read_thought(), g.membership
    page = partial(pulse_page, thought=thought)
    if thought.fault:
        return answer(fragment=page, page=page, to="", status=422)
    try:
        with house().db.writing() as session:
            thread_id = remarks.start(
                session, me.context_id, me.id, "idea", thought.title.value, thought.body.value, house().clock.now(),
                form_key=thought.form_key,
            )  # fmt: skip
    except NotYours:
        abort(404)
    except Stopped as stop:
        page = partial(pulse_page, thought=thought, done=stopped(stop))
        return answer(fragment=page, page=page, to="", status=422)
    drawn = partial(_page, thread_id)
    return answer(fragment=drawn, page=drawn, to=url_for(".idea", thread_id=thread_id))


def _read(session: Session, thread_id: int) -> ideas.IdeaPage:
    me = g.membership
    try:
        return ideas.read_idea(session, me.context_id, thread_id, me.id, to_staff=g.visit.is_staff)
    except NotYours:
        abort(404)


def _facts(session: Session, thread_id: int, draft: Field | None, word: Field | None, said: str) -> dict[str, object]:
    return {
        "page": _read(session, thread_id),
        "draft": draft or Field(),
        "word": word or Field(),
        "said": said,
        "statuses": ideas.STATUSES,
        "may_decide": g.membership.role in ("tutor", "manager"),
    }


def _page(thread_id: int, draft: Field | None = None, word: Field | None = None, said: str = "") -> str:
    me = g.membership
    with house().db.reading() as session:
        drawn = render_panel(
            session, "panels/pulse/idea.html", tab="pulse", **_facts(session, thread_id, draft, word, said)
        )
    if me.id and not g.visit.student_view:
        with house().db.writing() as session:
            posting.saw_thread(session, thread_id, me.id, house().clock.now())
    return drawn


def _part(thread_id: int, draft: Field | None = None, word: Field | None = None, said: str = "") -> str:
    with house().db.reading() as session:
        return render_template("panels/pulse/_idea.html", **_facts(session, thread_id, draft, word, said))


@blueprint.route("/idea/<int:thread_id>", methods=["GET", "POST"])
def idea(thread_id: int) -> str:
    """Show one idea."""
    return _page(thread_id)


def _answer(thread_id: int, draft: Field | None = None, word: Field | None = None, said: str = "") -> Response:
    faulty = bool((draft and draft.fault) or (word and word.fault))
    return answer(
        fragment=partial(_part, thread_id, draft, word, said),
        page=partial(_page, thread_id, draft, word, said),
        to=url_for(".idea", thread_id=thread_id),
        status=422 if faulty else 200,
    )


@blueprint.post("/idea/<int:thread_id>/voice")
def lend_voice(thread_id: int) -> Response:
    """Lend an idea one's voice, or take it back."""
    me = g.membership
    try:
        with house().db.writing() as session:
            lent = ideas.lend_voice(session, me.context_id, thread_id, me.id, house().clock.now())
    except NotYours:
        abort(404)
    return _answer(thread_id, said=_("Your voice is with it.") if lent else _("You took your voice back."))


@blueprint.post("/idea/<int:thread_id>/comment")
def comment_idea(thread_id: int) -> Response:
    """Say something about an idea."""
    draft = take_comment(thread_id, "idea")
    return _answer(thread_id, draft) if draft.fault else _answer(thread_id, said=_("Your words are there."))


@blueprint.post("/idea/<int:thread_id>/status")
def decide(thread_id: int) -> Response:
    """Say what becomes of an idea; its author and its voices hear of it."""
    me, status = g.membership, request.form.get("status", "")
    word = read_text("word", most=ideas.MAX_WORDS, needed=False)
    if me.role not in ("tutor", "manager"):
        abort(404)
    if status not in ideas.STATUSES:
        abort(400)
    if word.fault:
        return _answer(thread_id, word=word)
    try:
        with house().db.writing() as session:
            ideas.set_status(session, me.context_id, thread_id, me.id, status, word.value, house().clock.now())
    except NotYours:
        abort(404)
    return _answer(thread_id, said=_("Kept. Whoever had the idea and whoever is for it hear of it."))
