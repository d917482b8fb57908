"""Somebody sends us the oddest words that a request, a token or a platform's answer can hold: nobody meets a 500."""

from __future__ import annotations

import json
import time
from typing import Any

import jwt
import pytest
from flask import Flask
from sqlalchemy import select

from lti_app.db import Database
from lti_app.models import Context, Person
from lti_app.store.origins import ancestors_of, origin_of
from tests.lti.platform import LTI, Moodle, assert_enters, assert_refused, begin, private_key, rows
from tests.lti.test_login import FRAMED
from tests.lti.test_placing import ASKED, DL

HERE = "@@"


def deep(moodle: Moodle, claims: dict[str, Any], depth: int) -> str:
    """A signed token in which so many brackets stand in the place of `HERE`."""
    payload = json.dumps(claims).replace(f'"{HERE}"', "[" * depth + "]" * depth).encode()
    return jwt.api_jws.encode(payload, private_key("first"), algorithm="RS256", headers={"kid": "first"})


# Each of them was once too much for another of those who walk through a launch.
@pytest.mark.parametrize("depth", [65, 900, *range(925, 960, 2)])
def test_brackets_within_brackets_are_refused_however_many(
    app: Flask, db: Database, moodle: Moodle, depth: int
) -> None:
    login, before = begin(moodle, app), rows(db)
    asked = {DL + "deep_linking_settings": {**ASKED, "data": HERE}, LTI + "message_type": "LtiDeepLinkingRequest"}
    for claims in (login.claims(odd=HERE), login.claims(_roles=["Instructor"]) | asked):
        assert_refused(login.post(deep(moodle, claims, depth)), db, before)


def test_as_many_brackets_as_a_platform_may_think_of_are_fine(app: Flask, db: Database, moodle: Moodle) -> None:
    login = begin(moodle, app)
    assert_enters(login.post(deep(moodle, login.claims(odd=HERE, many=[{}] * 200, text="[" * 200), 60)))


@pytest.mark.parametrize("product", ["canvas", "moodle", "İ" * 40])
def test_ada_gets_in_although_her_teacher_wrote_parameters_without_end(
    app: Flask, db: Database, moodle: Moodle, product: str
) -> None:
    names = ("canvas_user_id", "canvas_course_id", "person_time_zone", "context_history", "regista_link", "activity")
    for _ in range(2):
        login = begin(moodle, app)
        said = {"_custom": dict.fromkeys(names, "7" * 400), "_tool_platform": {"product_family_code": product}}
        assert_enters(login.launch(**said))
    with db.reading() as session:
        kept = {session.scalars(select(Person.api_id)).one(), session.scalars(select(Context.api_id)).one()}
    assert kept == ({"3", "2"} if product == "moodle" else {None})


@pytest.mark.parametrize("issuer", ["http://localhost:8900\0", "\0", "http://["])
def test_a_login_from_an_issuer_that_no_database_can_hold_is_refused(
    app: Flask, db: Database, moodle: Moodle, issuer: str
) -> None:
    before, values = rows(db), moodle.login_values(iss=issuer)
    assert_refused(app.test_client().post("/lti/login", data=values), db, before)
    assert_refused(app.test_client().get("/lti/login", query_string=values), db, before)


@pytest.mark.parametrize("issuer", ["http://localhost:8900\0", "\ud800"])
def test_a_notice_from_an_issuer_that_no_database_can_hold_is_refused(
    app: Flask, db: Database, moodle: Moodle, issuer: str
) -> None:
    told = {"notices": [{"jwt": moodle.sign({"iss": issuer, "aud": moodle.client_id})}]}
    assert app.test_client().post("/lti/notices", json=told).status_code == 401


@pytest.mark.parametrize("body", ["[" * 100_000, "[" * 950 + "]" * 950, "\xff", ""])
def test_a_batch_of_notices_that_is_nothing_but_brackets_is_refused(app: Flask, db: Database, body: str) -> None:
    assert app.test_client().post("/lti/notices", data=body.encode("latin-1")).status_code == 400


def test_a_notice_as_deep_as_a_well_is_refused(app: Flask, db: Database, moodle: Moodle) -> None:
    now = int(time.time())
    claims = {"iss": moodle.issuer, "aud": moodle.client_id, "iat": now, "exp": now + 60, "odd": HERE}
    for depth in (70, 930, 945):
        told = {"notices": [{"jwt": deep(moodle, claims, depth)}]}
        assert app.test_client().post("/lti/notices", json=told).status_code == 401


@pytest.mark.parametrize("origin", ["http://[", "http://[::1", "http://127.0.0.1:x", "null", "é"])
def test_a_page_of_no_origin_brings_no_binding(app: Flask, db: Database, moodle: Moodle, origin: str) -> None:
    values = moodle.login_values(lti_storage_target="_parent") | {"regista_tried": "1"}
    put = app.test_client(use_cookies=False).get("/lti/login", query_string=values, headers=FRAMED)
    state = put.text.partition("state=")[2].partition("&")[0]
    form = {"id_token": moodle.sign({}), "state": state, "binding": "mine"}
    before = rows(db)
    answer = app.test_client().post("/lti/launch", data=form, headers={"Origin": origin.encode().decode("latin-1")})
    assert_refused(answer, db, before)


@pytest.mark.parametrize(
    ("address", "origin"),
    [
        ("https://LMS.Example:443/a", "https://lms.example"),
        ("http://lms.example:8080", "http://lms.example:8080"),
        ("https://somebody:secret@lms.example/", "https://lms.example"),
        ("https://scuola-è.example/", "https://xn--scuola--8xa.example"),
        ("http://[::1]:80/", "http://[::1]"),
        ("https://lms.example;script-src", None),
        ("https://lms.example,x/", None),
        ("https://*.example/", None),
        ("https://lms.example:no/", None),
        ("https://lms.example:99999/", None),
        ("https://[", None),
        ("ftp://lms.example/", None),
        ("", None),
    ],
)
def test_an_origin_is_what_a_browser_would_write_or_nothing(address: str, origin: str | None) -> None:
    assert origin_of(address) == origin
    assert ancestors_of(address, address, ()) == (origin or "'none'")
