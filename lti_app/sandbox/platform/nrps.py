"""Names and Role Provisioning Services 2.0, with the habits of Moodle's."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, json, request

from lti_app.sandbox.lms import Lms, lms
from lti_app.sandbox.people import MEMBERSHIP, Person
from lti_app.sandbox.platform.claims import LTI, OUTCOME, context_claim, memberships_url, outcome
from lti_app.sandbox.platform.links import Link, links
from lti_app.sandbox.platform.tokens import ServiceRefusal, bearer

blueprint = Blueprint("nrps", __name__)
SCOPE = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
MEDIA_TYPE = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"


@blueprint.get("/mod/lti/services.php/CourseSection/<int:course>/bindings/<type_id>/memberships")
def memberships(course: int, type_id: str) -> Response:
    """Answer the roster; ``limit`` pages it, ``role`` filters (an unknown role does not), ``rlid`` adds messages."""
    here = lms()
    try:
        tool = bearer(here, SCOPE)
        if tool.type_id != type_id:
            raise ServiceRefusal(401, "Unauthorized")
        if course != here.course.id:
            raise ServiceRefusal(404, f"Not Found: Course {course} doesn't exist")
        link = _link(here, request.args.get("rlid", type=int))
    except ServiceRefusal as refusal:
        return refusal.response(request)
    here.ledger.note_call("NRPS")
    address = memberships_url(here, tool)
    people = _asked_for(here, request.args.get("role"))
    first, most = request.args.get("from", 0, type=int), request.args.get("limit", 0, type=int)
    page = people[first : first + most] if most else people[first:]
    body = {"id": address, "context": context_claim(here), "members": [_member(here, p, link) for p in page]}
    answer = Response(json.dumps(body), content_type=f"{MEDIA_TYPE}; charset=utf-8")
    if most and first + most < len(people):
        more = "".join(f"&{k}={request.args[k]}" for k in ("role", "rlid") if k in request.args)
        answer.headers["Link"] = f'<{address}?limit={most}&from={first + most}{more}>; rel="next"'
    return answer


def _link(here: Lms, number: int | None) -> Link | None:
    if number is None:
        return None
    found = next((link for link in links(here) if link.id == number), None)
    if found is None:
        raise ServiceRefusal(404, f"Not Found: LTI link {number} doesn't exist")
    return found


def _asked_for(here: Lms, role: str | None) -> list[Person]:
    """Only the enrolled are members; a manager or admin is not."""
    enrolled = [p for p in here.people.values() if p.id in here.course.roster]
    enrolled.sort(key=lambda p: (p.family, p.given))
    wanted = (role or "").removeprefix(MEMBERSHIP)
    return [p for p in enrolled if _role(p) == wanted] if wanted in ("Learner", "Instructor") else enrolled


def _role(person: Person) -> str:
    """Moodle calls a non-editing teacher a learner here, though the launch says instructor."""
    return "Instructor" if person.role == "teacher" else "Learner"


def _member(here: Lms, person: Person, link: Link | None) -> dict[str, Any]:
    message: dict[str, Any] = {}
    if link is not None:
        said = {f"{LTI}message_type": "LtiResourceLinkRequest", OUTCOME: outcome(here, person, link)}
        message = {"message": [said]}
    return {
        "status": "Active",
        "roles": [_role(person)],
        **message,
        "user_id": str(person.id),
        "lis_person_sourcedid": person.number,
        "name": person.name,
        "given_name": person.given,
        "family_name": person.family,
        "email": person.email,
        "ext_user_username": person.username,
    }
