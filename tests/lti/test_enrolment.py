"""An administrator pastes one address into Moodle, and Regista is connected (the recorded exchange, replayed)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from lti_app.config import Settings
from lti_app.db import Database
from lti_app.invitations import invitation_address
from lti_app.models import Academy, Deployment, Registration
from tests.lti.platform import Moodle, Web, assert_enters, assert_refused, begin, rows

RECORDED = json.loads((Path(__file__).parent.parent / "payloads/lti/dynamic_registration.json").read_text())
TOOL = "https://purl.imsglobal.org/spec/lti-tool-configuration"
PLATFORM = "https://purl.imsglobal.org/spec/lti-platform-configuration"
NRPS = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
AGS = "https://purl.imsglobal.org/spec/lti-ags/scope/"
TOKEN = "a-registration-token"


def json_answer(document: Any, status: int = 200) -> Any:
    body = json.dumps(document).encode()
    return lambda _body, _headers: (status, {"Content-Type": "application/json; charset=utf-8"}, body)


def moved(document: Any, web: Web) -> Any:
    """The recorded document, as if the Moodle stood at our test server."""
    return json.loads(json.dumps(document).replace("http://localhost:8900", web.url))


@pytest.fixture
def recorded(web: Web) -> Web:
    web.answers["/mod/lti/openid-configuration.php"] = json_answer(moved(RECORDED["openid_configuration"], web))
    answer = moved(RECORDED["registration_response"]["body"], web)
    web.answers["/mod/lti/openid-registration.php"] = json_answer(answer)
    return web


def paste(app: Flask, settings: Settings, web: Web, *, address: str | None = None, **said: str | None) -> TestResponse:
    """What Moodle opens in its frame after the address was pasted."""
    address = address or invitation_address("Accademia Dati", settings)
    query = {
        "openid_configuration": f"{web.url}/mod/lti/openid-configuration.php",
        "registration_token": TOKEN,
        **said,
    }
    given = {name: value for name, value in query.items() if value is not None}
    return app.test_client().get(
        "/lti/register",
        query_string=_with_code(address, given),
        headers={"Accept-Language": "en"},
    )


def _with_code(address: str, query: dict[str, str]) -> dict[str, str]:
    return {"code": address.partition("code=")[2], **query}


def test_the_recorded_moodle_is_connected_with_one_address(
    app: Flask, settings: Settings, db: Database, recorded: Web
) -> None:
    page = paste(app, settings, recorded)
    assert page.status_code == 200, page.text
    assert "Regista is connected" in page.text
    assert "Activate" in page.text
    assert f"frame-ancestors {recorded.url}" in page.headers["Content-Security-Policy"]
    (_, _, got, _), (method, _, headers, body) = recorded.asked
    assert got["Authorization"] == headers["Authorization"] == f"Bearer {TOKEN}"
    assert (method, headers["Content-Type"]) == ("POST", "application/json")
    card = json.loads(body)
    assert card["redirect_uris"] == ["http://127.0.0.1:8000/lti/launch"]
    assert card["initiate_login_uri"] == "http://127.0.0.1:8000/lti/login"
    assert card["jwks_uri"] == "http://127.0.0.1:8000/lti/jwks"
    assert card["scope"].split() == [NRPS, AGS + "lineitem", AGS + "score"]
    assert card["token_endpoint_auth_method"] == "private_key_jwt"
    tool = card[TOOL]
    assert tool["domain"] == "127.0.0.1:8000"
    assert tool["claims"] == ["iss", "sub", "name", "given_name", "family_name", "email"]
    assert tool["custom_parameters"] == {
        "person_time_zone": "$Person.address.timezone",
        "context_history": "$Context.id.history",
    }
    assert [(m["type"], m.get("placements")) for m in tool["messages"]] == [
        ("LtiResourceLinkRequest", None),
        ("LtiDeepLinkingRequest", ["ContentArea"]),
    ]
    with db.reading() as session:
        row = session.scalars(select(Registration)).one()
        assert (row.issuer, row.client_id, row.product) == (recorded.url, "MWxPSwgyDMF8C4x", "moodle")
        assert row.auth_login_url == f"{recorded.url}/mod/lti/auth.php"
        assert (row.jwks_url, row.origin) == (f"{recorded.url}/mod/lti/certs.php", "dynamic")
        assert (row.scopes, row.accepts_new_deployments) == ([NRPS, AGS + "lineitem", AGS + "score"], False)
        assert session.scalars(select(Deployment)).one().id_on_platform == "5"
        assert session.scalars(select(Academy)).one().name == "Accademia Dati"


def test_what_was_registered_launches(app: Flask, settings: Settings, db: Database, recorded: Web) -> None:
    paste(app, settings, recorded)
    moodle = Moodle(recorded)
    moodle.issuer, moodle.client_id = recorded.url, "MWxPSwgyDMF8C4x"
    recorded.answers["/mod/lti/certs.php"] = recorded.answers["/certs.php"]
    login = begin(moodle, app, lti_deployment_id="5")
    assert_enters(login.launch(_deployment_id="5"))


def test_each_address_connects_one_platform_once(app: Flask, settings: Settings, db: Database, recorded: Web) -> None:
    address = invitation_address("Accademia Dati", settings)
    assert paste(app, settings, recorded, address=address).status_code == 200
    before = rows(db)
    assert_refused(paste(app, settings, recorded, address=address), db, before)
    assert len(recorded.asked) == 2


@pytest.mark.parametrize("code", ["", "forged", "WyJ4IiwieSJd.aaaa.bbbb"])
def test_nobody_connects_a_platform_without_an_invitation(
    app: Flask, settings: Settings, db: Database, recorded: Web, code: str
) -> None:
    before = rows(db)
    assert_refused(
        paste(app, settings, recorded, address=f"{settings.public_url}/lti/register?code={code}"), db, before
    )
    assert not recorded.asked


def test_an_address_opened_by_hand_says_where_it_belongs(
    app: Flask, settings: Settings, db: Database, recorded: Web
) -> None:
    before = rows(db)
    page = paste(app, settings, recorded, openid_configuration=None)
    assert page.status_code == 200
    assert "Manage tools" in page.text
    assert rows(db) == before


def test_a_platform_that_fails_gives_the_invitation_back(
    app: Flask, settings: Settings, db: Database, recorded: Web
) -> None:
    address = invitation_address("Accademia Dati", settings)
    good, before = recorded.answers["/mod/lti/openid-registration.php"], rows(db)
    bad: Any
    for bad in (
        json_answer({"error": "no"}, 400),
        json_answer({}),
        json_answer([]),
        json_answer({"client_id": 5}),
        json_answer({"client_id": "a\0b"}),
        json_answer({"client_id": "c", TOOL: {"deployment_id": "5" * 300}}),
        json_answer({"client_id": "c", TOOL: {"deployment_id": "5\0"}}),
        lambda _body, _headers: (200, {"Content-Type": "application/json"}, b"[" * 100_000),
    ):
        recorded.answers["/mod/lti/openid-registration.php"] = bad
        answer = paste(app, settings, recorded, address=address)
        assert answer.status_code in (400, 502)
        assert "Support code" in answer.text
        assert rows(db) == before
    recorded.answers["/mod/lti/openid-registration.php"] = good
    assert paste(app, settings, recorded, address=address).status_code == 200


@pytest.mark.parametrize(
    "change",
    [
        {"issuer": "https://other.example"},
        {"issuer": None},
        {"registration_endpoint": "https://evil.example/register"},
        {"jwks_uri": "ftp://x"},
        {"authorization_endpoint": 5},
        {"authorization_endpoint": "https://evil.example:none/"},
    ],
)
def test_a_configuration_that_does_not_fit_is_refused_and_the_token_goes_nowhere(
    app: Flask, settings: Settings, db: Database, recorded: Web, change: dict[str, Any]
) -> None:
    configuration = moved(RECORDED["openid_configuration"], recorded) | change
    recorded.answers["/mod/lti/openid-configuration.php"] = json_answer(configuration)
    before = rows(db)
    assert_refused(paste(app, settings, recorded), db, before)
    assert len(recorded.asked) == 1


def test_a_platform_that_names_no_deployment_yet_may_bring_it_at_the_first_launch(
    app: Flask, settings: Settings, db: Database, recorded: Web
) -> None:
    answer = moved(RECORDED["registration_response"]["body"], recorded)
    del answer[TOOL]["deployment_id"]
    recorded.answers["/mod/lti/openid-registration.php"] = json_answer(answer)
    assert paste(app, settings, recorded).status_code == 200
    with db.reading() as session:
        assert session.scalars(select(Registration)).one().accepts_new_deployments


def test_private_addresses_are_refused_unless_the_operator_allows_them(
    settings: Settings, db: Database, recorded: Web
) -> None:
    from dataclasses import replace

    from lti_app import create_app

    strict = replace(settings, allow_private_addresses=False)
    before = rows(db)
    assert_refused(paste(create_app(strict, database=db), strict, recorded), db, before)
    assert not recorded.asked
