"""Who may open which page, and how the token travels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update

from lti_app import visit as visits
from lti_app.db import Database
from lti_app.models import Deployment, Membership, Person
from lti_app.visit import COOKIE, FIELD, HEADER, unseal
from tests.panels.conftest import Somebody
from tests.panels.lively import lively, token_of, visit_of
from tests.sweep.course import NOW, Course

As = Callable[..., Somebody]


def test_ada_opens_her_panel_with_only_the_token(as_: As, course: Course) -> None:
    page = as_(course.ada).opens("home")
    assert page.status_code == 200
    assert "Hello Ada" in page.text
    assert page.headers[HEADER]
    assert "Set-Cookie" not in page.headers
    # Without a cookie a link must carry the token: it is a button of the form that holds it.
    assert 'formaction="/v/r1/talk"' in page.text
    assert 'href="/v/r1/talk"' not in page.text


def test_where_the_cookie_works_links_are_links_and_the_cookie_is_renewed(as_: As, course: Course) -> None:
    page = as_(course.ada, cookie=True).opens("home")
    assert 'href="/v/r1/talk"' in page.text
    cookie = page.headers["Set-Cookie"]
    for part in (f"{COOKIE}=", "Secure", "HttpOnly", "Path=/v/r1/", "SameSite=None", "Partitioned"):
        assert part in cookie


def test_the_header_alone_opens_the_page_too(as_: As, course: Course) -> None:
    ada = as_(course.ada)
    assert ada.client.get("/v/r1/home", headers={HEADER: ada.token}).status_code == 200


def test_a_cookie_alone_never_changes_anything(as_: As, course: Course, db: Database) -> None:
    ada = as_(course.ada, cookie=True)
    ada.opens("home")
    answer = ada.client.post("/v/r1/talk/new", data={"title": "Forged", "body": "By another site"})
    assert answer.status_code == 401
    assert "Forged" not in ada.opens("talk").text


def test_nobody_gets_in_without_a_token_or_with_a_forged_one(as_: As, course: Course) -> None:
    ada = as_(course.ada)
    assert ada.client.get("/v/r1/home").status_code == 401
    assert ada.client.post("/v/r1/home", data={FIELD: ada.token + "x"}).status_code == 401
    assert ada.client.post("/v/r1/home", data={FIELD: "å" * 40}).status_code == 401


def test_a_token_opens_only_the_visit_it_names(as_: As, course: Course) -> None:
    ada = as_(course.ada)
    assert ada.client.post("/v/other/home", data={FIELD: ada.token}).status_code == 401


def test_an_expired_visit_says_so_inside_the_frame_and_loses_nothing(
    app: Flask, as_: As, course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = as_(course.ada)
    later = datetime.now(UTC) + timedelta(seconds=app.extensions["regista"].settings.panel_token_seconds + 60)

    class Later(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return later

    monkeypatch.setattr(visits, "datetime", Later)
    page = ada.sends("talk/new", title="A long thought", body="Many words")
    assert page.status_code == 401
    assert "What you had written is kept in this browser" in page.text
    # A browser that forbids every store to frames keeps nothing: so the words come back with the page itself.
    assert "A long thought" in page.text
    assert "Many words" in page.text
    assert "frame-ancestors https://dati.example" in page.headers["Content-Security-Policy"]


def test_each_answer_renews_the_token(app: Flask, as_: As, course: Course) -> None:
    ada = as_(course.ada)
    fresh = ada.opens("home").headers[HEADER]
    assert unseal(fresh, app.extensions["regista"].settings) == ada.visit


@pytest.mark.parametrize("what", ["membership", "deployment"])
def test_who_has_left_or_was_shut_out_finds_nothing(as_: As, course: Course, db: Database, what: str) -> None:
    ada = as_(course.ada)
    with db.writing() as session:
        if what == "membership":
            session.execute(update(Membership).where(Membership.id == course.ada).values(state="inactive"))
        else:
            session.execute(update(Deployment).values(status="blocked"))
    assert ada.opens("home").status_code == 404


def test_a_token_that_mixes_two_people_or_two_courses_opens_nothing(app: Flask, as_: As, course: Course) -> None:
    ada, dario, eva = (visit_of(app, who) for who in (course.ada, course.dario, course.eva))
    mixed = [
        replace(ada, membership_id=dario.membership_id),
        replace(ada, context_id=dario.context_id),
        replace(ada, person_id=dario.person_id),
        replace(ada, academy_id=eva.academy_id),
        replace(ada, deployment_id=eva.deployment_id),
        replace(ada, registration_id=eva.registration_id),
    ]
    client = app.test_client()
    answers = [client.post("/v/r1/home", data={FIELD: token_of(app, visit)}).status_code for visit in mixed]
    assert answers == [404] * len(mixed)


def test_the_role_that_holds_is_the_courses_own(app: Flask, as_: As, course: Course) -> None:
    # Ada was a tutor at launch time, and a sync has learned since that she is not.
    assert as_(course.ada, role="tutor").opens("desk").status_code == 404
    assert as_(course.ada).opens("desk").status_code == 404


def test_presence_is_noted_and_shown_to_the_others(as_: As, course: Course, db: Database) -> None:
    with db.writing() as session:
        session.execute(update(Membership).where(Membership.id == course.bruno).values(launched_at=NOW))
    as_(course.bruno).opens("home")
    with db.reading() as session:
        member = session.get_one(Membership, course.bruno)
        assert session.get_one(Person, member.person_id).seen_at == NOW
    assert "1 here now" in as_(course.ada).opens("home").text


def test_a_test_student_looks_and_writes_nothing(app: Flask, course: Course) -> None:
    visit = replace(visit_of(app, course.ada, locale="en"), membership_id=None, person_id=0, student_view=True)
    client, token = app.test_client(), token_of(app, visit)
    page = client.post("/v/r1/home", data={FIELD: token})
    assert page.status_code == 200
    assert "You are only looking" in page.text
    assert client.post("/v/r1/peer", data={FIELD: token}).status_code == 200
    refused = client.post("/v/r1/talk/new", data={FIELD: token, "title": "Test", "body": "Test"})
    assert refused.status_code == 403
    assert "only a preview" in refused.text


SECRETS = ("Quiz 2", "nascosto", "Trieste", "Bruno", "Gaia", "Hugo", "duplicati", "Irene", "Fabio")


def test_dario_and_eva_walk_every_route_and_get_nothing(app: Flask, as_: As, course: Course, db: Database) -> None:
    with db.writing() as session:
        ids = lively(session, course)
    numbers = {
        "thread_id": ids["thread"], "match_id": ids["met"], "milestone_id": 1, "episode_id": 1, "offer_id": 1,
    }  # fmt: skip
    walked = 0
    for who in (course.dario, course.eva):
        outsider = as_(who)
        for rule in app.url_map.iter_rules():
            if not rule.rule.startswith("/v/<ref>"):
                continue
            values = {name: numbers.get(name, 1) for name in rule.arguments - {"ref"}}
            with app.test_request_context():
                path = app.url_map.bind("localhost").build(
                    rule.endpoint,
                    {"ref": "r1", **values},
                    method=min(rule.methods or (), key=lambda m: (m != "POST", m)),
                )
            for method in sorted((rule.methods or set()) & {"GET", "POST"}):
                form = {FIELD: outsider.token, "body": "I was here", "words": "I was here", "say": "yes",
                        "helped": "yes", "feeling": "too_hard", "activity_id": str(course.quiz_2)}  # fmt: skip
                answer = (
                    outsider.client.get(path, headers={HEADER: outsider.token})
                    if method == "GET"
                    else outsider.client.post(path, data=form)
                )
                assert answer.status_code < 500, (path, answer.text)
                if values:
                    assert answer.status_code in (400, 401, 403, 404, 410), path
                assert not [word for word in SECRETS if word in answer.text], path
                walked += 1
            other = as_(who, ref="elsewhere")
            assert other.client.post(path, data={FIELD: other.token}).status_code in (401, 404, 405), path
    assert walked > 40
    ada = as_(course.ada)
    assert "I was here" not in ada.opens(f"talk/{ids['thread']}").text
