"""What the certification suite sends that is known to be bad (A): claims missing, wrong, or absurd.

What must be refused is refused with a 4xx page before any session or row exists; what must be accepted gets in.
"""

from __future__ import annotations

import time
from typing import Any

import jwt
import pytest
from flask import Flask
from sqlalchemy import select

from lti_app.db import Database
from lti_app.models import Academy
from tests.lti.platform import Moodle, assert_enters, assert_refused, begin, private_key, refused, refused_token, rows

YEAR = 365 * 86_400


def test_a01_no_kid_in_the_header_is_refused(app: Flask, db: Database, moodle: Moodle) -> None:
    refused_token(moodle, app, db, lambda login: jwt.encode(login.claims(), private_key("first"), algorithm="RS256"))


def test_a02_an_unknown_kid_is_refused(app: Flask, db: Database, moodle: Moodle) -> None:
    refused_token(moodle, app, db, lambda login: moodle.sign(login.claims(), headers={"kid": "nobody's"}))


@pytest.mark.parametrize("version", ["1.2.0", "1.3", 1.3, ["1.3.0"], ""])
def test_a03_a_wrong_version_is_refused(app: Flask, db: Database, moodle: Moodle, version: Any) -> None:
    refused(moodle, app, db, _version=version)


def test_a04_no_version_is_refused(app: Flask, db: Database, moodle: Moodle) -> None:
    refused(moodle, app, db, _version=None)


def test_a05_a_token_that_is_no_lti_message_is_refused(app: Flask, db: Database, moodle: Moodle) -> None:
    refused_token(moodle, app, db, lambda login: moodle.sign({"name": "badltilaunch"}))
    now = int(time.time())
    bare = {"iss": moodle.issuer, "aud": moodle.client_id, "sub": "3", "iat": now, "exp": now + 60}
    refused_token(moodle, app, db, lambda login: moodle.sign({**bare, "nonce": login.nonce}))


REQUIRED = ["message_type", "version", "deployment_id", "target_link_uri", "resource_link", "roles"]


@pytest.mark.parametrize("claim", REQUIRED)
def test_a06_a_missing_lti_claim_is_refused(app: Flask, db: Database, moodle: Moodle, claim: str) -> None:
    refused(moodle, app, db, **{f"_{claim}": None})


@pytest.mark.parametrize("claim", ["iss", "aud", "sub", "nonce", "iat", "exp"])
def test_a06_a_missing_security_claim_is_refused(app: Flask, db: Database, moodle: Moodle, claim: str) -> None:
    refused(moodle, app, db, **{claim: None})


def test_a07_exp_in_the_past_is_refused(app: Flask, db: Database, moodle: Moodle) -> None:
    now = int(time.time())
    refused(moodle, app, db, iat=now - 120, exp=now - 60)


def test_a07_iat_one_year_old_is_refused(app: Flask, db: Database, moodle: Moodle) -> None:
    refused(moodle, app, db, iat=int(time.time()) - YEAR)


def test_a07_exp_in_ten_years_is_refused(app: Flask, db: Database, moodle: Moodle) -> None:
    refused(moodle, app, db, exp=int(time.time()) + 10 * YEAR)


def test_a07_iat_in_the_future_is_refused(app: Flask, db: Database, moodle: Moodle) -> None:
    now = int(time.time())
    refused(moodle, app, db, iat=now + 3600, exp=now + 7200)


@pytest.mark.parametrize("value", ["soon", True, [1], {}, 10**30, -1, 1e300])
def test_a07_times_that_are_no_times_are_refused(app: Flask, db: Database, moodle: Moodle, value: Any) -> None:
    refused(moodle, app, db, iat=value, exp=value)


@pytest.mark.parametrize("value", ["", [], 7, "Lti", "LtiResourceLinkRequest "])
def test_a08_a_wrong_message_type_is_refused(app: Flask, db: Database, moodle: Moodle, value: Any) -> None:
    refused(moodle, app, db, _message_type=value)


def test_a09_no_roles_claim_is_refused(app: Flask, db: Database, moodle: Moodle) -> None:
    refused(moodle, app, db, _roles=None)


def test_a10_no_deployment_is_refused(app: Flask, db: Database, moodle: Moodle) -> None:
    refused(moodle, app, db, _deployment_id=None)
    refused(moodle, app, db, _deployment_id="")


@pytest.mark.parametrize("link", [{}, {"title": "x"}, {"id": ""}, {"id": None}])
def test_a11_a_resource_link_without_id_is_refused(app: Flask, db: Database, moodle: Moodle, link: Any) -> None:
    refused(moodle, app, db, _resource_link=link)


def test_a12_an_anonymous_launch_is_refused_with_words_that_help(app: Flask, db: Database, moodle: Moodle) -> None:
    login, before = begin(moodle, app), rows(db)
    response = login.launch(sub=None)
    assert_refused(response, db, before)
    assert "did not say who you are" in response.text


def test_a12_an_academy_may_let_the_nameless_look(app: Flask, db: Database, moodle: Moodle) -> None:
    with db.writing() as session:
        session.scalars(select(Academy)).one().settings = {"anonymous": True}
    login = begin(moodle, app)
    ref = assert_enters(login.launch(sub=None))
    assert login.browser.get(f"/v/{ref}/home").status_code == 200
    after = rows(db)
    assert (after["person"], after["membership"], after["active_day"], after["context"]) == (0, 0, 0, 1)
