"""The page of the academy's admin."""

from __future__ import annotations

from flask import g

from lti_app.admin import blueprint
from lti_app.house import house
from lti_app.shell import render_panel
from lti_app.store.overview import academy_platforms


@blueprint.route("", methods=["GET", "POST"], endpoint="room")
def room() -> str:
    """Show the platforms of the academy and how the last sync with each went."""
    with house().db.reading() as session:
        platforms = academy_platforms(session, g.visit.academy_id)
        return render_panel(session, "admin/page.html", tab="admin", platforms=platforms)
