"""Deep Linking 2.0: somebody who may edit the course asks the tool for a panel, and gets what the tool sends back."""

from __future__ import annotations

import secrets
from typing import Any
from urllib.parse import urlsplit

import jwt
from flask import Blueprint, Response, render_template, request

from lti_app.sandbox.lms import Lms, lms
from lti_app.sandbox.platform.claims import DL, LTI
from lti_app.sandbox.platform.oidc import invalid, start
from lti_app.sandbox.platform.tokens import verified
from lti_app.sandbox.platform.tools import FIRST_TYPE, RegisteredTool, tool_by_type
from lti_app.sandbox.session import current

blueprint = Blueprint("deep_linking", __name__)
CHOOSING_SECONDS = 3600
MOST_ITEMS = 20


@blueprint.get("/mod/lti/contentitem.php")
def contentitem() -> Response | tuple[str, int]:
    """Start the request for a section of the course; only for people who may edit it."""
    here, person = lms(), current()
    tool = tool_by_type(here, request.args.get("id", FIRST_TYPE))
    if tool is None or not tool.active or person is None or not person.edits:
        return invalid("Only teachers, managers and admins may add a panel.")
    # The answer comes as a cross-site POST without a cookie: this key says whose it is.
    key = secrets.token_urlsafe(16)
    section = request.args.get("section", 0, type=int)
    facts = {"person": person.id, "type_id": tool.type_id, "section": section}
    here.ledger.give_ticket("choosing", key, facts, CHOOSING_SECONDS)
    return_url = f"{here.url}/mod/lti/contentitem_return.php?course={here.course.id}&id={tool.type_id}&sesskey={key}"
    return start(tool, tool.launch_url, {"return_url": return_url}, person)


@blueprint.post("/mod/lti/contentitem_return.php")
def contentitem_return() -> str | tuple[str, int]:
    """Check the tool's answer and place what it chose."""
    here = lms()
    ticket = here.ledger.take_ticket("choosing", request.args.get("sesskey", ""))
    tool = tool_by_type(here, ticket["type_id"]) if ticket else None
    if ticket is None or tool is None:
        return invalid("This choice has been made already, or is too old.")
    try:
        claims = verified(tool, request.form.get("JWT", ""), [here.url])
        items = _items(claims, tool)
    except (jwt.PyJWTError, ValueError) as e:
        return invalid(f"The tool's answer was refused: {e}")
    placed = [_place(here, ticket, tool, item) for item in items]
    message = str(claims.get(f"{DL}msg") or claims.get(f"{DL}errormsg") or "")
    return render_template("sandbox/chosen.html", placed=placed, message=message)


def _items(claims: dict[str, Any], tool: RegisteredTool) -> list[dict[str, Any]]:
    """Return the content items of a response that is meant for this deployment; raises ValueError."""
    if claims["iss"] != tool.client_id:
        raise ValueError("iss is not the client id")
    if claims.get(f"{LTI}deployment_id") != tool.type_id:
        raise ValueError("another deployment")
    if claims.get(f"{LTI}message_type") != "LtiDeepLinkingResponse" or claims.get(f"{LTI}version") != "1.3.0":
        raise ValueError("not a deep linking response")
    nonce = str(claims.get("nonce", ""))
    ledger = lms().ledger
    if not nonce or ledger.ticket("nonce", nonce) is not None:
        raise ValueError("nonce missing or used before")
    ledger.give_ticket("nonce", nonce, {}, CHOOSING_SECONDS)
    items = claims.get(f"{DL}content_items", [])
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise ValueError("content items are not a list of objects")
    return [item for item in items if item.get("type") == "ltiResourceLink"][:MOST_ITEMS]


def _place(here: Lms, ticket: dict[str, Any], tool: RegisteredTool, item: dict[str, Any]) -> str:
    title = str(item.get("title") or tool.name)[:200]
    url = str(item.get("url") or "")
    custom = item.get("custom")
    line_item = item.get("lineItem")
    here.happen(
        ticket["person"],
        "panel",
        type_id=tool.type_id,
        section=ticket["section"],
        title=title,
        text=str(item.get("text") or "")[:1000],
        # Moodle keeps the address as a claim and posts to the registered one.
        url=url if urlsplit(url).netloc == urlsplit(tool.launch_url).netloc else "",
        custom={str(k): str(v) for k, v in custom.items()} if isinstance(custom, dict) else {},
        line_item={**line_item, "label": line_item.get("label", title)} if isinstance(line_item, dict) else None,
    )
    return title
