"""A person's own calendar, for programs that hold nothing but its address."""

from __future__ import annotations

import hashlib

from flask import Blueprint, Response, abort, make_response, request
from flask_babel import force_locale

from lti_app.calendar_address import PATH, read_address
from lti_app.house import house
from lti_app.ical import feed_calendar
from lti_app.store import calendar_feeds

blueprint = Blueprint("calendar_feed", __name__, url_prefix=PATH.rstrip("/"))


@blueprint.get("/<token>.ics")
def feed(token: str) -> Response:
    """Give the meetings of whoever made this address; 304 where the program has them already."""
    found, now = read_address(token, house().settings), house().clock.now()
    if found is None:
        abort(404)
    person_id, secret = found
    with house().db.writing() as session:
        good = calendar_feeds.may_ask(session, person_id, secret, now)
    if good is None:
        abort(404)
    if not good:
        response = make_response("", 429)
        response.headers["Retry-After"] = str(int(calendar_feeds.WINDOW.total_seconds()))
        return response
    with house().db.reading() as session:
        mine = calendar_feeds.feed_of(session, person_id, now)
    if mine is None:
        abort(404)
    with force_locale(mine.language):
        body = feed_calendar(mine, house().settings)
    response = make_response(body)
    response.headers["Content-Type"] = "text/calendar; charset=utf-8"
    response.headers["Content-Disposition"] = 'inline; filename="regista.ics"'
    response.headers["Cache-Control"] = "private, max-age=300"
    response.headers["X-Robots-Tag"] = "noindex"
    response.set_etag(hashlib.sha256(body).hexdigest()[:32])
    response.make_conditional(request)
    return response
