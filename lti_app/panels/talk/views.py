"""Talk: the course's discussions, listed, begun, read and answered."""

from __future__ import annotations

from functools import partial

from flask import Response, abort, current_app, g, make_response, redirect, request, url_for
from flask_babel import gettext as _

from lti_app.answers import answer
from lti_app.fields import Field, form_key, number_asked
from lti_app.house import house
from lti_app.limits import takes_files
from lti_app.panels.files import Files, take_files
from lti_app.panels.talk.forms import Opening, read_opening, read_reply
from lti_app.panels.talk.room import beside, blueprint, thread_page, thread_part, tie_options, who_reads
from lti_app.panels.talk.starters import starters
from lti_app.shell import render_panel
from lti_app.store import posting, talk, thread_acts
from lti_app.store.refusals import NotYours, TooLate

# Where a discussion is shown that became a question.
QUESTIONS = ("panels.ask.thread", "panels.ask.question")


def _page(opening: Opening | None = None, files: Files | None = None) -> str:
    me = g.membership
    archived = request.args.get("archive") == "1"
    beginnings, picked = starters(), number_asked("starter")
    if opening is None and picked is not None and picked < len(beginnings):
        opening = Opening(title=Field(beginnings[picked]))
    before = number_asked("before")
    with house().db.reading() as session:
        place = beside(session)
        threads = talk.list_threads(
            session,
            me.context_id,
            me.id,
            place=place,
            before=before,
            to_staff=g.visit.is_staff,
            limit=talk.PAGE + 1,
            archived=archived,
        )
        pinned: tuple[talk.ThreadLine, ...] = ()
        if before is None and not archived:
            pinned = talk.pinned_threads(session, me.context_id, me.id, place=place, to_staff=g.visit.is_staff)
        return render_panel(
            session,
            "panels/talk/page.html",
            tab="talk",
            threads=threads[: talk.PAGE],
            pinned=pinned,
            more=len(threads) > talk.PAGE,
            earlier=before is not None,
            archived=archived,
            opening=opening or Opening(),
            files=files,
            place=place,
            # Beside an activity or a section the panel opens there, and one step leads to the whole course.
            where={"about": place.activity.id if place.activity else None, "section": place.section or None},
            ties=tie_options(session),
            apart=who_reads(session),
            beginnings=beginnings,
        )


@blueprint.route("", methods=["GET", "POST"])
def show() -> str:
    """Show the discussions: pinned ones, then the newest movement first."""
    return _page()


@blueprint.post("/new")
@takes_files
def start() -> Response:
    """Start a discussion."""
    opening, files = read_opening(house().clock.now()), take_files()
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
                section=opening.section,
                group=opening.group,
                form_key=opening.form_key,
                files=files.keys,
                poll=opening.asked,
            )
    except NotYours:
        abort(404)
    # A plain form, with a script too: the discussion that begins is another page.
    page, to = partial(thread_page, thread_id), url_for(".thread", thread_id=thread_id)
    return answer(fragment=page, page=page, to=to)


@blueprint.route("/<int:thread_id>", methods=["GET", "POST"])
def thread(thread_id: int) -> Response | str:
    """Show one discussion; one that was merged or moved shows where it is now."""
    with house().db.reading() as session:
        found = thread_acts.leads_to(session, g.membership.context_id, thread_id)
    if found is None:
        abort(404)
    kind, now_id = found
    if kind == "talk":
        return thread_page(now_id, said=_("It has become a part of this discussion.") if now_id != thread_id else "")
    room = next((name for name in QUESTIONS if name in current_app.view_functions), None)
    if room is None:
        abort(404)
    to = url_for(room, thread_id=now_id)
    return make_response(redirect(to)) if g.cookie_works else elsewhere(to)


def elsewhere(to: str) -> str:
    """Show the way to another room where no cookie lets us go there at once."""
    with house().db.reading() as session:
        words = _("It is among the questions now.")
        return render_panel(session, "panels/done.html", tab="talk", words=words, back=to, back_words=_("Go there"))


@blueprint.post("/<int:thread_id>/reply")
@takes_files
def reply(thread_id: int) -> Response:
    """Say something in a discussion."""
    draft, files, me = read_reply(), take_files(), g.membership
    if not (draft.fault or files.fault):
        try:
            with house().db.writing() as session:
                now = house().clock.now()
                key = form_key()
                posting.reply(
                    session, me.context_id, thread_id, me.id, draft.value, now, form_key=key, files=files.keys
                )
        except NotYours:
            abort(404)
        except TooLate:
            draft = Field(draft.value, _("This discussion has been closed in the meantime."))
    if draft.fault or files.fault:
        return answer(
            fragment=lambda: thread_part(thread_id, draft, files),
            page=lambda: thread_page(thread_id, draft, files),
            to="",
            status=422,
        )
    return answer(
        fragment=lambda: thread_part(thread_id, said=_("Your reply is there.")),
        page=lambda: thread_page(thread_id),
        to=url_for(".thread", thread_id=thread_id),
    )
