"""The platform's keys: fetched once, renewed when it rotates them, and never a burden to it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from lti_app.db import Database
from lti_app.lti.platform_keys import freshness
from lti_app.models import PlatformKeySet
from tests.lti.platform import Moodle, assert_enters, assert_refused, begin, jwk, rows


def an_hour_passes(db: Database, hours: int = 1) -> None:
    """Age the kept key set; real time cannot be moved."""
    with db.writing() as session:
        kept = session.scalars(select(PlatformKeySet)).one()
        kept.fetched_at -= timedelta(hours=hours)
        kept.asked_at -= timedelta(hours=hours)
        kept.fresh_until -= timedelta(hours=hours)


def fetches(moodle: Moodle) -> int:
    return moodle.web.paths().count("/certs.php")


def test_b33_a_rotated_key_costs_nobody_a_launch(app: Flask, db: Database, moodle: Moodle) -> None:
    assert_enters(begin(moodle, app).launch())
    with db.writing() as session:
        session.execute(update(PlatformKeySet).values(asked_at=datetime.now(UTC) - timedelta(minutes=1)))
    moodle.keys = [jwk("second")]
    login = begin(moodle, app)
    assert_enters(login.post(moodle.sign(login.claims(), key="second")))
    assert fetches(moodle) == 2


def test_b33_a_flood_of_forged_kids_costs_the_platform_one_request(app: Flask, db: Database, moodle: Moodle) -> None:
    assert_enters(begin(moodle, app).launch())
    before = rows(db)
    for number in range(6):
        login = begin(moodle, app)
        token = moodle.sign(login.claims(), key="forged", headers={"kid": f"forged-{number}"})
        assert_refused(login.post(token), db, before)
    assert fetches(moodle) == 1
    assert_enters(begin(moodle, app).launch())


def test_b33_the_platform_s_cache_headers_are_honoured(app: Flask, db: Database, moodle: Moodle) -> None:
    assert_enters(begin(moodle, app).launch())
    an_hour_passes(db)
    assert_enters(begin(moodle, app).launch())
    assert_enters(begin(moodle, app).launch())
    assert fetches(moodle) == 2


def test_b33_a_key_that_was_withdrawn_opens_nothing_after_the_cache_has_run_out(
    app: Flask, db: Database, moodle: Moodle
) -> None:
    assert_enters(begin(moodle, app).launch())
    an_hour_passes(db)
    moodle.keys = [jwk("second")]
    before = rows(db)
    assert_refused(begin(moodle, app).launch(), db, before)


def test_a_platform_that_does_not_answer_closes_no_course(app: Flask, db: Database, moodle: Moodle) -> None:
    assert_enters(begin(moodle, app).launch())
    an_hour_passes(db)
    moodle.web.answers["/certs.php"] = lambda body, headers: (500, {}, b"down")
    assert_enters(begin(moodle, app).launch())


@pytest.mark.parametrize(
    "answer",
    [
        (500, {}, b"down"),
        (200, {"Content-Type": "text/html"}, b"<html>login</html>"),
        (200, {"Content-Type": "application/json"}, b"[]"),
        (200, {"Content-Type": "application/json"}, b'{"keys": "none"}'),
        (200, {"Content-Type": "application/json"}, b'{"keys": [null, 5, {"kid": "first"}]}'),
        (200, {"Content-Type": "application/json"}, b'{"keys": ["' + b"x" * 400_000 + b'"]}'),
        (302, {"Location": "http://evil.example/keys"}, b""),
    ],
)
def test_a_key_set_that_cannot_be_read_lets_nobody_in(
    app: Flask, db: Database, moodle: Moodle, answer: tuple[int, dict[str, str], bytes]
) -> None:
    moodle.web.answers["/certs.php"] = lambda body, headers: answer
    before = rows(db)
    response = begin(moodle, app).launch()
    assert response.status_code in (401, 503)
    assert "Support code" in response.text
    assert rows(db) == before


@pytest.mark.parametrize(
    "key",
    [
        {**jwk("first"), "kty": "EC"},
        {**jwk("first"), "use": "enc"},
        {**jwk("first"), "n": "AQAB"},
        {**jwk("first"), "n": 5},
        {**jwk("first"), "e": "!!"},
        {**jwk("first"), "n": "x" * 342, "e": ""},
        {"kid": "first"},
    ],
)
def test_a_key_that_is_no_rsa_signing_key_lets_nobody_in(
    app: Flask, db: Database, moodle: Moodle, key: dict[str, object]
) -> None:
    moodle.keys = [key]
    before = rows(db)
    assert_refused(begin(moodle, app).launch(), db, before)


def test_we_say_who_we_are_when_we_ask(app: Flask, db: Database, moodle: Moodle) -> None:
    assert_enters(begin(moodle, app).launch())
    assert moodle.web.asked[0][2]["User-Agent"].startswith("Regista/")


def test_a_private_part_that_a_platform_publishes_is_not_kept(app: Flask, db: Database, moodle: Moodle) -> None:
    moodle.keys = [jwk("first"), {**jwk("second"), "d": "secret"}]
    assert_enters(begin(moodle, app).launch())
    with db.reading() as session:
        assert "secret" not in json.dumps(session.scalars(select(PlatformKeySet)).one().document)


@pytest.mark.parametrize(
    ("headers", "minutes"),
    [
        ({}, 60),
        ({"Cache-Control": "public, max-age=7200"}, 120),
        ({"Cache-Control": "max-age=1"}, 5),
        ({"Cache-Control": "max-age=999999999"}, 24 * 60),
        ({"Cache-Control": "no-store"}, 5),
        ({"Expires": "Fri, 20 Nov 2026 12:30:00 GMT"}, 30),
        ({"Expires": "0"}, 5),
    ],
)
def test_b33_cache_headers_are_read_within_bounds(headers: dict[str, str], minutes: int) -> None:
    assert freshness(headers, datetime(2026, 11, 20, 12, tzinfo=UTC)) == timedelta(minutes=minutes)
