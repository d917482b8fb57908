"""What we ask a platform for when we register: exactly what is used, and nothing for later."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from lms_clients.advantage import grades, notices, roster
from lti_app.claim_fields import plain
from lti_app.config import Settings
from lti_app.lti.addresses import launch_url

TOOL = "https://purl.imsglobal.org/spec/lti-tool-configuration"
PLATFORM = "https://purl.imsglobal.org/spec/lti-platform-configuration"
# The list of participants; one column for taking part, where tutors switch it on; to be told of copied courses.
SCOPES = (roster.SCOPE, grades.LINEITEM, grades.SCORE, notices.SCOPE)
CLAIMS = ("iss", "sub", "name", "given_name", "family_name", "email")
# Our custom parameter -> the platform's variable; each is read in store/arrivals.py.
VARIABLES = {
    "person_time_zone": "Person.address.timezone",
    "context_history": "Context.id.history",
    "canvas_course_id": "Canvas.course.id",
    "canvas_user_id": "Canvas.user.id",
}
DEEP_LINKING = "LtiDeepLinkingRequest"
PLACEMENTS = ("ContentArea", "RichTextEditor")
NAVIGATION = ("https://canvas.instructure.com/lti/course_navigation", "course_navigation")
PRIVACY_LEVEL = "https://canvas.instructure.com/lti/privacy_level"


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list) else ()


def _variables(platform: Mapping[str, Any], product: str) -> dict[str, str]:
    known = set(_texts(platform.get("variables")))
    return {
        name: f"${variable}"
        for name, variable in VARIABLES.items()
        if variable in known or (product == "canvas" and variable.startswith("Canvas."))
    }


def _placements(platform: Mapping[str, Any], message: str, wanted: tuple[str, ...]) -> tuple[bool, list[str]]:
    """Return whether the platform offers a message, and those of the wanted placements that it offers for it."""
    said = platform.get("messages_supported")
    for one in said if isinstance(said, list) else ():
        if isinstance(one, dict) and one.get("type") == message:
            offered = _texts(one.get("placements"))
            return True, [placement for placement in wanted if placement in offered]
    return False, []


def _messages(platform: Mapping[str, Any], target: str) -> list[dict[str, Any]]:
    def entry(kind: str, placements: list[str]) -> dict[str, Any]:
        said: dict[str, Any] = {"type": kind, "target_link_uri": target, "label": "Regista"}
        return {**said, "placements": placements} if placements else said

    _, navigation = _placements(platform, "LtiResourceLinkRequest", NAVIGATION)
    messages = [entry("LtiResourceLinkRequest", navigation[:1])]
    places, placements = _placements(platform, DEEP_LINKING, PLACEMENTS)
    return [*messages, entry(DEEP_LINKING, placements)] if places else messages


def product_of(configuration: Mapping[str, Any]) -> str:
    """Return the platform's product family code in lower case, or empty."""
    platform = configuration.get(PLATFORM)
    code = platform.get("product_family_code") if isinstance(platform, dict) else None
    return (plain(code, 40) or "").lower()


def wanted_scopes(configuration: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the scopes that we use and that the platform offers."""
    offered = _texts(configuration.get("scopes_supported"))
    return tuple(scope for scope in SCOPES if scope in offered)


def tool_card(configuration: Mapping[str, Any], settings: Settings) -> dict[str, Any]:
    """Return the registration request for this platform (LTI dynamic registration 1.0, section 3.5.2)."""
    platform = configuration.get(PLATFORM)
    platform = platform if isinstance(platform, dict) else {}
    offered = _texts(configuration.get("claims_supported"))
    target = launch_url(settings)
    card: dict[str, Any] = {
        "application_type": "web",
        "response_types": ["id_token"],
        "grant_types": ["implicit", "client_credentials"],
        "initiate_login_uri": f"{settings.public_url}/lti/login",
        "redirect_uris": [target],
        "client_name": "Regista",
        "jwks_uri": f"{settings.public_url}/lti/jwks",
        "token_endpoint_auth_method": "private_key_jwt",
        "scope": " ".join(wanted_scopes(configuration)),
        TOOL: {
            "domain": urlsplit(settings.public_url).netloc,
            "description": "The community of the course, inside the course page",
            "description#it": "La comunità del corso, dentro la pagina del corso",
            "target_link_uri": target,
            "custom_parameters": _variables(platform, product_of(configuration)),
            "claims": [claim for claim in CLAIMS if claim in ("iss", "sub") or claim in offered],
            "messages": _messages(platform, target),
        },
    }
    if product_of(configuration) == "canvas":
        # Otherwise Canvas names nobody, and a community of nameless people is none.
        card[TOOL][PRIVACY_LEVEL] = "public"
    if "@" in settings.support_contact:
        card["contacts"] = [settings.support_contact]
    return card
