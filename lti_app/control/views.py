"""The first page of the community manager: the courses, and cases that nobody has met in time."""

from __future__ import annotations

from datetime import timedelta

from flask import Response, abort, g, url_for
from flask_babel import gettext as _

from lti_app.answers import answer
from lti_app.control import blueprint
from lti_app.fields import read_number
from lti_app.house import house
from lti_app.shell import render_panel
from lti_app.store.escalations import escalations, settle_escalation
from lti_app.store.fairness import load_spread
from lti_app.store.overview import academy_courses
from lti_app.store.refusals import NotYours, TooLate

WEEK = timedelta(days=7)


def _page(said: str = "") -> str:
    now = house().clock.now()
    with house().db.reading() as session:
        courses = academy_courses(session, g.visit.academy_id, now - WEEK)
        return render_panel(
            session,
            "control/page.html",
            tab="control",
            courses=courses,
            loads={c.context_id: load_spread(session, c.context_id, now) for c in courses if c.helpers},
            escalations=escalations(session, g.visit.academy_id, now),
            said=said,
        )


@blueprint.route("", methods=["GET", "POST"], endpoint="room")
def room() -> str:
    """Show how the communities of the academy are."""
    return _page()


@blueprint.post("/escalation/<int:prompt_id>")
def settle(prompt_id: int) -> Response:
    """Take a case off the list, or give it to one of its course's tutors."""
    to_id, said = read_number("to_id", low=1, high=2**62), _("Thank you: it is off the list.")
    try:
        with house().db.writing() as session:
            settle_escalation(session, g.visit.academy_id, prompt_id, g.membership, house().clock.now(), to_id=to_id)
    except NotYours:
        abort(404)
    except TooLate:
        said = _("The case has closed by itself in the meantime.")
    return answer(fragment=lambda: _page(said), page=lambda: _page(said), to=url_for("control.room"))
