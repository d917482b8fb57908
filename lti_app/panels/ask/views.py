"""Ask: the list of the course's questions, and asking one."""

from __future__ import annotations

from functools import partial
from typing import Any

from flask import Blueprint, Response, abort, g, make_response, render_template, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from lti_app import door
from lti_app.answers import answer
from lti_app.house import house
from lti_app.limits import takes_files
from lti_app.panels.ask.forms import Draft, Look, read_carried, read_draft, read_look, read_typed
from lti_app.panels.files import Files, take_files
from lti_app.panels.talk.room import who_reads
from lti_app.shell import render_panel
from lti_app.store import ask as questions
from lti_app.store import ask_acts, places
from lti_app.store.ask_rows import Viewer
from lti_app.store.ask_views import Similar
from lti_app.store.refusals import NotYours

blueprint = Blueprint("ask", __name__, url_prefix="/v/<ref>/ask")
door.guard(blueprint)


def viewer() -> Viewer:
    """Return who reads."""
    return Viewer(g.membership.context_id, g.membership.id, g.visit.is_staff)


def doer() -> Viewer:
    """Return who acts: a platform administrator may look at everything, but speaks with their own role."""
    return Viewer(g.membership.context_id, g.membership.id, g.membership.role in ("tutor", "manager"))


def box(session: Session, place: places.Beside, draft: Draft | None = None) -> dict[str, Any]:
    """Return what the ask box needs: where it stands, what can be chosen, whether a name may stay hidden."""
    context_id = g.membership.context_id
    draft = draft or read_carried()
    here = f"a:{place.activity.id}" if place.activity else f"s:{place.section}" if place.section else ""
    return {
        "draft": draft,
        "place": place,
        "chosen_place": here if draft.place is None else draft.place,
        "activities": places.talkable(session, context_id),
        "sections": places.sections(session, context_id),
        "may_hide": ask_acts.may_hide(session, doer()),
        "apart": who_reads(session),
    }


def _place(session: Session, look: Look) -> places.Beside:
    return places.beside(
        session,
        g.membership.context_id,
        g.visit.resource_link_id,
        activity_id=look.about,
        section=look.section,
        everywhere=look.everywhere,
    )


def _page(draft: Draft | None = None, files: Files | None = None, similar: tuple[Similar, ...] = ()) -> str:
    look, who = read_look(), viewer()
    with house().db.reading() as session:
        place = _place(session, look)
        first = look.show is questions.Show.ALL and look.page == 1
        rising = questions.rising(session, who, place) if first else ()
        found, more = questions.list_questions(session, who, look.show, place, look.page, [it.id for it in rising])
        return render_panel(
            session,
            "panels/ask/page.html",
            tab="ask",
            look=look,
            shows=tuple(questions.Show),
            rising=rising,
            questions=found,
            more=more,
            similar=similar,
            files=files,
            **box(session, place, draft),
        )


@blueprint.route("", methods=["GET", "POST"])
def show() -> str:
    """Show the questions: those that wait for this person first."""
    return _page()


@blueprint.route("/similar", methods=["GET", "POST"])
def similar() -> str:
    """Show questions that look like what is being typed; only ever a part of a page."""
    return render_template("panels/ask/_similar.html", similar=_similar(read_typed()))


def _similar(text: str) -> tuple[Similar, ...]:
    with house().db.reading() as session:
        return questions.similar(session, viewer(), text)


@blueprint.post("/new")
@takes_files
def start() -> Response:
    """Ask the course; where it was asked before, that is shown first."""
    draft, files = read_draft(), take_files()
    if not draft.is_good or files.fault:
        return make_response(_page(draft, files), 422)
    if not draft.checked:
        found = _similar(f"{draft.title.value} {draft.body.value}")
        if found:
            return make_response(_page(draft, files, found))
    try:
        with house().db.writing() as session:
            thread_id = ask_acts.ask(session, doer(), _asked(draft, files), house().clock.now())
    except ask_acts.NamesOnly:
        words = _("In this course questions carry the name of who asks. Nothing was posted: ask with your name?")
        return make_response(_page(Draft(draft.title, draft.body, draft.place, fault=words), files), 422)
    except NotYours:
        abort(404)
    # Imported here: the page of one question stands beside this one.
    from lti_app.panels.ask.question import question_page

    page = partial(question_page, thread_id)
    return answer(fragment=page, page=page, to=url_for(".thread", thread_id=thread_id))


def _asked(draft: Draft, files: Files) -> ask_acts.Asked:
    return ask_acts.Asked(
        title=draft.title.value,
        body=draft.body.value,
        activity_id=draft.activity_id,
        section=draft.section,
        anonymous=draft.anonymous,
        form_key=draft.form_key,
        files=files.keys,
        group=draft.group,
    )


from lti_app.panels.ask import question, staff  # noqa: E402, F401  (their routes register themselves on the blueprint)
