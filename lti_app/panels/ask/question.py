"""One question: read it, answer it, and the small signs on it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from flask import Response, abort, g, render_template, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from lti_app.answers import answer
from lti_app.fields import Field, form_key
from lti_app.house import house
from lti_app.limits import takes_files
from lti_app.panels.ask.forms import read_answer
from lti_app.panels.ask.views import blueprint, doer, viewer
from lti_app.panels.files import Files, take_files
from lti_app.panels.live import views as live
from lti_app.panels.talk import posts
from lti_app.shell import render_panel
from lti_app.store import ask_acts, ask_page, ask_signs, places, posting, thread_acts
from lti_app.store.ask_views import QuestionPage
from lti_app.store.refusals import NotYours, TooLate


def _read(session: Session, thread_id: int) -> QuestionPage:
    try:
        return ask_page.read_question(session, viewer(), thread_id)
    except NotYours:
        abort(404)


def question_page(thread_id: int, draft: Field | None = None, files: Files | None = None, *, fault: str = "") -> str:
    """Draw the page of one question and note that it was read."""
    with house().db.reading() as session:
        elsewhere = thread_acts.leads_to(session, g.membership.context_id, thread_id)
        if elsewhere is not None and elsewhere[0] == "ask":
            # It was put into another one: the old address leads there.
            thread_id = elsewhere[1]
        question = _read(session, thread_id)
        page = render_panel(
            session, "panels/ask/question.html", tab="ask", question=question, draft=draft or Field(), files=files,
            may_confirm=doer().is_staff, title_fault=fault, looks_after=_looks_after(session, question),
        )  # fmt: skip
    if g.membership.id and not g.visit.student_view:
        with house().db.writing() as session:
            posting.saw_thread(session, thread_id, g.membership.id, house().clock.now())
    return page


def _looks_after(session: Session, question: QuestionPage) -> dict[str, object] | None:
    """Return what staff choose from when they look after a question; nothing for everybody else."""
    if not doer().is_staff:
        return None
    context_id, it = g.membership.context_id, question.line
    return {
        "activities": places.talkable(session, context_id),
        "sections": places.sections(session, context_id),
        "chosen": f"a:{it.activity.id}" if it.activity else f"s:{it.section}" if it.section else "",
        "others": thread_acts.mergeable(session, context_id, it.id, kind="ask"),
    }


def _part(thread_id: int, draft: Field | None = None, files: Files | None = None, said: str = "") -> str:
    with house().db.reading() as session:
        return render_template(
            "panels/ask/_question.html", question=_read(session, thread_id), draft=draft or Field(), files=files,
            said=said, may_confirm=doer().is_staff,
        )  # fmt: skip


def _one(thread_id: int, post_id: int, said: str) -> str:
    """Draw one post of a question again, after its author changed it."""
    with house().db.reading() as session:
        question = _read(session, thread_id)
    one = next((it for it in question.answers if it.id == post_id), None)
    draws = {"question": question, "one": one, "said": said, "may_confirm": doer().is_staff}
    return render_template("panels/ask/_one.html", **draws)


def _fresh(session: Session, thread_id: int, after: int, moved_at: datetime | None) -> str:
    """Draw the answers that came after a post, to stand beneath the others."""
    question = _read(session, thread_id)
    new = [one for one in question.answers if one.id > after]
    draws = {"question": question, "new": new, "moved_at": moved_at, "after": max([after, *(one.id for one in new)])}
    return render_template("panels/ask/_fresh.html", **draws, may_confirm=doer().is_staff)


posts.DRAWN["ask"] = _one
live.FRESH["ask"] = _fresh
posts.PLACES["ask"] = ("panels.ask.thread", "panels.ask.show")


@blueprint.route("/<int:thread_id>", methods=["GET", "POST"])
def thread(thread_id: int) -> str:
    """Show one question."""
    return question_page(thread_id)


@blueprint.post("/<int:thread_id>/answer")
@takes_files
def reply(thread_id: int) -> Response:
    """Answer a question, or add a word to one's own."""
    draft, files = read_answer(), take_files()
    if not (draft.fault or files.fault):
        try:
            with house().db.writing() as session:
                ask_acts.answer_question(
                    session, doer(), thread_id, draft.value, house().clock.now(), form_key=form_key(), files=files.keys
                )
        except NotYours:
            abort(404)
        except TooLate:
            draft = Field(draft.value, _("This question has been closed in the meantime."))
    if draft.fault or files.fault:
        return answer(
            fragment=lambda: _part(thread_id, draft, files),
            page=lambda: question_page(thread_id, draft, files),
            to="",
            status=422,
        )
    return _done(thread_id, _("Your words are there. Thank you."))


def _done(thread_id: int, said: str) -> Response:
    return answer(
        fragment=lambda: _part(thread_id, said=said),
        page=lambda: question_page(thread_id),
        to=url_for(".thread", thread_id=thread_id),
    )


def _act(thread_id: int, act: Callable[[Session, datetime], bool], yes: str, no: str) -> Response:
    """Do one small thing that can be taken back, and say which way it went."""
    try:
        with house().db.writing() as session:
            stands = act(session, house().clock.now())
    except NotYours:
        abort(404)
    return _done(thread_id, yes if stands else no)


@blueprint.post("/<int:thread_id>/same")
def same(thread_id: int) -> Response:
    """Say that I have the same question, or take it back."""
    return _act(
        thread_id,
        lambda session, now: ask_signs.same_question(session, doer(), thread_id, now),
        _("Noted. You will hear of it when it is answered."),
        _("Taken back."),
    )


@blueprint.post("/<int:thread_id>/thank/<int:post_id>")
def thank(thread_id: int, post_id: int) -> Response:
    """Thank for an answer, or take it back."""
    return _act(
        thread_id,
        lambda session, now: ask_signs.thank(session, doer(), thread_id, post_id, now),
        _("Your thanks are on their way."),
        _("Taken back."),
    )


@blueprint.post("/<int:thread_id>/accept/<int:post_id>")
def accept(thread_id: int, post_id: int) -> Response:
    """Say that this answer helped, or not any more."""
    return _act(
        thread_id,
        lambda session, now: ask_signs.accept(session, doer(), thread_id, post_id, now),
        _("Good: others see now which answer helped."),
        _("Taken back. The question is open again."),
    )


@blueprint.post("/<int:thread_id>/confirm/<int:post_id>")
def confirm(thread_id: int, post_id: int) -> Response:
    """Confirm an answer as a tutor, or not any more."""
    return _act(
        thread_id,
        lambda session, now: ask_signs.endorse(session, doer(), thread_id, post_id, now),
        _("Confirmed. Everybody sees that they can rely on it."),
        _("Taken back."),
    )
