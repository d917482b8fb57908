"""Forms that no platform sends: too large, doubled, or no token at all."""

from __future__ import annotations

import base64

import pytest
from flask import Flask

from lti_app.db import Database
from tests.lti.platform import Moodle, assert_refused, begin, refused, refused_token, rows


@pytest.mark.parametrize("size", [40_000, 200_000])
def test_a_token_that_is_too_large_is_refused_unread(app: Flask, db: Database, moodle: Moodle, size: int) -> None:
    refused(moodle, app, db, padding="x" * size)


@pytest.mark.parametrize("token", ["", "x", "a.b", "a.b.c", "a.b.c.d", "é.é.é", "W10.W10.W10", "[" * 1000])
def test_something_that_is_no_token_is_refused(app: Flask, db: Database, moodle: Moodle, token: str) -> None:
    refused_token(moodle, app, db, lambda login: token)


def test_a_thousand_brackets_are_refused_calmly(app: Flask, db: Database, moodle: Moodle) -> None:
    deep = base64.urlsafe_b64encode(b"[" * 20_000).rstrip(b"=").decode()
    header = base64.urlsafe_b64encode(b'{"alg":"RS256","kid":"first"}').rstrip(b"=").decode()
    refused_token(moodle, app, db, lambda login: f"{header}.{deep}.c2ln")


def test_a_field_that_comes_twice_is_refused(app: Flask, db: Database, moodle: Moodle) -> None:
    login, before = begin(moodle, app), rows(db)
    body = {"id_token": [moodle.sign(login.claims()), "x"], "state": login.state}
    assert_refused(login.browser.post("/lti/launch", data=body), db, before)
