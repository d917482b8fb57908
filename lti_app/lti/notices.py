"""Notices of a platform (PNS 1.0): anybody may post here, so each is verified like a launch, and counts once.

There is no login before a notice, so there is no state and no nonce of ours; its own id takes their place.
"""

from __future__ import annotations

import json
import logging
import time
from dataclasses import dataclass
from typing import Any

import jwt
from flask import Blueprint, Response, jsonify, request
from sqlalchemy import select

from lti_app.claim_fields import BadLaunch, identifier, plain
from lti_app.claims import COPY_NOTICE, LTI
from lti_app.house import house
from lti_app.lti.checks import Expected, Token, check_parties, check_times, take_apart
from lti_app.lti.platform_keys import key_for
from lti_app.models import Deployment
from lti_app.store.notices import Notice, keep_notice
from lti_app.store.registrations import KnownPlatform, platforms_of

log = logging.getLogger("regista.lti.notices")
blueprint = Blueprint("notices", __name__)
MOST_NOTICES = 100
MOST_ORIGINS = 20
HELLO = "LtiHelloWorldNotice"


@dataclass(frozen=True, slots=True)
class Sender:
    """Who signed a notice."""

    platform: KnownPlatform
    deployment_id: int


def _platform(token: Token) -> KnownPlatform:
    issuer, audience = token.claims.get("iss"), token.claims.get("aud")
    if not isinstance(issuer, str) or not isinstance(audience, str | list):
        raise BadLaunch("claim_type", "iss or aud")
    named = [audience] if isinstance(audience, str) else audience
    with house().db.reading() as session:
        found = [one for one in platforms_of(session, issuer) if one.client_id in named]
    if len(found) != 1:
        raise BadLaunch("platform_unknown", f"iss {issuer[:200]!r}")
    return found[0]


def _verified(raw: Any) -> tuple[dict[str, Any], KnownPlatform]:
    if not isinstance(raw, str):
        raise BadLaunch("token_missing", "no jwt")
    token = take_apart(raw)
    platform = _platform(token)
    trusted = frozenset({platform.auth_audience} if platform.auth_audience else set())
    check_parties(token.claims, Expected(platform.issuer, platform.client_id, "", trusted))
    check_times(token.claims, time.time())
    key = key_for(house(), platform.jwks_url, token.kid)
    try:
        # Times and parties are checked above, with leeway; what is left is the signature.
        payload = jwt.api_jws.decode(raw, key, algorithms=["RS256"])
        return json.loads(payload), platform
    except (jwt.PyJWTError, ValueError, TypeError) as e:
        raise BadLaunch("signature", type(e).__name__) from e


def _sender(claims: dict[str, Any], platform: KnownPlatform) -> Sender:
    named = identifier(claims.get(LTI + "deployment_id"), "deployment_id")
    with house().db.reading() as session:
        found = session.scalar(
            select(Deployment.id).where(
                Deployment.registration_id == platform.id,
                Deployment.id_on_platform == named,
                Deployment.status == "active",
            )
        )
    if found is None:
        raise BadLaunch("deployment_unknown", f"deployment {named!r}")
    return Sender(platform, found)


def _object(claims: dict[str, Any], name: str) -> dict[str, Any]:
    said = claims.get(LTI + name)
    if not isinstance(said, dict):
        raise BadLaunch("claim_missing" if said is None else "claim_type", name)
    return said


def _notice(claims: dict[str, Any], sender: Sender) -> Notice:
    if claims.get(LTI + "version") != "1.3.0":
        raise BadLaunch("version", "version is not 1.3.0")
    said = _object(claims, "notice")
    kind = plain(said.get("type"), 40)
    if kind is None:
        raise BadLaunch("claim_missing", "notice.type")
    notice = Notice(sender.platform.id, sender.deployment_id, identifier(said.get("id"), "notice.id"), kind)
    if kind != COPY_NOTICE:
        return notice
    course = _object(claims, "context")
    origins = claims.get(LTI + "origin_contexts")
    if not isinstance(origins, list):
        raise BadLaunch("claim_type", "origin_contexts")
    return Notice(
        notice.registration_id,
        notice.deployment_id,
        notice.id,
        kind,
        course=identifier(course.get("id"), "context.id"),
        title=plain(course.get("title")) or "",
        origins=tuple(identifier(one, "origin_contexts") for one in origins[:MOST_ORIGINS]),
    )


def _take(raw: Any) -> str:
    """Verify one notice and act on it; return taken, seen (a replay) or refused."""
    try:
        claims, platform = _verified(raw)
        notice = _notice(claims, _sender(claims, platform))
    except BadLaunch as e:
        log.warning("refused a notice: %s %s", e.code, e.detail.encode("ascii", "backslashreplace").decode()[:200])
        return "refused"
    with house().db.writing() as session:
        return "taken" if keep_notice(session, notice, house().clock.now()) else "seen"


@blueprint.post("/lti/notices")
def notices() -> tuple[Response, int]:
    """Take a batch of notices: 200 when each is good or was here before, 401 when any was refused."""
    try:
        sent = json.loads(request.get_data())
    # RecursionError: a thousand opening brackets are enough.
    except (ValueError, RecursionError):
        sent = None
    batch = sent.get("notices") if isinstance(sent, dict) else None
    if not isinstance(batch, list) or not batch or len(batch) > MOST_NOTICES:
        return jsonify(error="notices must be a list of 1 to 100 objects"), 400
    fates = [_take(one.get("jwt") if isinstance(one, dict) else None) for one in batch]
    counts = {fate: fates.count(fate) for fate in ("taken", "seen", "refused")}
    return jsonify(counts), 401 if counts["refused"] else 200
