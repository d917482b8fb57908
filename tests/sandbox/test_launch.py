"""Launches: the whole round, and what is refused."""

from __future__ import annotations

import html
import json
import re
import time
from typing import Any
from urllib.parse import urlsplit

import jwt
import pytest
from flask.testing import FlaskClient

from lti_app.sandbox import PracticeLms
from tests.sandbox.conftest import TinyTool, be

LTI = "https://purl.imsglobal.org/spec/lti/claim/"
MARCO, ANNA, ELISA, CARLA, ADMIN = 4, 43, 45, 46, 2


def posted(page: str) -> tuple[str, dict[str, str]]:
    """Read a self-posting form: where it goes, and its fields."""
    action = re.search(r'action="([^"]+)"', page)
    fields = dict(re.findall(r'name="([^"]+)" value="([^"]*)"', page))
    assert action
    return html.unescape(action[1]), {k: html.unescape(v) for k, v in fields.items()}


def login(browser: FlaskClient, path: str = "/mod/lti/launch.php?id=45") -> dict[str, str]:
    return posted(browser.get(path).text)[1]


def answer(browser: FlaskClient, tiny: TinyTool, form: dict[str, str], **other: str) -> tuple[str, dict[str, str]]:
    asked = {
        "scope": "openid",
        "response_type": "id_token",
        "response_mode": "form_post",
        "prompt": "none",
        "client_id": form["client_id"],
        "redirect_uri": f"{tiny.url}/lti/launch",
        "login_hint": form["login_hint"],
        "lti_message_hint": form["lti_message_hint"],
        "nonce": "a nonce",
        "state": "a state",
    }
    return posted(browser.get("/mod/lti/auth.php", query_string={**asked, **other}).text)


def claims_of(browser: FlaskClient, practice: PracticeLms, token: str) -> dict[str, Any]:
    keys = jwt.PyJWKSet.from_dict(browser.get(urlsplit(practice.jwks_url).path).json or {})
    key = keys[jwt.get_unverified_header(token)["kid"]].key
    return dict(jwt.decode(token, key, algorithms=["RS256"], audience=practice.client_id, issuer=practice.issuer))


def test_marco_opens_the_panel_and_the_tool_learns_who_he_is(
    browser: FlaskClient, practice: PracticeLms, tiny: TinyTool
) -> None:
    be(browser, MARCO)
    where, form = posted(browser.get("/mod/lti/launch.php?id=45").text)
    assert where == f"{tiny.url}/lti/login"
    assert form["login_hint"] == str(MARCO)
    assert json.loads(form["lti_message_hint"])["cmid"] == 45
    assert form["lti_deployment_id"] == "1"
    assert "lti_storage_target" not in form
    where, sent = answer(browser, tiny, form)
    assert (where, sent["state"]) == (f"{tiny.url}/lti/launch", "a state")
    claims = claims_of(browser, practice, sent["id_token"])
    assert (claims["sub"], claims["name"], claims["nonce"]) == ("4", "Marco Bianchi", "a nonce")
    assert claims["exp"] - claims["iat"] == 60
    assert claims[f"{LTI}resource_link"]["id"] == "1"
    assert claims[f"{LTI}context"]["id"] == "2"


def test_the_id_token_is_of_the_real_time_even_a_week_ahead(
    browser: FlaskClient, practice: PracticeLms, tiny: TinyTool
) -> None:
    be(browser, MARCO)
    browser.post("/practice/time", data={"span": "week"})
    claims = claims_of(browser, practice, answer(browser, tiny, login(browser))[1]["id_token"])
    assert abs(claims["iat"] - time.time()) < 30


def test_the_compact_panel_knows_the_quiz_that_it_stands_beside(
    browser: FlaskClient, practice: PracticeLms, tiny: TinyTool
) -> None:
    be(browser, MARCO)
    sent = answer(browser, tiny, login(browser, "/mod/lti/launch.php?id=46"))[1]
    custom = claims_of(browser, practice, sent["id_token"])[f"{LTI}custom"]
    assert (custom["panel"], custom["activity"]) == ("talk", "8")


@pytest.mark.parametrize(
    ("person", "words"),
    [
        (MARCO, ["membership#Learner"]),
        (ELISA, ["membership#Instructor"]),
        (CARLA, ["membership#Instructor"]),
        (ADMIN, ["institution/person#Administrator", "membership#Instructor", "system/person#Administrator"]),
    ],
)
def test_roles_are_the_recorded_ones(
    browser: FlaskClient, practice: PracticeLms, tiny: TinyTool, person: int, words: list[str]
) -> None:
    be(browser, person)
    claims = claims_of(browser, practice, answer(browser, tiny, login(browser))[1]["id_token"])
    assert claims[f"{LTI}roles"] == [f"http://purl.imsglobal.org/vocab/lis/v2/{word}" for word in words]


@pytest.mark.parametrize(
    ("other", "error"),
    [
        ({"login_hint": "8"}, "access_denied"),
        ({"client_id": "zzz"}, "unauthorized_client"),
        ({"response_mode": "query"}, "invalid_request"),
        ({"prompt": "login"}, "invalid_request"),
    ],
)
def test_a_wrong_authentication_request_comes_back_with_its_error(
    browser: FlaskClient, tiny: TinyTool, other: dict[str, str], error: str
) -> None:
    be(browser, MARCO)
    sent = answer(browser, tiny, login(browser), **other)[1]
    assert (sent["error"], sent["state"]) == (error, "a state")
    assert "id_token" not in sent


def test_a_redirect_uri_that_is_not_registered_gets_nothing(browser: FlaskClient, tiny: TinyTool) -> None:
    be(browser, MARCO)
    form = login(browser)
    asked = {k: form[k] for k in ("client_id", "login_hint", "lti_message_hint")}
    asked |= {"scope": "openid", "response_type": "id_token", "nonce": "n", "redirect_uri": "http://127.0.0.1:1/else"}
    refused = browser.get("/mod/lti/auth.php", query_string=asked)
    assert refused.status_code == 400
    assert "127.0.0.1:1/else" not in refused.text


def test_a_launch_can_be_used_once(browser: FlaskClient, tiny: TinyTool) -> None:
    be(browser, MARCO)
    form = login(browser)
    assert "id_token" in answer(browser, tiny, form)[1]
    asked = {k: form[k] for k in ("client_id", "login_hint", "lti_message_hint")}
    asked |= {"scope": "openid", "response_type": "id_token", "nonce": "n", "redirect_uri": f"{tiny.url}/lti/launch"}
    assert browser.get("/mod/lti/auth.php", query_string=asked).status_code == 400


def test_without_a_session_it_asks_itself_again_and_then_says_login_required(
    browser: FlaskClient, tiny: TinyTool
) -> None:
    form = login(browser)
    assert form["login_hint"] == "0"
    where, again = answer(browser, tiny, form)
    assert (where, again["repost"]) == ("/mod/lti/auth.php", "1")
    assert posted(browser.post(where, data=again).text)[1]["error"] == "login_required"


def test_the_storage_switch_offers_platform_storage(browser: FlaskClient, tiny: TinyTool) -> None:
    be(browser, MARCO)
    browser.post("/practice/switch", data={"name": "storage", "on": "1"})
    assert login(browser)["lti_storage_target"] == "_parent"
