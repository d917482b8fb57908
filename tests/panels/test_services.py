"""The admin connects a Canvas by consent, and opens an event feed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, select, update
from werkzeug.test import TestResponse

from lms_clients.canvas.oauth import SCOPES, CanvasSecret
from lti_app.db import Database
from lti_app.house import House
from lti_app.jobs.connections import client_for
from lti_app.models import AuditEntry, ConsentRequest, EventFeed, LmsConnection
from lti_app.sealing import open_text
from tests.lms_clients.fake_canvas import FakeCanvas
from tests.lms_clients.server import LocalLms, Reply, Request, local_lms
from tests.panels.conftest import Somebody
from tests.sweep.course import Course

As = Callable[..., Somebody]
BACK = "http://127.0.0.1:8000/admin/canvas/back"


@pytest.fixture
def lms() -> Iterator[LocalLms]:
    with local_lms() as running:
        yield running


@pytest.fixture
def canvas(lms: LocalLms) -> FakeCanvas:
    """A Canvas whose developer key gives the code "code-1" once."""
    fake = FakeCanvas(lms)
    fake.good_tokens = {"granted"}
    codes = {"code-1"}

    def grant(request: Request) -> Reply:
        form = dict(parse_qsl(request.body.decode()))
        right = (form["client_id"], form["client_secret"], form["redirect_uri"]) == ("10000000000007", "the-key", BACK)
        if not right or form["code"] not in codes:
            return Reply.of({"error": "invalid_grant"}, 400)
        codes.discard(form["code"])
        return Reply.of({"access_token": "granted", "refresh_token": "refresh", "expires_in": 3600})

    fake.instead["/login/oauth2/token"] = grant
    return fake


@pytest.fixture
def admin(as_: As, db: Database, course: Course) -> Somebody:
    with db.writing() as session:
        session.execute(delete(LmsConnection))
    return as_(course.clara, role="admin")


def asks(admin: Somebody, course: Course, lms: LocalLms, **other: str) -> TestResponse:
    form = {"base_url": f"{lms.url}/", "client_id": "10000000000007", "client_secret": "the-key"} | other
    return admin.sends(f"admin/services/{course.registration}/canvas", **form)


def state_of(answer: TestResponse) -> str:
    return parse_qs(urlsplit(answer.headers["Location"]).query)["state"][0]


def comes_back(client: FlaskClient, **query: str) -> TestResponse:
    return client.get("/admin/canvas/back", query_string=query)


def test_an_admin_agrees_at_canvas_and_the_secret_is_kept_sealed(
    app: Flask, db: Database, admin: Somebody, course: Course, canvas: FakeCanvas, lms: LocalLms
) -> None:
    asked = asks(admin, course, lms)
    assert asked.status_code == 303
    there = urlsplit(asked.headers["Location"])
    query = parse_qs(there.query)
    assert (f"{there.scheme}://{there.netloc}", there.path) == (lms.url, "/login/oauth2/auth")
    assert (query["redirect_uri"], query["scope"], query["response_type"]) == ([BACK], [" ".join(SCOPES)], ["code"])
    assert "the-key" not in asked.headers["Location"]
    page = comes_back(admin.client, code="code-1", state=query["state"][0])
    assert page.status_code == 200
    assert "Regista Service" in page.get_data(as_text=True)
    house: House = app.extensions["regista"]
    with db.reading() as session:
        row = session.scalars(select(LmsConnection)).one()
        assert (row.kind, row.base_url, row.status) == ("canvas", lms.url, "ok")
        assert "granted" not in row.secret
        kept = CanvasSecret.read(open_text(row.secret, house.settings.secret_key))
        assert (kept.refresh_token, kept.client_id, kept.client_secret) == ("refresh", "10000000000007", "the-key")
        entry = session.scalars(select(AuditEntry).where(AuditEntry.what == "lms_connected")).one()
        assert entry.facts["as"] == "Regista Service"
        assert session.scalars(select(ConsentRequest)).all() == []
    client = client_for(house, course.registration)
    assert client.capabilities().identity == "Regista Service"
    client.close()


def test_the_way_back_works_once_and_only_in_the_browser_that_asked(
    app: Flask, db: Database, admin: Somebody, course: Course, canvas: FakeCanvas, lms: LocalLms
) -> None:
    state = state_of(asks(admin, course, lms))
    assert comes_back(app.test_client(), code="code-1", state=state).status_code == 400
    # A state that somebody else carried here is used up, too.
    assert comes_back(admin.client, code="code-1", state=state).status_code == 400
    again = state_of(asks(admin, course, lms))
    assert comes_back(admin.client, code="code-1", state=again).status_code == 200
    assert comes_back(admin.client, code="code-1", state=again).status_code == 400
    assert sum(path == "/login/oauth2/token" for _, path, _ in canvas.asked) == 1


@pytest.mark.parametrize("state", ["", "forged", "ImhlbGxvIg.x9dXc3Nk"])
def test_a_forged_state_asks_canvas_nothing(app: Flask, canvas: FakeCanvas, state: str) -> None:
    assert comes_back(app.test_client(), code="code-1", state=state).status_code == 400
    assert canvas.asked == []


def test_a_way_back_after_too_long_is_closed(
    db: Database, admin: Somebody, course: Course, canvas: FakeCanvas, lms: LocalLms
) -> None:
    state = state_of(asks(admin, course, lms))
    with db.writing() as session:
        session.execute(update(ConsentRequest).values(expires_at=datetime(2020, 1, 1, tzinfo=UTC)))
    assert comes_back(admin.client, code="code-1", state=state).status_code == 400


def test_who_says_no_at_canvas_has_connected_nothing(
    db: Database, admin: Somebody, course: Course, canvas: FakeCanvas, lms: LocalLms
) -> None:
    state = state_of(asks(admin, course, lms))
    page = comes_back(admin.client, error="access_denied", state=state)
    assert "Canvas was told no" in page.get_data(as_text=True)
    with db.reading() as session:
        assert session.scalars(select(LmsConnection)).all() == []


def test_a_wrong_key_is_said_and_not_kept(
    db: Database, admin: Somebody, course: Course, canvas: FakeCanvas, lms: LocalLms
) -> None:
    state = state_of(asks(admin, course, lms, client_secret="another"))
    page = comes_back(admin.client, code="code-1", state=state)
    assert page.status_code == 400
    assert "Check the developer key" in page.get_data(as_text=True)
    with db.reading() as session:
        assert session.scalars(select(LmsConnection)).all() == []


def test_an_address_must_be_one_and_key_and_number_are_needed(admin: Somebody, course: Course, lms: LocalLms) -> None:
    for wrong in ({"base_url": "javascript:alert(1)"}, {"base_url": ""}, {"client_id": " "}, {"client_secret": ""}):
        assert asks(admin, course, lms, **wrong).status_code == 400


def test_only_the_admin_of_that_very_academy_may_do_any_of_this(
    as_: As, db: Database, course: Course, lms: LocalLms
) -> None:
    eva = as_(course.eva, role="admin")
    form = {"base_url": lms.url, "client_id": "1", "client_secret": "k"}
    assert eva.sends(f"admin/services/{course.registration}/canvas", **form).status_code == 404
    assert eva.sends(f"admin/services/{course.registration}/feed", what="make").status_code == 404
    assert eva.opens(f"admin/services/{course.registration}").status_code == 404
    for who, role in ((course.clara, "tutor"), (course.ada, "learner")):
        assert as_(who, role=role).opens(f"admin/services/{course.registration}").status_code == 404
    with db.reading() as session:
        assert session.scalars(select(EventFeed)).all() == []


def test_a_feed_is_made_on_the_page_and_its_secret_shown_once(app: Flask, admin: Somebody, course: Course) -> None:
    path = f"admin/services/{course.registration}"
    page = admin.sends(f"{path}/feed", what="make").get_data(as_text=True)
    secret = re.search(r'id="feed-secret"[^>]*>\s*([\w-]{40,})', page)
    address = re.search(r"(/feeds/[\w-]+/xapi)\b", page)
    assert secret is not None
    assert address is not None
    assert secret[1] not in admin.opens(path).get_data(as_text=True)
    client = app.test_client()
    good = {"Authorization": f"Bearer {secret[1]}"}
    assert client.post(f"{address[1]}/statements", json=[], headers=good).status_code == 200
    renewed = admin.sends(f"{path}/feed", what="make").get_data(as_text=True)
    assert address[1] in renewed
    assert client.post(f"{address[1]}/statements", json=[], headers=good).status_code == 401
    assert "/feeds/" not in admin.sends(f"{path}/feed", what="close").get_data(as_text=True)
