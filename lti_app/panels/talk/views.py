"""Talk: the course's discussions."""

from __future__ import annotations

from functools import partial

from flask import Blueprint, Response, abort, g, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from lti_app import door
from lti_app.answers import answer
from lti_app.fields import Field, form_key
from lti_app.house import house
from lti_app.limits import takes_files
from lti_app.panels.files import Files, take_files
from lti_app.panels.talk.forms import Opening, read_opening, read_reply
from lti_app.shell import render_panel
from lti_app.store import places, posting, talk
from lti_app.store.refusals import NotYours, TooLate
from lti_app.store.views import ActivityRef

blueprint = Blueprint("talk", __name__, url_prefix="/v/<ref>/talk")
door.guard(blueprint)


def _number(name: str) -> int | None:
    raw = request.args.get(name, "")
    return int(raw) if raw.isascii() and raw.isdecimal() and len(raw) <= 18 else None


def _beside(session: Session) -> ActivityRef | None:
    """The activity a panel stands beside, or the one that was asked for."""
    return places.activity_beside(session, g.membership.context_id, g.visit.resource_link_id, _number("about"))


def _page(opening: Opening | None = None, files: Files | None = None) -> str:
    me = g.membership
    with house().db.reading() as session:
        threads = talk.list_threads(
            session, me.context_id, me.id, before=_number("before"), to_staff=g.visit.is_staff, limit=talk.PAGE + 1
        )
        return render_panel(
            session,
            "panels/talk/page.html",
            tab="talk",
            threads=threads[: talk.PAGE],
            more=len(threads) > talk.PAGE,
            earlier=_number("before") is not None,
            opening=opening or Opening(),
            files=files,
            about=_beside(session),
            activities=places.talkable(session, me.context_id),
        )


@blueprint.route("", methods=["GET", "POST"])
def show() -> str:
    """Show the discussions, newest movement first."""
    return _page()


@blueprint.post("/new")
@takes_files
def start() -> Response:
    """Start a discussion."""
    opening, files = read_opening(), take_files()
    if not opening.is_good or files.fault:
        return answer(fragment=lambda: _page(opening, files), page=lambda: _page(opening, files), to="", status=422)
    me = g.membership
    try:
        with house().db.writing() as session:
            thread_id = posting.start_thread(
                session,
                me.context_id,
                me.id,
                opening.title.value,
                opening.body.value,
                house().clock.now(),
                activity_id=opening.activity_id,
                form_key=opening.form_key,
                files=files.keys,
            )
    except NotYours:
        abort(404)
    # A plain form, with a script too: the discussion that begins is another page.
    page, to = partial(_thread_page, thread_id), url_for(".thread", thread_id=thread_id)
    return answer(fragment=page, page=page, to=to)


def _read(session: Session, thread_id: int) -> talk.ThreadPage:
    me = g.membership
    try:
        return talk.read_thread(session, me.context_id, thread_id, me.id, to_staff=g.visit.is_staff)
    except NotYours:
        abort(404)


def _thread_page(thread_id: int, draft: Field | None = None, files: Files | None = None) -> str:
    with house().db.reading() as session:
        thread = _read(session, thread_id)
        page = render_panel(
            session, "panels/talk/thread.html", tab="talk", thread=thread, draft=draft or Field(), files=files
        )
    if g.membership.id and not g.visit.student_view:
        with house().db.writing() as session:
            posting.saw_thread(session, thread_id, g.membership.id, house().clock.now())
    return page


def _thread_part(thread_id: int, draft: Field | None = None, files: Files | None = None, said: str = "") -> str:
    with house().db.reading() as session:
        thread = _read(session, thread_id)
        return render_template("panels/talk/_posts.html", thread=thread, draft=draft or Field(), files=files, said=said)


@blueprint.route("/<int:thread_id>", methods=["GET", "POST"])
def thread(thread_id: int) -> str:
    """Show one discussion."""
    return _thread_page(thread_id)


@blueprint.post("/<int:thread_id>/reply")
@takes_files
def reply(thread_id: int) -> Response:
    """Say something in a discussion."""
    draft, files, me = read_reply(), take_files(), g.membership
    if not (draft.fault or files.fault):
        try:
            with house().db.writing() as session:
                now = house().clock.now()
                posting.reply(
                    session, me.context_id, thread_id, me.id, draft.value, now, form_key=form_key(), files=files.keys
                )
        except NotYours:
            abort(404)
        except TooLate:
            draft = Field(draft.value, _("This discussion has been closed in the meantime."))
    if draft.fault or files.fault:
        return answer(
            fragment=lambda: _thread_part(thread_id, draft, files),
            page=lambda: _thread_page(thread_id, draft, files),
            to="",
            status=422,
        )
    return answer(
        fragment=lambda: _thread_part(thread_id, said=_("Your reply is there.")),
        page=lambda: _thread_page(thread_id),
        to=url_for(".thread", thread_id=thread_id),
    )
