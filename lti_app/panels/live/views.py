"""What an open page asks by itself: has anything been said since? And then: what was it?"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from flask import Blueprint, Response, abort, g, make_response, render_template, request
from sqlalchemy.orm import Session

from lti_app import door
from lti_app.house import house
from lti_app.store import freshly
from lti_app.store.refusals import NotYours

# Thousands of pages ask: so the question has a door of its own, one look at the database wide.
blueprint = Blueprint("live", __name__, url_prefix="/v/<ref>/live")
posts_blueprint = Blueprint("live_posts", __name__, url_prefix="/v/<ref>/live")
door.guard(posts_blueprint)
# What was said in the same breath as the page was drawn is not news.
SAME = 0.001
#: Rooms that draw in their own way what was said after a post: by the kind of thread.
FRESH: dict[str, Callable[[Session, int, int, datetime | None], str]] = {}


@blueprint.get("/<int:thread_id>")
def since(ref: str, thread_id: int) -> Response:
    """Answer 204 while nothing was said since ``at``, 200 when something was; nobody is "here" by asking."""
    g.ref = ref
    visit = door.visit_of_request()
    if visit.context_id is None or not visit.membership_id:
        abort(404)
    with house().db.reading() as session:
        moved = freshly.moved_at(session, visit.context_id, visit.membership_id, thread_id)
    if moved is None:
        abort(404)
    response = Response(status=200 if moved.timestamp() > _at() + SAME else 204)
    response.headers["Cache-Control"] = "no-store"
    return response


def _at() -> float:
    try:
        return float(request.args.get("at", "0")[:24])
    except ValueError:
        return 0.0


@posts_blueprint.get("/<int:thread_id>/posts")
@door.quiet
def posts(thread_id: int) -> Response:
    """Return what was said after the post ``after``, as posts to put beneath the others."""
    me, raw = g.membership, request.args.get("after", "0")
    after = int(raw) if raw.isascii() and raw.isdecimal() and len(raw) <= 18 else 0
    try:
        with house().db.reading() as session:
            moved = freshly.moved_at(session, me.context_id, me.id, thread_id)
            drawn = FRESH.get(freshly.kind_of(session, me.context_id, thread_id))
            if drawn is not None:
                return _fresh(drawn(session, thread_id, after, moved))
            found = freshly.posts_after(session, me.context_id, thread_id, after, me.id, to_staff=g.visit.is_staff)
    except NotYours:
        abort(404)
    return _fresh(
        render_template("panels/live/_posts.html", thread_id=thread_id, posts=found, moved_at=moved, after=after)
    )


def _fresh(page: str) -> Response:
    response = make_response(page)
    response.headers["Cache-Control"] = "no-store"
    return response
