"""The two doors of a feed: statements as an LRS takes them (xAPI 1.0.3, part 3), and Caliper envelopes (1.2, 5)."""

from __future__ import annotations

import hmac
import logging
from datetime import UTC, datetime

from flask import Response, jsonify, request
from werkzeug.exceptions import HTTPException

from lti_app.feeds import blueprint
from lti_app.feeds.parsing import BadBatch, read_envelope, read_json, read_statements, statement_id
from lti_app.house import house
from lti_app.store.feeds import FeedKey, Taken, Told, find_feed, secret_digest, take_events

log = logging.getLogger(__name__)
LARGEST = 2 * 1024 * 1024
VERSIONS = ("1.0.3", "2.0.0")
VERSION_HEADER = "X-Experience-API-Version"


class NotLetIn(Exception):
    """No such feed, or not its secret: the answer does not tell which."""


def _offered_secret() -> str:
    """Return the secret of a request: the password of basic authentication, a bearer token, or the header itself."""
    said = request.authorization
    if said is not None and said.type == "basic":
        return said.password or ""
    if said is not None and said.token:
        return said.token
    return request.headers.get("X-Api-Key") or request.headers.get("Authorization", "")


def _enter(ref: str) -> FeedKey:
    request.max_content_length = LARGEST
    with house().db.reading() as session:
        feed = find_feed(session, ref)
    digest = secret_digest(_offered_secret())
    if not hmac.compare_digest(digest, feed.secret_digest if feed else "") or feed is None:
        raise NotLetIn
    return feed


def _take(feed: FeedKey, events: list[Told]) -> Taken:
    machine = datetime.now(UTC)
    with house().db.writing() as session:
        taken = take_events(session, feed, events, house().clock.now(), machine)
    log.info("feed %s: %s new, %s repeated, %s courses due", feed.id, taken.new, taken.repeated, taken.due)
    return taken


def _check_version() -> None:
    said = request.headers.get(VERSION_HEADER, "1.0.3")
    if not said.startswith(("1.0", "2.0")):
        raise BadBatch(f"{VERSION_HEADER} must be 1.0.x or 2.0.x")


@blueprint.get("/xapi/about")
def about(ref: str) -> Response:
    """Say which versions of xAPI are understood."""
    return jsonify(version=list(VERSIONS))


@blueprint.post("/xapi/statements")
def statements(ref: str) -> Response:
    """Take one statement or a list and answer their ids."""
    feed = _enter(ref)
    _check_version()
    ids, events = read_statements(read_json(request.get_data()))
    _take(feed, events)
    return jsonify(ids)


@blueprint.put("/xapi/statements")
def statement(ref: str) -> Response:
    """Take one statement under the id that its sender gives it."""
    feed = _enter(ref)
    _check_version()
    said, wanted = read_json(request.get_data()), request.args.get("statementId", "")
    if not isinstance(said, dict) or not wanted or len(wanted) > 255:
        raise BadBatch("one statement and its statementId are needed")
    if "id" in said and statement_id(said).lower() != wanted.lower():
        raise BadBatch("the statement has another id than statementId")
    _take(feed, read_statements({**said, "id": wanted})[1])
    return Response(status=204)


@blueprint.post("/caliper")
def envelope(ref: str) -> Response:
    """Take a Caliper envelope."""
    feed = _enter(ref)
    taken = _take(feed, read_envelope(read_json(request.get_data())))
    return jsonify(taken=taken.new, repeated=taken.repeated)


@blueprint.after_request
def say_version(response: Response) -> Response:
    """Name the version that was spoken (xAPI 1.0.3, part 3, 3.3)."""
    said = request.headers.get(VERSION_HEADER, "")
    response.headers[VERSION_HEADER] = VERSIONS[1] if said.startswith("2.0") else VERSIONS[0]
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.errorhandler(NotLetIn)
def refuse(_error: NotLetIn) -> Response:
    """Let nobody in without the feed's own secret."""
    answer = jsonify(error="the name of the feed or its secret is wrong")
    answer.status_code = 401
    answer.headers["WWW-Authenticate"] = 'Basic realm="Regista event feed"'
    return answer


@blueprint.errorhandler(BadBatch)
def unreadable(error: BadBatch) -> Response:
    """Tell the sender's log what was wrong; nothing of the batch was taken."""
    answer = jsonify(error=error.words)
    answer.status_code = error.status
    return answer


@blueprint.errorhandler(HTTPException)
def http_trouble(error: HTTPException) -> Response:
    """Answer a machine as a machine: no page."""
    answer = jsonify(error=error.name)
    answer.status_code = error.code or 500
    return answer
