"""What the pages of the discussions share: the room itself, one thread as a page and as a part of it."""

from __future__ import annotations

from flask import Blueprint, abort, g, render_template, request, url_for
from flask_babel import gettext as _
from markupsafe import Markup
from sqlalchemy.orm import Session

from lti_app import door
from lti_app.fields import Field, number_asked
from lti_app.house import house
from lti_app.panels.files import Files
from lti_app.shell import render_panel
from lti_app.store import apart, places, posting, talk, thread_acts
from lti_app.store.community_settings import community_from
from lti_app.store.course_facts import STAFF
from lti_app.store.refusals import NotYours
from lti_app.store.thread_page import ThreadPage

blueprint = Blueprint("talk", __name__, url_prefix="/v/<ref>/talk")
door.guard(blueprint)


def beside(session: Session) -> places.Beside:
    """Return what is looked at: what was asked for, else the place beside which the panel stands."""
    return places.beside(
        session,
        g.membership.context_id,
        g.visit.resource_link_id,
        activity_id=number_asked("about"),
        section=request.args.get("section", "")[:500],
        everywhere=request.args.get("all") == "1",
    )


def tie_options(session: Session) -> list[tuple[str, str]]:
    """Return to what a discussion may be tied, to choose from; a section's value is ``s:`` and its title."""
    context_id = g.membership.context_id
    titles = places.sections(session, context_id)
    options = [("", _("The whole course"))]
    options += [(f"s:{title}", _("All of “%(title)s”", title=title)) for title in titles if len(titles) > 1]
    return options + [(str(one.id), one.title) for one in places.talkable(session, context_id)]


def who_reads(session: Session) -> apart.Choice | None:
    """Return for whom this member may begin a thread, where the groups of the course talk among themselves."""
    me = g.membership
    rules = community_from(me.context.settings, g.academy.settings)
    staff = me.role in STAFF
    return apart.choice(session, me.context_id, me.id, is_staff=staff, apart=rules.groups_apart) if me.id else None


def post_base() -> str:
    """Return where the addresses of what can be done with posts begin; asked for once a page."""
    found: str = g.get("post_base") or url_for("panels.talk.show") + "/post/"
    g.post_base = found
    return found


def post_stamp() -> Markup:
    """Return what every form beneath a post carries, drawn once a page: the token and the page it stands on."""
    found: Markup | None = g.get("post_stamp")
    if found is None:
        hidden = Markup('<input type="hidden" name="{}" value="{}">')
        found = hidden.format("visit_token", door.visit_token()) + hidden.format("back", request.path)
        g.post_stamp = found
    return found


def read(session: Session, thread_id: int, before: int | None = None, at: int | None = None) -> ThreadPage:
    """Read a thread, or answer 404."""
    me = g.membership
    try:
        return talk.read_thread(
            session, me.context_id, thread_id, me.id, to_staff=g.visit.is_staff, before=before, at=at
        )
    except NotYours:
        abort(404)


def thread_page(
    thread_id: int, draft: Field | None = None, files: Files | None = None, said: str = "", fault: str = ""
) -> str:
    """Draw a thread as a whole page, and note that it was read."""
    me = g.membership
    with house().db.reading() as session:
        thread = read(session, thread_id, number_asked("before"), number_asked("post"))
        staff = g.visit.is_staff and not g.visit.student_view
        page = render_panel(
            session,
            "panels/talk/thread.html",
            tab="talk",
            thread=thread,
            draft=draft or Field(),
            files=files,
            said=said,
            title_fault=fault,
            ties=tie_options(session) if staff else (),
            others=thread_acts.mergeable(session, me.context_id, thread_id) if staff else (),
        )
    if me.id and not g.visit.student_view:
        with house().db.writing() as session:
            posting.saw_thread(session, thread_id, me.id, house().clock.now())
    return page


def thread_part(thread_id: int, draft: Field | None = None, files: Files | None = None, said: str = "") -> str:
    """Draw the posts of a thread and the form beneath them."""
    with house().db.reading() as session:
        thread = read(session, thread_id)
        return render_template("panels/talk/_posts.html", thread=thread, draft=draft or Field(), files=files, said=said)
