"""LTI Dynamic Registration: an administrator pastes one address, and platform and tool make each other known.

The order is claim, ask, keep: the invitation is used up first, so that two pages cannot both register; when the
platform fails, it is given back. Asking happens outside any transaction.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, g, request
from sqlalchemy import delete

from lms_clients.advantage import grades, notices, roster
from lms_clients.errors import LmsError, RefusedAddress
from lms_clients.http import fetch_json
from lti_app.claim_fields import BadLaunch, plain, web_address
from lti_app.house import house
from lti_app.invitations import GOOD_FOR, Invitation, read_invitation
from lti_app.lti.pages import page
from lti_app.lti.platform_keys import options_of
from lti_app.lti.refusals import refuse
from lti_app.lti.tool_card import TOOL, product_of, tool_card, wanted_scopes
from lti_app.models import ConsumedState
from lti_app.store.consumed import consume
from lti_app.store.origins import origin_of
from lti_app.store.registrations import BadPlatform, add_platform

blueprint = Blueprint("enrolment", __name__)
ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri", "registration_endpoint")
# Hosted Canvas answers for every school under one issuer, whose host is not the one that serves the configuration.
CANVAS_HOSTS = (".instructure.com", ".canvaslms.com")
# A day longer than an invitation is good for.
REMEMBER = GOOD_FOR + timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Agreed:
    """What platform and tool agreed on."""

    issuer: str
    client_id: str
    product: str
    deployment: str | None
    scopes: tuple[str, ...]
    addresses: Mapping[str, str]


def _host(url: str) -> str:
    return (urlsplit(url).hostname or "").lower()


def _belongs(issuer: str, asked: str) -> bool:
    if _host(issuer) == _host(asked):
        return True
    return all(f".{_host(one)}".endswith(CANVAS_HOSTS) for one in (issuer, asked))


def _configuration(url: str, token: str) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    document = fetch_json(url, options=options_of(house()), headers=headers)
    if not isinstance(document, dict):
        raise BadLaunch("platform_unreadable", "openid configuration is no object")
    issuer = web_address(document.get("issuer"))
    if issuer is None or not _belongs(issuer, url):
        raise BadLaunch("platform_unreadable", "issuer missing, or of another host than its configuration")
    for name in ENDPOINTS:
        if web_address(document.get(name)) is None:
            raise BadLaunch("platform_unreadable", f"{name} missing")
    # The registration token opens the platform's door; it goes to nobody but the one who gave it.
    if origin_of(document["registration_endpoint"]) != origin_of(url):
        raise BadLaunch("platform_unreadable", "registration_endpoint of another host")
    return document


def _register(configuration: Mapping[str, Any], token: str) -> Agreed:
    card = tool_card(configuration, house().settings)
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    answer = fetch_json(
        configuration["registration_endpoint"],
        options=options_of(house()),
        method="POST",
        data=json.dumps(card).encode(),
        headers=headers,
    )
    client_id = answer.get("client_id") if isinstance(answer, dict) else None
    if not isinstance(client_id, str) or not client_id or len(client_id) > 255:
        raise BadLaunch("platform_unreadable", "the registration answer names no client_id")
    tool = answer.get(TOOL)
    deployment = tool.get("deployment_id") if isinstance(tool, dict) else None
    said = answer.get("scope")
    granted = said.split() if isinstance(said, str) else list(wanted_scopes(configuration))
    return Agreed(
        issuer=configuration["issuer"],
        client_id=client_id,
        product=product_of(configuration),
        deployment=deployment if isinstance(deployment, str) and deployment else None,
        scopes=tuple(scope for scope in wanted_scopes(configuration) if scope in granted),
        addresses={name: configuration[name] for name in ENDPOINTS},
    )


def _keep(agreed: Agreed, invitation: Invitation) -> int:
    with house().db.writing() as session:
        row = add_platform(
            session,
            academy_name=invitation.academy,
            name=urlsplit(agreed.issuer).netloc,
            issuer=agreed.issuer,
            client_id=agreed.client_id,
            auth_login_url=agreed.addresses["authorization_endpoint"],
            auth_token_url=agreed.addresses["token_endpoint"],
            jwks_url=agreed.addresses["jwks_uri"],
            deployment_ids=[agreed.deployment] if agreed.deployment else [],
            product=agreed.product,
            origin="dynamic",
            # A platform that does not name the deployment yet (Canvas) makes it when the tool is installed.
            accepts_new_deployments=agreed.deployment is None,
            scopes=agreed.scopes,
            now=house().clock.now(),
        )
        return row.id


def _give_back(invitation: Invitation) -> None:
    with house().db.writing() as session:
        session.execute(delete(ConsumedState).where(ConsumedState.state == invitation.used_as))


def _claim(invitation: Invitation) -> None:
    with house().db.writing() as session:
        if not consume(session, invitation.used_as, remember=REMEMBER):
            raise BadLaunch("invite_used", "invitation used before")


def _exchanged(url: str, token: str, invitation: Invitation) -> tuple[Agreed, int]:
    try:
        agreed = _register(_configuration(url, token), token)
        return agreed, _keep(agreed, invitation)
    except RefusedAddress as e:
        raise BadLaunch("address_refused", f"{e.code}: {e}") from e
    except LmsError as e:
        raise BadLaunch("registration_failed", f"{type(e).__name__}: {e}") from e
    except BadPlatform as e:
        raise BadLaunch("platform_unreadable", str(e)) from e


def _agree(url: str, token: str, invitation: Invitation) -> tuple[Agreed, int]:
    _claim(invitation)
    try:
        return _exchanged(url, token, invitation)
    # Whatever went wrong, and be it our own fault: nobody was connected.
    except Exception:
        _give_back(invitation)
        raise


@blueprint.get("/lti/register")
def register() -> Response:
    """Register with the platform that opened this page, and say what was agreed and what comes next."""
    try:
        invitation = read_invitation(request.args.get("code", ""), house().settings)
        url = web_address(request.args.get("openid_configuration"))
        if url is None:
            # Not request.url: behind a proxy that is an address which nobody else can reach.
            address = f"{house().settings.public_url}{request.full_path}"
            return page("lti/how_to_register.html", academy=plain(invitation.academy), address=address)
        agreed, registration_id = _agree(url, request.args.get("registration_token", "")[:8192], invitation)
    except BadLaunch as e:
        return refuse(e)
    g.registration_id = registration_id
    return page(
        "lti/registered.html",
        agreed=agreed,
        reads=roster.SCOPE in agreed.scopes,
        writes=grades.SCORE in agreed.scopes,
        told=notices.SCOPE in agreed.scopes,
        academy=plain(invitation.academy),
        host=urlsplit(agreed.issuer).netloc,
    )
