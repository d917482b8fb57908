"""The token endpoint: an assertion signed by the tool becomes an access token for an hour."""

from __future__ import annotations

import secrets
import time
from typing import Any

import jwt
import requests
from flask import Blueprint, Request, Response, jsonify, request

from lti_app.sandbox.lms import Lms, lms
from lti_app.sandbox.platform.tools import RegisteredTool, known_tools, tool_by_type

blueprint = Blueprint("tokens", __name__)
TOKEN_SECONDS = 3600
KEYS_SECONDS = 600
_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class ToolKeys:
    """Public keys of tools, fetched from their JWKS addresses and kept for a while."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[float, jwt.PyJWKSet]] = {}

    def key(self, url: str, kid: str | None) -> Any:
        """Return the key with this id; one that is not known is looked for once more. Raises jwt.PyJWTError."""
        for fresh in (False, True):
            for key in self._set(url, fresh=fresh).keys:
                if key.key_id == kid or kid is None:
                    return key.key
        raise jwt.InvalidTokenError(f"the tool's keys at {url} do not include {kid}")

    def _set(self, url: str, *, fresh: bool) -> jwt.PyJWKSet:
        at, kept = self._kept.get(url, (0.0, None))
        if kept is None or fresh or time.monotonic() - at > KEYS_SECONDS:
            try:
                answer = requests.get(url, timeout=10)
                answer.raise_for_status()
                kept = jwt.PyJWKSet.from_dict(answer.json())
            except (requests.RequestException, ValueError) as e:
                raise jwt.InvalidTokenError(f"the tool's keys at {url} cannot be read") from e
            self._kept[url] = (time.monotonic(), kept)
        return kept


TOOL_KEYS = ToolKeys()


def verified(tool: RegisteredTool, token: str, audience: list[str]) -> dict[str, Any]:
    """Return the claims of a JWT that the tool signed; raises jwt.PyJWTError."""
    key = TOOL_KEYS.key(tool.jwks_url, jwt.get_unverified_header(token).get("kid"))
    required = ["iss", "aud", "exp", "iat"]
    return dict(jwt.decode(token, key, algorithms=["RS256"], audience=audience, options={"require": required}))


@blueprint.post("/mod/lti/token.php")
def token() -> Response | tuple[Response, int]:
    """Give a token for those of the asked scopes that the tool may have; errors as recorded, 400."""
    here, form = lms(), request.form
    if form.get("grant_type") != "client_credentials" or form.get("client_assertion_type") != _ASSERTION:
        return _no("unsupported_grant_type")
    assertion = form.get("client_assertion", "")
    try:
        issuer = jwt.decode(assertion, options={"verify_signature": False}).get("sub")
        tool = next((t for t in known_tools(here) if t.client_id == issuer and t.active), None)
        if tool is None:
            return _no("invalid_client")
        # Either address is right by the 1EdTech security framework, section 4.1.1.
        verified(tool, assertion, [f"{here.url}/mod/lti/token.php", here.url])
    except jwt.ExpiredSignatureError:
        return _no("Expired token")
    except jwt.PyJWTError as e:
        return _no(str(e) or "invalid_client")
    scopes = [s for s in form.get("scope", "").split() if s in tool.scopes]
    if not scopes:
        return _no("invalid_scope")
    return jsonify(_give(here, tool, scopes))


def _give(here: Lms, tool: RegisteredTool, scopes: list[str]) -> dict[str, Any]:
    name = secrets.token_hex(16)
    here.ledger.give_ticket("access", name, {"type_id": tool.type_id, "scopes": scopes}, TOKEN_SECONDS)
    here.ledger.note_call("token")
    return {"access_token": name, "token_type": "Bearer", "expires_in": TOKEN_SECONDS, "scope": " ".join(scopes)}


def _no(error: str) -> tuple[Response, int]:
    return jsonify({"error": error}), 400


class ServiceRefusal(Exception):
    """A service request that is answered with a status and a reason, in Moodle's shape."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status, self.reason = status, reason

    def response(self, asked: Request) -> Response:
        """Return the answer."""
        body = {
            "status": self.status,
            "reason": self.reason,
            "request": {
                "method": asked.method,
                "url": asked.full_path.rstrip("?"),
                "accept": asked.headers.get("Accept", ""),
                "contentType": asked.headers.get("Content-Type", ""),
            },
        }
        answer = jsonify(body)
        answer.status_code = self.status
        return answer


def bearer(here: Lms, *scopes: str) -> RegisteredTool:
    """Return the tool whose token this request carries, with at least one of the scopes; raises ServiceRefusal 401."""
    kind, _, name = request.headers.get("Authorization", "").partition(" ")
    ticket = here.ledger.ticket("access", name) if kind.lower() == "bearer" else None
    tool = tool_by_type(here, ticket["type_id"]) if ticket else None
    if ticket is None or tool is None or not set(scopes) & set(ticket["scopes"]):
        raise ServiceRefusal(401, "Unauthorized")
    return tool
