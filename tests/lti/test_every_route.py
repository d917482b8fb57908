"""A walk over every address of the front door, with everything that nobody should send."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from lti_app.db import Database
from tests.lti.platform import Moodle, begin, rows

ODD: list[dict[str, Any]] = [
    {},
    {"data": {"id_token": "x", "state": "y", "iss": "z", "ticket": "t", "code": "c"}},
    {"data": {"id_token": ["a", "b"], "state": ["a", "b"]}},
    {"data": {"error": "access_denied", "error_description": "<script>alert(1)</script>"}},
    {"data": b"\x00\xff\xfe" * 50, "content_type": "application/x-www-form-urlencoded"},
    {"data": b"{" * 5000, "content_type": "application/json"},
    {"data": json.dumps({"notices": [{"jwt": "a.b.c"}, 5, None]}), "content_type": "application/json"},
    {"data": {"id_token": (io.BytesIO(b"x" * 100), "token.txt")}, "content_type": "multipart/form-data"},
    {"data": {"id_token": "x" * 300_000}},
    {"data": b"--x\r\n", "content_type": "multipart/form-data; boundary=x"},
]
QUERIES = ["", "code=x", "openid_configuration=http://127.0.0.1:1/x&code=forged", "state=%00%ff&iss=%ed%a0%80", "=&&=="]


def routes(app: Flask) -> list[tuple[str, str]]:
    """Every address below /lti with every method that it takes."""
    return [
        (method, rule.rule.replace("<registration_id>", "1"))
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/lti")
        for method in sorted((rule.methods or set()) - {"OPTIONS", "HEAD"})
    ]


def assert_calm(answer: TestResponse, what: object) -> None:
    assert answer.status_code < 500, (what, answer.status_code)
    assert "regista_visit" not in " ".join(answer.headers.getlist("Set-Cookie")), what
    assert "/v/" not in answer.headers.get("Location", ""), what
    assert "Traceback" not in answer.text, what
    assert "<script>alert" not in answer.text, what
    assert answer.headers["X-Content-Type-Options"] == "nosniff", what
    assert answer.headers["Referrer-Policy"] in ("no-referrer", "same-origin"), what
    if answer.mimetype == "text/html":
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy, what
        assert "frame-ancestors" in policy, what
        assert "unsafe" not in policy, what
        assert "no-store" in answer.headers["Cache-Control"], what


def test_g_every_address_answers_calmly_whatever_is_sent(app: Flask, db: Database, moodle: Moodle) -> None:
    known = routes(app)
    assert {path for _, path in known} >= {
        "/lti/login",
        "/lti/launch",
        "/lti/jwks",
        "/lti/deep-link",
        "/lti/register",
        "/lti/notices",
    }
    app.test_client().get("/lti/jwks")
    before = rows(db)
    for method, path in known:
        for number, body in enumerate(ODD):
            # A file can be sent once only.
            sent = {name: dict(value) if isinstance(value, dict) else value for name, value in body.items()}
            if number == 7:
                sent["data"] = {"id_token": (io.BytesIO(b"x" * 100), "token.txt")}
            assert_calm(app.test_client().open(path, method=method, **sent), (method, path, number))
        for query in QUERIES:
            assert_calm(app.test_client().open(f"{path}?{query}", method=method), (method, path, query))
        for other in {"GET", "POST", "PUT", "DELETE", "PATCH", "TRACE"} - {m for m, p in known if p == path}:
            assert app.test_client().open(path, method=other).status_code == 405
    assert rows(db) == before


@pytest.mark.parametrize("path", ["/lti/jwks", "/lti/deep-link", "/lti/register", "/lti/notices", "/lti/login"])
def test_g_a_good_launch_form_opens_nothing_at_another_address(
    app: Flask, db: Database, moodle: Moodle, path: str
) -> None:
    login = begin(moodle, app)
    token = moodle.sign(login.claims())
    before = rows(db)
    answer = login.browser.post(path, data={"id_token": token, "state": login.state})
    assert 400 <= answer.status_code < 500
    assert_calm(answer, path)
    assert rows(db) == before
