"""Names of the course for whoever types an @."""

from __future__ import annotations

from flask import Response, g, jsonify, request

from lti_app.house import house
from lti_app.panels.talk.room import blueprint
from lti_app.store import mentions


@blueprint.get("/names")
def names() -> Response:
    """Return up to eight names that begin so."""
    me = g.membership
    with house().db.reading() as session:
        found = mentions.complete(session, me.context_id, request.args.get("q", ""), me.id, to_staff=g.visit.is_staff)
    answer = jsonify([{"name": one.name, "initials": one.initials} for one in found if one.name])
    answer.headers["Cache-Control"] = "no-store"
    return answer
