"""The three steps of a launch: the page that starts it, the tool's own login, and the answer with the id_token."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, jsonify, make_response, render_template, request

from lti_app.sandbox.lms import Lms, lms
from lti_app.sandbox.people import Person
from lti_app.sandbox.platform import claims
from lti_app.sandbox.platform.links import Link, link_by_cmid
from lti_app.sandbox.platform.tools import RegisteredTool, tool_by_client, tool_by_type
from lti_app.sandbox.session import current, language

blueprint = Blueprint("oidc", __name__)
LAUNCH_SECONDS = 600
_ASKED = ("scope", "response_type", "client_id", "redirect_uri", "login_hint", "nonce", "lti_message_hint")


@blueprint.get("/mod/lti/certs.php")
def certs() -> Response:
    """The platform's JWKS."""
    return jsonify(lms().keys.jwks())


@blueprint.get("/mod/lti/launch.php")
def launch() -> Response | tuple[str, int]:
    """Start a panel's launch: a form that posts itself to the tool's login address.

    As in Moodle, a launch is no view of the activity, and one without a session goes out with ``login_hint=0``.
    """
    link = link_by_cmid(lms(), request.args.get("id", 0, type=int))
    if link is None:
        return invalid("There is no such activity.")
    return start(link.tool, link.target, {"cmid": link.cmid}, current())


def start(tool: RegisteredTool, target: str, hint: dict[str, Any], person: Person | None) -> Response:
    """Return the self-posting form that begins an OIDC login for this person."""
    here = lms()
    launch_id = f"ltilaunch{hint.get('cmid', '')}_{secrets.randbelow(10**10)}"
    facts = {"type_id": tool.type_id, "person": person.id if person else 0, **hint}
    here.ledger.give_ticket("launch", launch_id, facts, LAUNCH_SECONDS)
    shown = {"cmid": hint["cmid"]} if "cmid" in hint else {}
    fields = {
        "iss": here.url,
        "target_link_uri": target,
        "login_hint": str(person.id if person else 0),
        "lti_message_hint": json.dumps({**shown, "launchid": launch_id}, separators=(",", ":")),
        "client_id": tool.client_id,
        "lti_deployment_id": tool.type_id,
    }
    if here.switch("storage"):
        fields["lti_storage_target"] = "_parent"
    return post_on(tool.login_url, fields)


def post_on(action: str, fields: Mapping[str, str]) -> Response:
    """Return a page whose form posts the fields by itself, or by its button where there is no JavaScript."""
    return make_response(render_template("sandbox/post_on.html", action=action, fields=fields))


def invalid(why: str) -> tuple[str, int]:
    """Moodle's "Invalid request" page, which here says why."""
    return render_template("sandbox/invalid.html", why=why), 400


@blueprint.route("/mod/lti/auth.php", methods=["GET", "POST"])
def auth() -> Response | tuple[str, int]:
    """Answer the tool's authentication request with an id_token, or with an OAuth error at its redirect_uri."""
    asked = request.values
    missing = [name for name in _ASKED if not asked.get(name)]
    if missing or asked["scope"] != "openid" or asked["response_type"] != "id_token":
        return invalid(f"Missing or unknown in the authentication request: {', '.join(missing) or 'scope or type'}.")
    if current() is None and "repost" not in asked:
        # Redirected by a page of the tool's: the browser withheld the session cookie of a cross-site request. Ask again
        # from here, which is same-site; Moodle does so too.
        return post_on(request.path, {**asked.to_dict(), "repost": "1"})
    ticket = _ticket(asked["lti_message_hint"])
    tool = tool_by_type(lms(), ticket["type_id"]) if ticket else None
    if ticket is None or tool is None:
        return invalid("This launch has been used already, or is too old. Start again from the course page.")
    if asked["redirect_uri"] not in tool.redirect_uris:
        return invalid("The redirect_uri is not registered for this tool.")
    return _answer(asked, ticket, tool)


def _ticket(hint: str) -> dict[str, Any] | None:
    try:
        launch_id = json.loads(hint)["launchid"]
    except (ValueError, KeyError, TypeError):
        return None
    return lms().ledger.take_ticket("launch", str(launch_id))


def _answer(asked: Mapping[str, str], ticket: dict[str, Any], tool: RegisteredTool) -> Response | tuple[str, int]:
    here, person = lms(), current()
    state = {"state": asked["state"]} if asked.get("state") else {}
    error = _refusal(asked, ticket, tool, person)
    if error:
        return post_on(asked["redirect_uri"], {**error, **state})
    if person is None:
        return invalid("Nobody is logged in.")
    link = link_by_cmid(here, ticket["cmid"]) if "cmid" in ticket else None
    token = here.keys.sign(_claims(here, person, tool, link, ticket, asked["nonce"]))
    return post_on(asked["redirect_uri"], {"id_token": token, **state})


def _refusal(
    asked: Mapping[str, str], ticket: dict[str, Any], tool: RegisteredTool, person: Person | None
) -> dict[str, str] | None:
    if tool_by_client(lms(), asked["client_id"]) != tool:
        return {"error": "unauthorized_client"}
    if asked.get("response_mode") != "form_post":
        return {"error": "invalid_request", "error_description": "Invalid response_mode"}
    if asked.get("prompt") != "none":
        return {"error": "invalid_request", "error_description": "Invalid prompt"}
    if person is None:
        return {"error": "login_required"}
    if asked["login_hint"] != str(person.id) or ticket["person"] != person.id:
        return {"error": "access_denied"}
    return None


def _claims(
    here: Lms, person: Person, tool: RegisteredTool, link: Link | None, ticket: dict[str, Any], nonce: str
) -> dict[str, Any]:
    if link is not None:
        return claims.resource_link(here, person, link, nonce, language())
    return claims.deep_linking(here, person, tool, nonce, language(), ticket["return_url"])
