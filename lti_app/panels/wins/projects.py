"""Projects that members show, each with a page of its own."""

from __future__ import annotations

from functools import partial

from flask import Response, abort, g, render_template, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from lti_app.answers import answer
from lti_app.caring import stopped
from lti_app.fields import Field
from lti_app.house import house
from lti_app.limits import takes_files
from lti_app.panels.commenting import take_comment
from lti_app.panels.files import take_files
from lti_app.panels.talk import posts
from lti_app.panels.wins.forms import read_showing
from lti_app.panels.wins.rooms import blueprint
from lti_app.panels.wins.views import page as wins_page
from lti_app.shell import render_panel
from lti_app.store import posting, projects
from lti_app.store.refusals import NotYours
from lti_app.store.speaking import Stopped

posts.PLACES["win"] = ("panels.wins.project", "panels.wins.show")


@blueprint.post("/show")
@takes_files
def show_project() -> Response:
    """Show a project to the course."""
    showing, files = read_showing(), take_files(kinds=frozenset({"image"}))
    if showing.fault or files.fault:
        page = partial(wins_page, None, showing, files)
        return answer(fragment=page, page=page, to="", status=422)
    me = g.membership
    try:
        with house().db.writing() as session:
            thread_id = projects.show_project(
                session, me.context_id, me.id, showing.title.value, showing.body.value, showing.link.value,
                house().clock.now(), form_key=showing.form_key, files=files.keys,
            )  # fmt: skip
    except Stopped as stop:
        held = partial(wins_page, None, showing, files, stopped(stop))
        return answer(fragment=held, page=held, to="", status=422)
    page = partial(_page, thread_id)
    return answer(fragment=page, page=page, to=url_for(".project", thread_id=thread_id))


def _read(session: Session, thread_id: int) -> projects.Project:
    me = g.membership
    try:
        return projects.read_project(session, me.context_id, thread_id, me.id, to_staff=g.visit.is_staff)
    except NotYours:
        abort(404)


def _page(thread_id: int, draft: Field | None = None) -> str:
    me = g.membership
    with house().db.reading() as session:
        project = _read(session, thread_id)
        drawn = render_panel(
            session, "panels/wins/project.html", tab="wins", project=project, draft=draft or Field(), said=""
        )
    if me.id and not g.visit.student_view:
        with house().db.writing() as session:
            posting.saw_thread(session, thread_id, me.id, house().clock.now())
    return drawn


def _part(thread_id: int, draft: Field | None = None, said: str = "") -> str:
    with house().db.reading() as session:
        project = _read(session, thread_id)
        return render_template("panels/wins/_project.html", project=project, draft=draft or Field(), said=said)


@blueprint.route("/<int:thread_id>", methods=["GET", "POST"])
def project(thread_id: int) -> str:
    """Show one project."""
    return _page(thread_id)


@blueprint.post("/<int:thread_id>/comment")
def comment(thread_id: int) -> Response:
    """Say something about a project."""
    draft = take_comment(thread_id, "win")
    to = url_for(".project", thread_id=thread_id)
    if draft.fault:
        return answer(
            fragment=partial(_part, thread_id, draft), page=partial(_page, thread_id, draft), to="", status=422
        )
    said = _("Your words are there.")
    return answer(fragment=partial(_part, thread_id, None, said), page=partial(_page, thread_id), to=to)
