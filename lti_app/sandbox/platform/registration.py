"""Dynamic registration: the configuration that a tool reads, and the address where it registers."""

from __future__ import annotations

import secrets
import time
from typing import Any
from urllib.parse import urlencode, urlsplit

import jwt
from flask import Blueprint, Response, jsonify, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from lti_app.sandbox.lms import Lms, lms
from lti_app.sandbox.platform.oidc import invalid
from lti_app.sandbox.platform.tools import SCOPES, RegisteredTool, keep_tool, known_tools, next_type
from lti_app.sandbox.session import current

blueprint = Blueprint("registration", __name__)
REGISTRATION_SECONDS = 3600
_CONFIGURATION = "https://purl.imsglobal.org/spec/lti-tool-configuration"
_VARIABLES = (
    "Context.id", "Context.title", "Context.label", "Context.id.history", "Context.sourcedId",
    "CourseSection.timeFrame.begin", "CourseSection.timeFrame.end", "ResourceLink.id", "ResourceLink.title",
    "ResourceLink.description", "User.id", "User.username", "Person.name.full", "Person.name.given",
    "Person.name.family", "Person.email.primary", "Person.sourcedId", "Person.address.timezone", "Membership.role",
    "Moodle.Person.userGroupIds",
)  # fmt: skip


@blueprint.get("/mod/lti/openid-configuration.php")
def configuration() -> Response:
    """The platform's OpenID configuration with the LTI part."""
    here = lms()
    return jsonify(
        {
            "issuer": here.url,
            "token_endpoint": f"{here.url}/mod/lti/token.php",
            "token_endpoint_auth_methods_supported": ["private_key_jwt"],
            "token_endpoint_auth_signing_alg_values_supported": ["RS256"],
            "jwks_uri": f"{here.url}/mod/lti/certs.php",
            "authorization_endpoint": f"{here.url}/mod/lti/auth.php",
            "registration_endpoint": f"{here.url}/mod/lti/openid-registration.php",
            "scopes_supported": [*SCOPES, "openid"],
            "response_types_supported": ["id_token"],
            "subject_types_supported": ["public", "pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "claims_supported": ["sub", "iss", "name", "given_name", "family_name", "email"],
            "https://purl.imsglobal.org/spec/lti-platform-configuration": {
                "product_family_code": "moodle",
                "version": "4.5.6 (Build: 20250811)",
                "messages_supported": [
                    {"type": "LtiResourceLinkRequest"},
                    {"type": "LtiDeepLinkingRequest", "placements": ["ContentArea"]},
                ],
                "variables": list(_VARIABLES),
            },
        }
    )


@blueprint.get("/mod/lti/startltiadvregistration.php")
def begin() -> AnyResponse | tuple[str, int]:
    """Send the admin's frame to the tool's registration address with a token that is good for an hour."""
    here, person = lms(), current()
    address = request.args.get("url", "").strip()
    if person is None or person.role != "admin":
        return invalid("Only an admin registers tools.")
    if urlsplit(address).scheme not in ("http", "https") or not urlsplit(address).netloc:
        return invalid("That is no web address.")
    now = int(time.time())
    client_id = secrets.token_urlsafe(11)
    claims = {"sub": client_id, "scope": "reg", "iat": now, "exp": now + REGISTRATION_SECONDS}
    here.ledger.give_ticket("registration", client_id, {}, REGISTRATION_SECONDS)
    asked = {
        "openid_configuration": f"{here.url}/mod/lti/openid-configuration.php",
        "registration_token": here.keys.sign(claims),
    }
    return redirect(f"{address}{'&' if urlsplit(address).query else '?'}{urlencode(asked)}", 302)


@blueprint.post("/mod/lti/openid-registration.php")
def register() -> Response | tuple[Response, int]:
    """Take a tool's registration; it waits for an admin to activate it."""
    here = lms()
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    try:
        claims = here.keys.verify_own(token)
    except jwt.PyJWTError:
        claims = {}
    # Only checked here, and used up when the registration is sound: a tool may try again.
    client_id = str(claims.get("sub", ""))
    if kind != "Bearer" or claims.get("scope") != "reg" or here.ledger.ticket("registration", client_id) is None:
        return jsonify({"error": "invalid_token"}), 401
    sent = request.get_json(force=True, silent=True)
    wish: dict[str, Any] = sent if isinstance(sent, dict) else {}
    try:
        tool = _tool(here, client_id, wish)
    except (KeyError, TypeError, ValueError) as e:
        return jsonify({"error": "invalid_client_metadata", "error_description": str(e)}), 400
    if here.ledger.take_ticket("registration", client_id) is None:
        return jsonify({"error": "invalid_token"}), 401
    keep_tool(here, tool)
    return jsonify(_registered(tool, wish))


def _tool(here: Lms, client_id: str, wish: dict[str, Any]) -> RegisteredTool:
    configuration = wish[_CONFIGURATION]
    redirect_uris = wish["redirect_uris"]
    if not isinstance(redirect_uris, list) or not redirect_uris:
        raise ValueError("redirect_uris")
    return RegisteredTool(
        type_id=next_type(here),
        client_id=client_id,
        name=str(wish["client_name"]),
        login_url=str(wish["initiate_login_uri"]),
        launch_url=str(configuration["target_link_uri"]),
        redirect_uris=tuple(str(uri) for uri in redirect_uris),
        jwks_url=str(wish["jwks_uri"]),
        custom={str(k): str(v) for k, v in configuration.get("custom_parameters", {}).items()},
        scopes=tuple(s for s in SCOPES if s in str(wish.get("scope", "")).split()),
        active=False,
    )


def _registered(tool: RegisteredTool, wish: dict[str, Any]) -> dict[str, Any]:
    configuration = wish[_CONFIGURATION]
    deep_linking = [m for m in configuration.get("messages", []) if m.get("type") == "LtiDeepLinkingRequest"]
    kept: dict[str, Any] = {
        k: wish[k] for k in ("client_name", "logo_uri", "jwks_uri", "initiate_login_uri") if k in wish
    }
    return {
        "client_id": tool.client_id,
        "response_types": ["id_token"],
        **kept,
        "grant_types": ["client_credentials", "implicit"],
        "redirect_uris": list(tool.redirect_uris),
        "application_type": "web",
        "token_endpoint_auth_method": "private_key_jwt",
        "scope": " ".join(tool.scopes),
        _CONFIGURATION: {
            "version": "1.3.0",
            "deployment_id": tool.type_id,
            "target_link_uri": tool.launch_url,
            "domain": urlsplit(tool.launch_url).netloc,
            "description": str(configuration.get("description", "")),
            "messages": [
                {"type": m["type"], "target_link_uri": m.get("target_link_uri", tool.launch_url)} for m in deep_linking
            ],
            "custom_parameters": tool.custom,
            "claims": ["sub", "iss", "name", "family_name", "given_name", "email"],
        },
    }


def waiting(here: Lms) -> list[RegisteredTool]:
    """Return the tools that registered themselves and wait for an admin."""
    return [tool for tool in known_tools(here) if not tool.active]
