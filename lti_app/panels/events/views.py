"""Events: the meetings of the course, and each one's own page."""

from __future__ import annotations

from flask import Blueprint, request

from lti_app import door
from lti_app.fields import number_asked
from lti_app.house import house
from lti_app.panels.events.parts import beside, event_page, list_page, viewer
from lti_app.shell import render_panel
from lti_app.store import events

blueprint = Blueprint("events", __name__, url_prefix="/v/<ref>/events")
door.guard(blueprint)


@blueprint.route("", methods=["GET", "POST"])
def show() -> str:
    """Show the meetings to come, the next one first."""
    return list_page()


@blueprint.route("/past", methods=["GET", "POST"])
def past() -> str:
    """Show the meetings that are over, the last one first."""
    with house().db.reading() as session:
        who, about = viewer(), beside(session)
        lines = events.past(session, who, house().clock.now(), before=number_asked("before"), place=about)
        return render_panel(
            session,
            "panels/events/past.html",
            tab="events",
            who=who,
            about=about,
            lines=lines[: events.PAGE],
            more=len(lines) > events.PAGE,
            earlier="before" in request.args,
        )


@blueprint.route("/<int:event_id>", methods=["GET", "POST"])
def event(event_id: int) -> str:
    """Show one meeting."""
    return event_page(event_id)
