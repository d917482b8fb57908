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
from sqlalchemy import delete, select, update
from werkzeug.test import TestResponse

from lti_app.db import Database
from lti_app.models import Activity, Context, Deployment, Membership, PlacedPanel
from lti_app.store.participation import column_of
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


def test_e_anna_places_the_talk_panel_and_moodle_gets_all_of_it(app: Flask, db: Database, moodle: Moodle) -> None:
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


def test_e_the_recorded_deep_linking_request_of_moodle_is_answered(app: Flask, db: Database, moodle: Moodle) -> None:
    said = RECORDED["claims"]
    moodle.register(db, client_id=said["aud"], deployment_ids=["5"])
    login = begin(moodle, app, client_id=said["aud"], lti_deployment_id="5")
    now = int(time.time())
    claims = {**said, "nonce": login.nonce, "iat": now, "exp": now + 60, LTI + "target_link_uri": LAUNCH}
    chooser = login.post(moodle.sign(claims))
    assert chooser.status_code == 200
    assert "Fondamenti di Data Analysis" in chooser.text
    assert '<html lang="it"' in chooser.text


def course_with_quiz(db: Database) -> int:
    with db.writing() as session:
        context = session.scalars(select(Context)).one()
        rows_ = ((1, "8", "Quiz 2"), (2, "9", "Compito 2"))
        for position, api_id, title in rows_:
            session.add(
                Activity(
                    context_id=context.id, api_id=api_id, kind="quiz", raw_kind="quiz", title=title,
                    section="Pulizia dei dati", position=position,
                )
            )  # fmt: skip
        return context.id


def items_of(app: Flask, moodle: Moodle, asked: Any = ASKED, **form: Any) -> list[dict[str, Any]]:
    ticket = field(ask(app, moodle, asked), "ticket")
    placed = app.test_client().post("/lti/deep-link", data={"ticket": ticket, **form})
    assert placed.status_code == 200
    items: list[dict[str, Any]] = answer_of(app, moodle, placed)[DL + "content_items"]
    return items


def test_two_panels_go_at_once_one_beside_a_quiz_and_one_about_a_section(
    app: Flask, db: Database, moodle: Moodle
) -> None:
    ask(app, moodle)
    context_id = course_with_quiz(db)
    home, talk = items_of(
        app, moodle, panel=["home", "talk"], about_talk="activity:8", about_home="section:Pulizia dei dati",
        height_talk="99999", first_day="2026-12-01", last_day="2026-11-25",
    )  # fmt: skip
    assert (home["custom"]["section"], talk["custom"]["activity"]) == ("Pulizia dei dati", "8")
    assert "activity" not in home["custom"]
    # Days that were swapped are put right; midnight is the course's own (Rome).
    assert talk["available"] == {"startDateTime": "2026-11-24T23:00:00Z", "endDateTime": "2026-12-01T22:59:59Z"}
    assert talk["thumbnail"]["url"] == "http://127.0.0.1:8000/static/lti/panel.svg"
    assert talk["iframe"] == {"height": 1600}
    with db.reading() as session:
        placed = {row.mark: row for row in session.scalars(select(PlacedPanel))}
        assert set(placed) == {home["custom"]["regista_link"], talk["custom"]["regista_link"]}
        row = placed[talk["custom"]["regista_link"]]
        assert (row.context_id, row.panel, row.settings) == (context_id, "talk", {"height": 1600, "activity": "8"})
        assert row.by_id == session.scalars(select(Membership.id)).one()


def test_an_activity_of_another_course_is_no_place(app: Flask, db: Database, moodle: Moodle) -> None:
    ask(app, moodle)
    course_with_quiz(db)
    (item,) = items_of(app, moodle, panel="talk", about_talk="activity:4711", about_home="section:x")
    assert set(item["custom"]) == {"panel", "regista_link"}


def test_e_where_the_platform_takes_one_panel_only_one_goes(app: Flask, db: Database, moodle: Moodle) -> None:
    one = ASKED | {"accept_multiple": False}
    assert 'type="radio"' in ask(app, moodle, one).text
    assert len(items_of(app, moodle, one, panel=["home", "talk"])) == 1


def test_e_a_gradebook_column_is_made_only_where_offered_and_wished_and_switches_the_course_on(
    app: Flask, db: Database, moodle: Moodle
) -> None:
    offers = ASKED | {"accept_lineitem": True}
    assert 'name="column"' not in ask(app, moodle).text
    assert 'name="column"' in ask(app, moodle, offers).text
    assert "lineItem" not in items_of(app, moodle, panel="home", column="yes")[0]
    assert "lineItem" not in items_of(app, moodle, offers, panel="home")[0]
    home, talk = items_of(app, moodle, offers, panel=["home", "talk"], column="yes")
    assert home["lineItem"]["tag"] == "regista-participation"
    assert "lineItem" not in talk
    with db.reading() as session:
        assert column_of(session.scalars(select(Context)).one()).on


def test_e_nothing_may_be_placed_and_the_platform_is_told_why(app: Flask, db: Database, moodle: Moodle) -> None:
    ticket = field(ask(app, moodle), "ticket")
    placed = app.test_client().post("/lti/deep-link", data={"ticket": ticket, "panel": "home", "cancel": "yes"})
    claims = answer_of(app, moodle, placed)
    assert (claims[DL + "content_items"], claims[DL + "msg"]) == ([], "Nothing was placed.")
    with db.reading() as session:
        assert session.scalars(select(PlacedPanel)).all() == []


def test_the_preview_is_a_learner_of_whom_nothing_is_kept_and_only_our_own_page_may_show_it(
    app: Flask, db: Database, moodle: Moodle
) -> None:
    chooser = ask(app, moodle)
    assert "frame-src 'self'" in chooser.headers["Content-Security-Policy"]
    found = re.search(r'formaction="(/v/[^"]+/talk)"', chooser.text)
    assert found
    before, token = rows(db), field(chooser, "visit_token")
    browser = app.test_client()
    page = browser.post(found[1], data={"visit_token": token, "preview": "yes"})
    assert page.status_code == 200
    assert "You are only looking" in page.text
    assert f"frame-ancestors {moodle.issuer} 'self'" in page.headers["Content-Security-Policy"]
    plain = browser.post(found[1], data={"visit_token": token})
    assert "frame-ancestors http://localhost:8900" in plain.headers["Content-Security-Policy"]
    assert "ancestors http://localhost:8900 'self'" not in plain.headers["Content-Security-Policy"]
    assert browser.post(f"{found[1]}/new", data={"visit_token": token, "title": "x", "body": "y"}).status_code == 403
    assert rows(db) == before


def test_a_request_without_a_course_offers_no_preview_and_keeps_nothing(
    app: Flask, db: Database, moodle: Moodle
) -> None:
    admin = "http://purl.imsglobal.org/vocab/lis/v2/institution/person#Administrator"
    chooser = ask(app, moodle, _context=None, _roles=[admin])
    assert "What a learner will see" not in chooser.text
    form = {"ticket": field(chooser, "ticket"), "panel": "talk"}
    (item,) = answer_of(app, moodle, app.test_client().post("/lti/deep-link", data=form))[DL + "content_items"]
    assert item["custom"]["panel"] == "talk"
    with db.reading() as session:
        assert session.scalars(select(PlacedPanel)).all() == []


@pytest.mark.parametrize("data", ["\ud800", "</script>\u2028", 0, False, [], {"a": [1, None]}, 10**40])
def test_e_data_comes_back_as_it_was_whatever_it_is(app: Flask, db: Database, moodle: Moodle, data: Any) -> None:
    form = {"ticket": field(ask(app, moodle, {**ASKED, "data": data}), "ticket")}
    back = answer_of(app, moodle, app.test_client().post("/lti/deep-link", data=form))[DL + "data"]
    assert (type(back), back) == (type(data), data)


@pytest.mark.parametrize("data", [float("nan"), [float("-inf")]])
def test_e_a_request_with_what_is_no_json_is_refused(app: Flask, db: Database, moodle: Moodle, data: Any) -> None:
    before = rows(db)
    assert_refused(ask(app, moodle, {**ASKED, "data": data}), db, before)


def test_e_the_first_and_the_last_day_of_all_are_no_dates_for_a_panel(app: Flask, db: Database, moodle: Moodle) -> None:
    form = {"ticket": field(ask(app, moodle), "ticket"), "first_day": "0001-01-01", "last_day": "9999-12-31"}
    (item,) = answer_of(app, moodle, app.test_client().post("/lti/deep-link", data=form))[DL + "content_items"]
    assert "available" not in item


@pytest.mark.parametrize(
    "change",
    [
        update(Deployment).values(status="blocked"),
        update(Membership).values(role="learner"),
        update(Membership).values(state="deleted"),
        delete(Context),
    ],
)
def test_e_whoever_may_no_longer_place_anything_is_told_so(
    app: Flask, db: Database, moodle: Moodle, change: Any
) -> None:
    form = {"ticket": field(ask(app, moodle), "ticket"), "panel": "talk"}
    with db.writing() as session:
        session.execute(change)
    before = rows(db)
    assert_refused(app.test_client().post("/lti/deep-link", data=form), db, before)
