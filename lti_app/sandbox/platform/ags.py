"""Assignment and Grade Services 2.0, with the strict media types of Moodle's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, json, request

from lti_app.sandbox.lms import Lms, lms
from lti_app.sandbox.platform.claims import services_url
from lti_app.sandbox.platform.gradebook import FIRST_CREATED, LineItem, line_items, moment, results
from lti_app.sandbox.platform.tokens import ServiceRefusal, bearer
from lti_app.sandbox.platform.tools import RegisteredTool

blueprint = Blueprint("ags", __name__, url_prefix="/mod/lti/services.php/<int:course>/lineitems")
_SCOPE = "https://purl.imsglobal.org/spec/lti-ags/scope/"
WRITE, READ, RESULTS, SCORE = (_SCOPE + s for s in ("lineitem", "lineitem.readonly", "result.readonly", "score"))
ITEM = "application/vnd.ims.lis.v2.lineitem+json"
ITEMS = "application/vnd.ims.lis.v2.lineitemcontainer+json"
RESULT_LIST = "application/vnd.ims.lis.v2.resultcontainer+json"
SCORE_TYPE = "application/vnd.ims.lis.v1.score+json"
_PROGRESS = {"Initialized", "Started", "InProgress", "Submitted", "Completed"}
_GRADING = {"FullyGraded", "Pending", "PendingManual", "Failed", "NotReady"}

Answer = tuple[Any, int, str]


def _served(work: Callable[[Lms], Answer]) -> Response:
    here = lms()
    try:
        body, status, media = work(here)
    except ServiceRefusal as refusal:
        return refusal.response(request)
    here.ledger.note_call("AGS")
    text = "" if body is None else json.dumps(body)
    return Response(text, status=status, content_type=f"{media}; charset=utf-8")


def _tool(here: Lms, course: int, *scopes: str) -> RegisteredTool:
    tool = bearer(here, *scopes)
    if request.args.get("type_id", tool.type_id) != tool.type_id:
        raise ServiceRefusal(401, "Unauthorized")
    if course != here.course.id:
        raise ServiceRefusal(404, f"Not Found: Course {course} doesn't exist")
    return tool


def _body(wanted: str) -> dict[str, Any]:
    got = request.headers.get("Content-Type", "").partition(";")[0]
    path = request.path.partition("services.php")[2]
    if got != wanted:
        raise ServiceRefusal(400, f"No handler found for {path}  {got}")
    body = request.get_json(force=True, silent=True)
    if not isinstance(body, dict):
        raise ServiceRefusal(400, "Incorrect data received")
    return body


def _item(here: Lms, tool: RegisteredTool, number: int) -> LineItem:
    found = next((i for i in line_items(here, tool.type_id) if i.number == number), None)
    if found is None:
        raise ServiceRefusal(404, f"Not Found: Line item {number} doesn't exist")
    return found


def _shown(here: Lms, item: LineItem) -> dict[str, Any]:
    address = f"{services_url(here)}/{here.course.id}/lineitems/{item.number}/lineitem?type_id={item.type_id}"
    return {"id": address, **item.body}


@blueprint.get("")
def listed(course: int) -> Response:
    """The tool's columns; ``resource_link_id``, ``resource_id`` and ``tag`` filter."""

    def work(here: Lms) -> Answer:
        items = line_items(here, _tool(here, course, WRITE, READ).type_id)
        for asked, key in (("resource_link_id", "resourceLinkId"), ("resource_id", "resourceId"), ("tag", "tag")):
            if asked in request.args:
                items = [i for i in items if i.body.get(key) == request.args[asked]]
        first, most = request.args.get("from", 0, type=int), request.args.get("limit", 0, type=int)
        items = items[first : first + most] if most else items[first:]
        return [_shown(here, item) for item in items], 200, ITEMS

    return _served(work)


@blueprint.post("")
def created(course: int) -> Response:
    """Make a column."""

    def work(here: Lms) -> Answer:
        tool, body = _tool(here, course, WRITE), _body(ITEM)
        if not body.get("label") or not isinstance(body.get("scoreMaximum"), int | float) or body["scoreMaximum"] <= 0:
            raise ServiceRefusal(400, "Incorrect lineitem received")
        kept = {k: v for k, v in body.items() if k != "id"}
        happening = here.happen(0, "line_item", type_id=tool.type_id, body=kept)
        item = LineItem(FIRST_CREATED + happening.id, tool.type_id, kept, of_panel=False)
        return _shown(here, item), 201, ITEM

    return _served(work)


@blueprint.get("/<int:number>/lineitem")
def one(course: int, number: int) -> Response:
    """One column."""
    return _served(lambda here: (_shown(here, _item(here, _tool(here, course, WRITE, READ), number)), 200, ITEM))


@blueprint.put("/<int:number>/lineitem")
def changed(course: int, number: int) -> Response:
    """Rename a column or change its maximum."""

    def work(here: Lms) -> Answer:
        tool, body = _tool(here, course, WRITE), _body(ITEM)
        item = _item(here, tool, number)
        kept = {**item.body, **{k: v for k, v in body.items() if k != "id"}}
        here.happen(0, "line_item", type_id=tool.type_id, body=kept, number=number)
        return {**_shown(here, item), **kept}, 200, ITEM

    return _served(work)


@blueprint.delete("/<int:number>/lineitem")
def deleted(course: int, number: int) -> Response:
    """Remove a column that the tool made."""

    def work(here: Lms) -> Answer:
        if _item(here, _tool(here, course, WRITE), number).of_panel:
            raise ServiceRefusal(405, "A panel's own column cannot be deleted")
        here.happen(0, "line_item_gone", number=number)
        return None, 204, "text/html"

    return _served(work)


@blueprint.post("/<int:number>/lineitem/scores")
def scored(course: int, number: int) -> Response:
    """Take a score; not for staff (400), and not one that is older than the last (409)."""

    def work(here: Lms) -> Answer:
        item = _item(here, _tool(here, course, SCORE), number)
        score = _body(SCORE_TYPE)
        at = moment(score.get("timestamp"))
        person = str(score.get("userId", ""))
        learner = person.isdigit() and int(person) in here.course.learners()
        if at is None or not learner or not _sound(score):
            raise ServiceRefusal(400, "Incorrect score received")
        with here.lock:
            last = results(here, number).get(person)
            before = moment(last["timestamp"]) if last else None
            if before is not None and at <= before:
                reason = f"Refusing score with an earlier timestamp for item {number} and user {person}"
                raise ServiceRefusal(409, reason)
            here.happen(int(person), "score", number=item.number, score=score)
        return None, 200, SCORE_TYPE

    return _served(work)


def _sound(score: dict[str, Any]) -> bool:
    given, most = score.get("scoreGiven"), score.get("scoreMaximum")
    numbers = given is None or (isinstance(given, int | float) and isinstance(most, int | float) and most > 0)
    return numbers and score.get("activityProgress") in _PROGRESS and score.get("gradingProgress") in _GRADING


@blueprint.get("/<int:number>/lineitem/results")
def result_list(course: int, number: int) -> Response:
    """The current grade of each person in the column; Moodle caps a score at its maximum."""

    def work(here: Lms) -> Answer:
        item = _item(here, _tool(here, course, RESULTS), number)
        address = _shown(here, item)["id"]
        only = request.args.get("user_id")
        found = [_result(item, address, s) for p, s in results(here, number).items() if only in (None, p)]
        return found, 200, RESULT_LIST

    return _served(work)


def _result(item: LineItem, address: str, score: dict[str, Any]) -> dict[str, Any]:
    result = {"id": address.replace("?", "/results?") + f"&user_id={score['userId']}", "userId": score["userId"]}
    if score.get("scoreGiven") is None or score["gradingProgress"] != "FullyGraded":
        return result
    most = item.body["scoreMaximum"]
    comment = {"comment": score["comment"]} if score.get("comment") else {}
    return {
        **result,
        "resultScore": min(most, score["scoreGiven"] * most / score["scoreMaximum"]),
        "resultMaximum": most,
        **comment,
        "scoreOf": address,
        "timestamp": score["timestamp"],
    }
