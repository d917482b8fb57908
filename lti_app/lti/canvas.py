"""Canvas's developer key as JSON: pasted, or given as an address, where the one-address way is not wanted."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, jsonify

from lti_app.config import Settings
from lti_app.house import house
from lti_app.lti.addresses import launch_url
from lti_app.lti.tool_card import DEEP_LINKING, SCOPES, VARIABLES

blueprint = Blueprint("canvas", __name__)
NAME = "Regista"


def _placements(target: str, icon: str) -> list[dict[str, Any]]:
    link = {"target_link_uri": target, "text": NAME, "icon_url": icon, "enabled": True}
    choose = {**link, "message_type": DEEP_LINKING, "selection_width": 900, "selection_height": 800}
    return [
        {**link, "placement": "course_navigation", "message_type": "LtiResourceLinkRequest", "default": "enabled"},
        {**choose, "placement": "link_selection"},
        {**choose, "placement": "editor_button"},
    ]


def developer_key(settings: Settings) -> dict[str, Any]:
    """Return the configuration of a Canvas LTI developer key for this installation."""
    target, icon = launch_url(settings), f"{settings.public_url}/static/lti/panel.svg"
    return {
        "title": NAME,
        "description": "The community of the course, inside the course page",
        "target_link_uri": target,
        "oidc_initiation_url": f"{settings.public_url}/lti/login",
        "redirect_uris": [target],
        "public_jwk_url": f"{settings.public_url}/lti/jwks",
        "scopes": list(SCOPES),
        "custom_fields": {name: f"${variable}" for name, variable in VARIABLES.items()},
        "extensions": [
            {
                "platform": "canvas.instructure.com",
                "domain": urlsplit(settings.public_url).netloc,
                "tool_id": "regista",
                # Canvas names nobody otherwise.
                "privacy_level": "public",
                "settings": {"text": NAME, "icon_url": icon, "placements": _placements(target, icon)},
            }
        ],
    }


@blueprint.get("/lti/canvas.json")
def canvas_json() -> Response:
    """Give the developer key's configuration; it holds nothing secret."""
    response = jsonify(developer_key(house().settings))
    response.headers["Cache-Control"] = "no-store"
    return response
