"""Deep linking: a tutor chooses which panel stands where, and the platform receives it as a content item."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, Response, g, request
from flask_babel import gettext as _
from itsdangerous import BadSignature, URLSafeTimedSerializer

from lti_app.claim_fields import BadLaunch, plain
from lti_app.house import house
from lti_app.lti.addresses import HOME, PANELS, launch_url
from lti_app.lti.handover import Arrived
from lti_app.lti.library import placing_jwt
from lti_app.lti.our_keys import our_signing_key
from lti_app.lti.pages import page
from lti_app.lti.refusals import refuse
from lti_app.store.registrations import active_platform

blueprint = Blueprint("placing", __name__)
TICKET_SECONDS = 3600
HEIGHTS = (320, 480, 640, 900)
USUAL_HEIGHT = 640
FRAMES = ("iframe", "frame", "embed")


def panel_names() -> dict[str, str]:
    """Return the panels that can be placed, with the names that a tutor reads."""
    names = {"home": _("Home"), "talk": _("Talk"), "peer": _("Help each other")}
    return {panel: names[panel] for panel in PANELS}


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(house().settings.secret_key, salt="regista-placing-1")


def offer_panels(arrived: Arrived) -> Response:
    """Answer a deep linking request with the page on which a panel is chosen."""
    placing = arrived.launch.placing
    if placing is None:
        raise BadLaunch("nothing_to_place", "no deep linking request")
    ticket = _serializer().dumps(
        {
            "registration": arrived.recorded.registration_id,
            "deployment": arrived.launch.deployment,
            "return_url": placing.return_url,
            "targets": list(placing.targets),
            # Whether there was data at all matters: an absent one must stay absent.
            "data": [] if placing.data is None else [placing.data],
            "locale": arrived.recorded.locale,
            "launch": arrived.state.launch_id,
        }
    )
    course = arrived.launch.course
    return page(
        "lti/choose_panel.html",
        ticket=ticket,
        panels=panel_names(),
        heights=HEIGHTS,
        usual_height=USUAL_HEIGHT,
        course=course.title if course else None,
    )


def content_item(panel: str, title: str, height: int, targets: list[str], launch_address: str) -> dict[str, Any]:
    """Return the whole content item of one panel (deep linking 2.0, section 3.2).

    ``regista_link`` is our own id of the placed panel: it stays with the link when a course is copied.
    """
    item: dict[str, Any] = {
        "type": "ltiResourceLink",
        "title": title,
        "url": f"{launch_address}?panel={panel}",
        "custom": {"panel": panel, "regista_link": str(uuid.uuid4())},
    }
    if any(target in FRAMES for target in targets):
        item["iframe"] = {"height": height}
    if "window" in targets:
        item["window"] = {"targetName": f"regista-{panel}"}
    return item


def _chosen() -> tuple[dict[str, Any], dict[str, Any]]:
    try:
        ticket = _serializer().loads(request.form.get("ticket", ""), max_age=TICKET_SECONDS)
    except BadSignature as e:
        raise BadLaunch("ticket", type(e).__name__) from e
    g.locale, g.launch_id = ticket["locale"], ticket["launch"]
    panel = request.form.get("panel", HOME)
    if panel not in PANELS:
        panel = HOME
    height = request.form.get("height", "")
    tall = int(height) if height.isdecimal() and int(height) in HEIGHTS else USUAL_HEIGHT
    title = plain(request.form.get("title"), 200) or panel_names()[panel]
    return ticket, content_item(panel, title, tall, ticket["targets"], launch_url(house().settings))


@blueprint.post("/lti/deep-link")
def deep_link() -> Response:
    """Send the chosen panel to the platform: a page whose form posts itself, with a button where scripts are off."""
    try:
        ticket, item = _chosen()
        with house().db.reading() as session:
            registration = active_platform(session, ticket["registration"])
        if registration is None:
            raise BadLaunch("registration_gone", "removed meanwhile")
    except BadLaunch as e:
        return refuse(e)
    g.registration_id = registration.id
    key = our_signing_key(house())
    jwt = placing_jwt(
        [item],
        registration,
        deployment=ticket["deployment"],
        data=ticket["data"][0] if ticket["data"] else None,
        private_pem=key.private_pem,
        kid=key.kid,
    )
    return page("lti/placed.html", address=ticket["return_url"], jwt=jwt, title=item["title"])
