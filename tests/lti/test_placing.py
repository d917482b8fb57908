"""Anna, a teacher, places a panel in her course (E: deep linking)."""

from __future__ import annotations

import html
import json
import re
import time
from pathlib import Path
from typing import Any

import jwt
import pytest
from flask import Flask
from jwt.algorithms import RSAAlgorithm
from werkzeug.test import TestResponse

from lti_app.db import Database
from tests.lti.platform import LAUNCH, LTI, MEMBERSHIP, Moodle, assert_refused, begin, rows

DL = "https://purl.imsglobal.org/spec/lti-dl/claim/"
RECORDED = json.loads((Path(__file__).parent.parent / "payloads/lti/deep_linking.json").read_text())
ASKED = {
    "deep_link_return_url": "http://localhost:8900/mod/lti/contentitem_return.php?course=2&id=5",
    "accept_types": ["ltiResourceLink"],
    "accept_presentation_document_targets": ["iframe", "window"],
    "accept_multiple": True,
    "data": 'csrf:"é',
}


def ask(app: Flask, moodle: Moodle, asked: Any = ASKED, **said: Any) -> TestResponse:
    values: dict[str, Any] = {
        "_message_type": "LtiDeepLinkingRequest",
        "_resource_link": None,
        "_roles": [MEMBERSHIP + "Instructor"],
        DL + "deep_linking_settings": asked,
        **said,
    }
    return begin(moodle, app).launch(**values)


def field(page: TestResponse, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page.text)
    assert found, page.text
    return html.unescape(found[1])


def answer_of(app: Flask, moodle: Moodle, placed: TestResponse) -> dict[str, Any]:
    """Read the response as the platform would: with our published key."""
    token = field(placed, "JWT")
    keys = app.test_client().get("/lti/jwks").json
    assert keys is not None
    kid = jwt.get_unverified_header(token)["kid"]
    public: Any = RSAAlgorithm.from_jwk(next(key for key in keys["keys"] if key["kid"] == kid))
    claims: dict[str, Any] = jwt.decode(
        token, public, algorithms=["RS256"], audience=moodle.issuer, issuer=moodle.client_id
    )
    return claims


def test_anna_places_the_talk_panel_and_moodle_gets_all_of_it(app: Flask, db: Database, moodle: Moodle) -> None:
    chooser = ask(app, moodle)
    assert chooser.status_code == 200
    assert "Place panels in your course" in chooser.text
    form = {"ticket": field(chooser, "ticket"), "panel": "talk", "title_talk": 'Parliamone "<b>"', "height_talk": "480"}
    placed = app.test_client().post("/lti/deep-link", data=form)
    assert placed.status_code == 200
    assert html.escape(ASKED["deep_link_return_url"]) in placed.text  # type: ignore[arg-type]
    assert "<b>" not in placed.text
    claims = answer_of(app, moodle, placed)
    assert claims[LTI + "message_type"] == "LtiDeepLinkingResponse"
    assert claims[LTI + "deployment_id"] == "1"
    assert claims[DL + "data"] == ASKED["data"]
    (item,) = claims[DL + "content_items"]
    assert item["url"] == f"{LAUNCH}?panel=talk"
    assert (item["type"], item["title"]) == ("ltiResourceLink", 'Parliamone "<b>"')
    assert item["custom"]["panel"] == "talk"
    assert item["iframe"] == {"height": 480}
    assert item["window"] == {"targetName": "regista-talk"}


def test_e_data_that_was_not_there_does_not_come_back_as_null(app: Flask, db: Database, moodle: Moodle) -> None:
    asked = {name: value for name, value in ASKED.items() if name != "data"}
    form = {"ticket": field(ask(app, moodle, asked), "ticket")}
    assert DL + "data" not in answer_of(app, moodle, app.test_client().post("/lti/deep-link", data=form))


@pytest.mark.parametrize(
    "change",
    [
        {"deep_link_return_url": None},
        {"deep_link_return_url": ""},
        {"deep_link_return_url": "javascript:alert(1)"},
        {"accept_types": None},
        {"accept_types": ["link", "html"]},
        {"accept_types": "ltiResourceLink"},
        {"accept_presentation_document_targets": []},
        {"accept_presentation_document_targets": None},
    ],
)
def test_e_a_request_that_lacks_something_is_refused(
    app: Flask, db: Database, moodle: Moodle, change: dict[str, Any]
) -> None:
    before = rows(db)
    assert_refused(ask(app, moodle, ASKED | change), db, before)


@pytest.mark.parametrize("asked", [None, [], "x", 5])
def test_e_a_request_without_settings_is_refused(app: Flask, db: Database, moodle: Moodle, asked: Any) -> None:
    before = rows(db)
    assert_refused(ask(app, moodle, asked), db, before)


def test_e_where_private_addresses_are_not_allowed_the_way_back_must_be_https(
    app: Flask, db: Database, moodle: Moodle
) -> None:
    from dataclasses import replace

    from lti_app import create_app

    assert ask(app, moodle).status_code == 200
    strict = create_app(replace(app.extensions["regista"].settings, allow_private_addresses=False), database=db)
    before = rows(db)
    assert_refused(ask(strict, moodle), db, before)


def test_e_ada_a_learner_places_nothing(app: Flask, db: Database, moodle: Moodle) -> None:
    before = rows(db)
    response = ask(app, moodle, _roles=[MEMBERSHIP + "Learner"])
    assert_refused(response, db, before)
    assert response.status_code == 403


@pytest.mark.parametrize("ticket", ["", "forged", "e30.aaaa.bbbb"])
def test_e_a_ticket_that_is_not_ours_signs_nothing(app: Flask, db: Database, moodle: Moodle, ticket: str) -> None:
    before = rows(db)
    response = app.test_client().post("/lti/deep-link", data={"ticket": ticket, "panel": "talk"})
    assert_refused(response, db, before)
    assert "JWT" not in response.text


def test_e_odd_choices_fall_back_to_sound_ones(app: Flask, db: Database, moodle: Moodle) -> None:
    form = {
        "ticket": field(ask(app, moodle), "ticket"),
        "panel": "../admin",
        "height_home": "9" * 50,
        "title_home": "\x00",
    }
    claims = answer_of(app, moodle, app.test_client().post("/lti/deep-link", data=form))
    (item,) = claims[DL + "content_items"]
    assert (item["custom"]["panel"], item["iframe"]["height"]) == ("home", 720)
    assert item["title"]


def test_the_recorded_deep_linking_request_of_moodle_is_answered(app: Flask, db: Database, moodle: Moodle) -> None:
    said = RECORDED["claims"]
    moodle.register(db, client_id=said["aud"], deployment_ids=["5"])
    login = begin(moodle, app, client_id=said["aud"], lti_deployment_id="5")
    now = int(time.time())
    claims = {**said, "nonce": login.nonce, "iat": now, "exp": now + 60, LTI + "target_link_uri": LAUNCH}
    chooser = login.post(moodle.sign(claims))
    assert chooser.status_code == 200
    assert "Fondamenti di Data Analysis" in chooser.text
    assert '<html lang="it"' in chooser.text
