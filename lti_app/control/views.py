"""The page of the community manager."""

from __future__ import annotations

from datetime import timedelta

from flask import g

from lti_app.control import blueprint
from lti_app.house import house
from lti_app.shell import render_panel
from lti_app.store.overview import academy_courses

WEEK = timedelta(days=7)


@blueprint.route("", methods=["GET", "POST"], endpoint="room")
def room() -> str:
    """Show how the communities of the academy are."""
    with house().db.reading() as session:
        courses = academy_courses(session, g.visit.academy_id, house().clock.now() - WEEK)
        return render_panel(session, "control/page.html", tab="control", courses=courses)
