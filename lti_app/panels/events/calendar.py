"""One meeting as a file for a calendar, and the address of a person's own calendar."""

from __future__ import annotations

from flask import Response, abort, g, make_response, request, url_for
from flask_babel import gettext as _

from lti_app.answers import answer
from lti_app.calendar_address import feed_address
from lti_app.house import house
from lti_app.ical import one_calendar
from lti_app.panels.events.parts import viewer
from lti_app.panels.events.views import blueprint
from lti_app.panels.peer.parts import Word
from lti_app.shell import render_panel
from lti_app.store import calendar_feeds
from lti_app.store.refusals import NotYours


@blueprint.route("/<int:event_id>/meeting.ics", methods=["GET", "POST"])
def one(event_id: int) -> Response:
    """Give one meeting to a calendar program."""
    who = viewer()
    try:
        with house().db.reading() as session:
            entry = calendar_feeds.entry_of(session, who.context_id, event_id, who.membership_id, is_staff=who.is_staff)
    except NotYours:
        abort(404)
    response = make_response(one_calendar(entry, house().settings))
    response.headers["Content-Type"] = "text/calendar; charset=utf-8"
    response.headers["Content-Disposition"] = f'attachment; filename="meeting-{event_id}.ics"'
    return response


def _page(word: Word | None = None) -> str:
    with house().db.reading() as session:
        secret = calendar_feeds.secret_of(session, g.membership.person_id)
        return render_panel(
            session,
            "panels/events/calendar.html",
            tab="events",
            word=word,
            address=feed_address(g.membership.person_id, secret, house().settings) if secret else "",
        )


@blueprint.route("/calendar", methods=["GET", "POST"])
def calendar() -> str:
    """Show how my meetings come into my own calendar."""
    return _page()


@blueprint.post("/calendar/address")
def new_address() -> Response:
    """Make the address of my calendar, or a new one that ends the old, or end it altogether."""
    end = request.form.get("end") == "yes"
    with house().db.writing() as session:
        calendar_feeds.renew(session, g.membership.person_id, house().clock.now(), end=end)
    word = Word(_("The address has ended: nothing is given out any more.") if end else _("Here is your address."))
    return answer(fragment=lambda: _page(word), page=lambda: _page(word), to=url_for("panels.events.calendar"))
