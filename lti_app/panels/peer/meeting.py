"""The private thread of two people who met through a match: only they can open it."""

from __future__ import annotations

from flask import Blueprint, Response, abort, g, render_template, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from lti_app.answers import answer
from lti_app.fields import Field, form_key, number_asked, read_text
from lti_app.house import house
from lti_app.panels.peer import forms
from lti_app.panels.peer.parts import Word
from lti_app.shell import render_panel
from lti_app.store import bound_threads, meeting_view, meetings, posting
from lti_app.store.refusals import NotYours, TooLate
from lti_app.store.talk import MAX_BODY


def _context(session: Session, match_id: int) -> dict[str, object]:
    me = g.membership
    try:
        return {
            "thread": bound_threads.read_private(
                session, match_id, me.id, before=number_asked("before"), at=number_asked("post")
            ),
            "meeting": meeting_view.meeting(session, match_id, me.id),
        }
    except NotYours:
        abort(404)


def _page(match_id: int, draft: Field | None = None, word: Word | None = None, report: Field | None = None) -> str:
    with house().db.reading() as session:
        page = render_panel(
            session,
            "panels/peer/meeting.html",
            tab="peer",
            draft=draft or Field(),
            word=word,
            report=report or Field(),
            **_context(session, match_id),
        )
    with house().db.writing() as session:
        meetings.has_read(session, match_id, g.membership.id, house().clock.now())
    return page


def _part(match_id: int, draft: Field | None, word: Word | None, report: Field | None, said: str) -> str:
    with house().db.reading() as session:
        return render_template(
            "panels/peer/_meeting.html",
            draft=draft or Field(),
            word=word,
            report=report or Field(),
            said=said,
            **_context(session, match_id),
        )


def _answer(
    match_id: int,
    *,
    draft: Field | None = None,
    word: Word | None = None,
    report: Field | None = None,
    said: str = "",
    status: int = 200,
) -> Response:
    return answer(
        fragment=lambda: _part(match_id, draft, word, report, said),
        page=lambda: _page(match_id, draft, word, report),
        to=url_for("panels.peer.meet", match_id=match_id),
        status=status,
    )


def meet(match_id: int) -> str:
    """Show the private thread to one of its two."""
    return _page(match_id)


def reply(match_id: int) -> Response:
    """Say something to the other one."""
    draft = read_text("body", most=MAX_BODY)
    if not draft.fault:
        try:
            with house().db.writing() as session:
                now = house().clock.now()
                posting.reply_private(session, match_id, g.membership.id, draft.value, now, form_key=form_key())
        except NotYours:
            abort(404)
        except TooLate:
            draft = Field(draft.value, _("This conversation has ended in the meantime."))
    if draft.fault:
        return _answer(match_id, draft=draft, status=422)
    return _answer(match_id, said=_("Your message is there."))


def did_it_help(match_id: int) -> Response:
    """Take the answer to "did it help?"."""
    helped = forms.read_helped()
    if helped is None:
        abort(400)
    try:
        with house().db.writing() as session:
            meetings.said_helped(session, match_id, g.membership.id, helped, house().clock.now())
    except NotYours:
        abort(404)
    words = "" if helped else _("You can go on here, or say goodbye below: somebody else can be found.")
    return _answer(match_id, word=Word(_("Thank you for saying so."), words))


def leave(match_id: int) -> Response:
    """End the match, with or without saying whether it helped."""
    helped = forms.read_helped()
    try:
        with house().db.writing() as session:
            meetings.end_match(session, match_id, g.membership.id, helped, house().clock.now())
    except NotYours:
        abort(404)
    return _answer(
        match_id, word=Word(_("You have said goodbye."), _("What you wrote stays readable for both of you."))
    )


def report(match_id: int) -> Response:
    """Report the other one to a person of the academy."""
    words = forms.read_report()
    if words.fault:
        return _answer(match_id, report=words, status=422)
    try:
        with house().db.writing() as session:
            meetings.report(session, match_id, g.membership.id, words.value, house().clock.now())
    except NotYours:
        abort(404)
    title = _("Thank you: a person will read this.")
    return _answer(match_id, word=Word(title, _("The conversation is closed, and you two will not be matched again.")))


def install(blueprint: Blueprint) -> None:
    """Hang the pages of a meeting under the peer panel's blueprint."""
    blueprint.add_url_rule("/<int:match_id>", "meet", meet, methods=["GET", "POST"])
    blueprint.add_url_rule("/<int:match_id>/reply", "reply", reply, methods=["POST"])
    blueprint.add_url_rule("/<int:match_id>/helped", "did_it_help", did_it_help, methods=["POST"])
    blueprint.add_url_rule("/<int:match_id>/leave", "leave", leave, methods=["POST"])
    blueprint.add_url_rule("/<int:match_id>/report", "report", report, methods=["POST"])
