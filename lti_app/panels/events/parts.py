"""What the pages about meetings share: who looks, the parts that change, and the answer after each act."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import Response, abort, g, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from lti_app.answers import answer
from lti_app.fields import Field, number_asked
from lti_app.house import house
from lti_app.panels.peer.parts import Word
from lti_app.shell import render_panel
from lti_app.store import bound_threads, calendar_entries, events, places, posting
from lti_app.store.event_views import Viewer, viewer_of
from lti_app.store.refusals import NotYours, TooLate


def viewer() -> Viewer:
    """Return who looks, with what they may call."""
    me = g.membership
    return viewer_of(me.context_id, me.id, g.visit.is_staff, me.context.settings, me.settings)


def beside(session: Session) -> places.Beside:
    """Return where the panel looks: at what was asked for, else where it stands; ``about=0`` asks for everything."""
    asked = number_asked("about")
    return places.beside(
        session,
        g.membership.context_id,
        g.visit.resource_link_id,
        activity_id=asked or None,
        section=request.args.get("section", "")[:500],
        everywhere=asked == 0,
    )


def list_page(word: Word | None = None) -> str:
    """Draw the meetings to come."""
    now = house().clock.now()
    with house().db.reading() as session:
        who, about = viewer(), beside(session)
        lines = events.coming_up(session, who, now, place=about)
        return render_panel(
            session,
            "panels/events/page.html",
            tab="events",
            who=who,
            about=about,
            lines=[line for line in lines if line.state != "proposed"],
            proposals=[line for line in lines if line.state == "proposed"],
            before=bool(events.past(session, who, now, place=about)),
            word=word,
        )


def _about_event(session: Session, event_id: int, now: datetime) -> dict[str, Any]:
    """Return what the page of one meeting shows; answers 404 where it is not theirs."""
    who = viewer()
    try:
        view = events.read_event(session, who, event_id, now)
    except NotYours:
        abort(404)
    is_open = view.line.state in ("on", "cancelled")
    thread = None
    if is_open:
        try:
            thread = bound_threads.read_event_thread(
                session, who.context_id, event_id, who.membership_id, to_staff=who.is_staff,
                before=number_asked("before"), at=number_asked("post"),
            )  # fmt: skip
        except NotYours:
            # A moderator has hidden it: the meeting itself stays.
            thread = None
    return {
        "view": view,
        "line": view.line,
        "thread": thread,
        "now": now,
        "can_keep": who.is_staff and calendar_entries.can_keep(session, who.context_id),
    }


def event_page(event_id: int, word: Word | None = None, **drafts: Field) -> str:
    """Draw the page of one meeting."""
    now = house().clock.now()
    with house().db.reading() as session:
        shown = _about_event(session, event_id, now)
        page = render_panel(
            session, "panels/events/event.html", tab="events", word=word, drafts=drafts, said="", **shown
        )
    _saw(shown)
    return page


def _saw(shown: dict[str, Any]) -> None:
    if shown["thread"] is None or g.membership.id == 0 or g.visit.student_view:
        return
    with house().db.writing() as session:
        posting.saw_thread(session, shown["thread"].id, g.membership.id, shown["now"])


def event_part(template: str, event_id: int, word: Word | None = None, *, said: str = "", **drafts: Field) -> str:
    """Draw one part of that page, or a meeting's line in a list, anew."""
    with house().db.reading() as session:
        shown = _about_event(session, event_id, house().clock.now())
        return render_template(f"panels/events/{template}", word=word, drafts=drafts, said=said, **shown)


def do(act: Callable[[Session, Viewer, datetime], object]) -> Word | None:
    """Do one thing in one transaction: what belongs to others is not there, what came too late gets a word."""
    try:
        with house().db.writing() as session:
            act(session, viewer(), house().clock.now())
    except NotYours:
        abort(404)
    except TooLate:
        return Word(_("In the meantime things have moved on."), _("Here is how they stand now."), "care")
    return None


AT = {"list": "_line.html", "home": "_next.html"}


def came_from() -> str:
    """Return where the form stood: in a list, on the home panel, or (empty) on the meeting's own page."""
    at = request.form.get("at", "")
    return at if at in AT else ""


def after(event_id: int, word: Word | None = None, *, said: str = "", status: int = 200, **drafts: Field) -> Response:
    """Answer an act on a meeting where it was done."""
    at = came_from()

    def page() -> str:
        # Imported here: home shows the next meeting, so it stands above this room.
        from lti_app.panels.home.views import home_page

        if at == "home":
            return home_page(word)
        return list_page(word) if at == "list" else event_page(event_id, word, **drafts)

    back = {"home": url_for("panels.home.show"), "list": url_for("panels.events.show")}
    return answer(
        fragment=lambda: event_part(AT.get(at, "_event.html"), event_id, word, said=said, **drafts),
        page=page,
        to=back.get(at) or url_for("panels.events.event", event_id=event_id),
        status=status,
    )
