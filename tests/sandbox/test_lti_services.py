"""Tokens, names and roles, grades, deep linking and dynamic registration, with a tool that signs for real."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient

from lti_app.sandbox import PracticeLms
from tests.sandbox.conftest import TinyTool, be
from tests.sandbox.test_launch import ADMIN, ANNA, LTI, MARCO, answer, claims_of, login

NRPS = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
AGS = "https://purl.imsglobal.org/spec/lti-ags/scope/"
DL = "https://purl.imsglobal.org/spec/lti-dl/claim/"
ITEM, SCORE = "application/vnd.ims.lis.v2.lineitem+json", "application/vnd.ims.lis.v1.score+json"
ROSTER = "/mod/lti/services.php/CourseSection/2/bindings/1/memberships"


def token(browser: FlaskClient, assertion: str, *scopes: str) -> Any:
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": assertion,
        "scope": " ".join(scopes),
    }
    return browser.post("/mod/lti/token.php", data=form)


@pytest.fixture
def bearer(browser: FlaskClient, practice: PracticeLms, tiny: TinyTool) -> dict[str, str]:
    scopes = [NRPS, *(AGS + s for s in ("lineitem", "result.readonly", "score"))]
    given = token(browser, tiny.assertion(practice), *scopes).json
    assert (given["token_type"], given["expires_in"]) == ("Bearer", 3600)
    return {"Authorization": f"Bearer {given['access_token']}"}


def test_tokens_are_given_for_what_a_tool_may_ask(browser: FlaskClient, practice: PracticeLms, tiny: TinyTool) -> None:
    good = tiny.assertion(practice)
    assert token(browser, good, NRPS, "https://example.org/unknown").json["scope"] == NRPS
    assert token(browser, good, "https://example.org/unknown").json == {"error": "invalid_scope"}
    assert token(browser, tiny.assertion(practice, exp=int(time.time()) - 100), NRPS).json == {"error": "Expired token"}
    assert token(browser, tiny.assertion(practice, sub="nobody"), NRPS).json == {"error": "invalid_client"}
    assert token(browser, tiny.assertion(practice, aud="http://elsewhere"), NRPS).status_code == 400


def test_a_new_key_of_the_tool_is_fetched_once(browser: FlaskClient, practice: PracticeLms, tiny: TinyTool) -> None:
    assert token(browser, tiny.assertion(practice), NRPS).status_code == 200
    assert token(browser, tiny.assertion(practice), NRPS).status_code == 200
    assert tiny.fetched == 1
    tiny.new_key("second")
    assert token(browser, tiny.assertion(practice, "second"), NRPS).status_code == 200
    assert tiny.fetched == 2


def test_the_roster_is_paged_and_filtered_as_recorded(browser: FlaskClient, bearer: dict[str, str]) -> None:
    first = browser.get(f"{ROSTER}?limit=15", headers=bearer)
    assert first.content_type.startswith("application/vnd.ims.lti-nrps.v2.membershipcontainer+json")
    people, following = list(first.json["members"]), first
    while "Link" in following.headers:
        following = browser.get(following.headers["Link"].partition(">")[0].lstrip("<"), headers=bearer)
        people += following.json["members"]
    assert len({p["user_id"] for p in people}) == 43
    assert len(browser.get(f"{ROSTER}?role=Learner", headers=bearer).json["members"]) == 41
    assert len(browser.get(f"{ROSTER}?role=Instructor", headers=bearer).json["members"]) == 2
    assert "message" in browser.get(f"{ROSTER}?rlid=1", headers=bearer).json["members"][0]
    assert browser.get(f"{ROSTER}?rlid=99999", headers=bearer).status_code == 404
    assert browser.get(ROSTER).status_code == 401
    other = ROSTER.replace("bindings/1", "bindings/3")
    assert browser.get(other, headers=bearer).status_code == 401


def test_a_score_is_kept_unless_an_older_one_comes_after_it(browser: FlaskClient, bearer: dict[str, str]) -> None:
    items = "/mod/lti/services.php/2/lineitems?type_id=1"
    assert [i["label"] for i in browser.get(items, headers=bearer).json] == ["Comunità del corso"]
    wish = '{"scoreMaximum": 50, "label": "Partecipazione", "tag": "p"}'
    made = browser.post(items, data=wish, content_type=ITEM, headers=bearer)
    assert made.status_code == 201
    assert browser.post(items, data=wish, content_type="application/json", headers=bearer).status_code == 400
    address = made.json["id"]

    def score(person: int, given: float, at: str) -> int:
        body = {"userId": str(person), "scoreGiven": given, "scoreMaximum": 50, "timestamp": at}
        body |= {"activityProgress": "Completed", "gradingProgress": "FullyGraded"}
        path = address.replace("?", "/scores?")
        return browser.post(path, json=body, headers={**bearer, "Content-Type": SCORE}).status_code

    assert score(MARCO, 40, "2026-11-20T10:23:26.000Z") == 200
    assert score(MARCO, 30, "2026-11-20T10:13:26Z") == 409
    assert score(ANNA, 30, "2026-11-20T10:33:26Z") == 400
    assert score(MARCO, 30, "yesterday") == 400
    assert score(8, 70, "2026-11-20T10:23:31+00:00") == 200
    results = browser.get(address.replace("?", "/results?"), headers=bearer).json
    assert {r["userId"]: r["resultScore"] for r in results} == {"4": 40, "8": 50}
    assert browser.delete(address, headers=bearer).status_code == 204
    assert browser.get(address, headers=bearer).status_code == 404


def _choice(practice: PracticeLms, tiny: TinyTool, nonce: str, /, **other: Any) -> str:
    now = int(time.time())
    item = {
        "type": "ltiResourceLink",
        "title": "Circolo",
        "custom": {"panel": "circle"},
        "lineItem": {"scoreMaximum": 5},
    }
    return tiny.signed(
        {
            "iss": practice.client_id,
            "aud": [practice.issuer],
            "iat": now - 5,
            "exp": now + 60,
            "nonce": nonce,
            f"{LTI}deployment_id": "1",
            f"{LTI}message_type": "LtiDeepLinkingResponse",
            f"{LTI}version": "1.3.0",
            f"{DL}content_items": [item],
            **other,
        }
    )


def _return_url(browser: FlaskClient, practice: PracticeLms, tiny: TinyTool) -> str:
    sent = answer(browser, tiny, login(browser, "/mod/lti/contentitem.php?id=1&course=2&section=3"))[1]
    settings = claims_of(browser, practice, sent["id_token"])[f"{DL}deep_linking_settings"]
    return str(settings["deep_link_return_url"])


def test_anna_adds_a_panel_and_marco_finds_it_in_its_section(
    browser: FlaskClient, practice: PracticeLms, tiny: TinyTool
) -> None:
    be(browser, ANNA)
    address = _return_url(browser, practice, tiny)
    assert browser.post(address, data={"JWT": _choice(practice, tiny, "one")}).status_code == 200
    assert browser.post(address, data={"JWT": _choice(practice, tiny, "two")}).status_code == 400
    section = next(s for s in practice.lms.course.sections if s["section"] == 3)
    assert section["modules"][-1]["name"] == "Circolo"
    be(browser, MARCO)
    assert "Circolo" in browser.get("/course/view.php").text
    cmid = section["modules"][-1]["id"]
    sent = answer(browser, tiny, login(browser, f"/mod/lti/launch.php?id={cmid}"))[1]
    assert claims_of(browser, practice, sent["id_token"])[f"{LTI}custom"]["panel"] == "circle"


@pytest.mark.parametrize("wrong", [{f"{LTI}deployment_id": "9"}, {"iss": "zzz"}, {"aud": "x"}, {"nonce": ""}])
def test_a_choice_that_is_not_for_this_place_is_refused(
    browser: FlaskClient, practice: PracticeLms, tiny: TinyTool, wrong: dict[str, str]
) -> None:
    be(browser, ANNA)
    address = _return_url(browser, practice, tiny)
    assert browser.post(address, data={"JWT": _choice(practice, tiny, "one", **wrong)}).status_code == 400
    assert not practice.lms.course.happened("panel")


def test_marco_may_not_add_a_panel(browser: FlaskClient) -> None:
    be(browser, MARCO)
    assert browser.get("/mod/lti/contentitem.php?id=1").status_code == 400
    assert browser.get("/course/addpanel.php").status_code == 400


def test_a_tool_registers_itself_and_waits_for_the_admin(
    browser: FlaskClient, practice: PracticeLms, tiny: TinyTool
) -> None:
    be(browser, ADMIN)
    sent = browser.get("/mod/lti/startltiadvregistration.php", query_string={"url": f"{tiny.url}/lti/register"})
    query = parse_qs(urlsplit(sent.location).query)
    configuration = browser.get(query["openid_configuration"][0]).json
    wish = {
        "client_name": "Un altro",
        "initiate_login_uri": f"{tiny.url}/lti/login",
        "redirect_uris": [f"{tiny.url}/lti/launch"],
        "jwks_uri": f"{tiny.url}/lti/jwks",
        "scope": NRPS,
        "https://purl.imsglobal.org/spec/lti-tool-configuration": {"target_link_uri": f"{tiny.url}/lti/launch"},
    }
    bearer = {"Authorization": f"Bearer {query['registration_token'][0]}"}
    place = urlsplit(configuration["registration_endpoint"]).path
    assert browser.post(place, json=wish).status_code == 401
    assert browser.post(place, json={}, headers=bearer).status_code == 400
    made = browser.post(place, json=wish, headers=bearer).json
    assert made["https://purl.imsglobal.org/spec/lti-tool-configuration"]["deployment_id"] == "2"
    assert browser.post(place, json=wish, headers=bearer).status_code == 401
    asked = tiny.assertion(practice, iss=made["client_id"], sub=made["client_id"])
    assert token(browser, asked, NRPS).json == {"error": "invalid_client"}
    assert "Un altro" in browser.get("/mod/lti/toolconfigure.php").text
    browser.post("/mod/lti/activate.php", data={"type_id": "2"})
    assert token(browser, asked, NRPS).status_code == 200
