"""Ada opens the course page, and her panel opens in it."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import select

from lti_app.db import Database
from lti_app.models import ActiveDay, Context, Membership, Person, ResourceLink
from lti_app.visit import COOKIE, unseal
from tests.conftest import NOW
from tests.lti.platform import Moodle, assert_enters, begin, rows


def test_ada_launches_and_arrives_at_home_with_a_visit_of_her_own(app: Flask, db: Database, moodle: Moodle) -> None:
    login = begin(moodle, app)
    assert login.query["redirect_uri"] == "http://127.0.0.1:8000/lti/launch"
    assert login.query["lti_message_hint"] == '{"cmid":45,"launchid":"ltilaunch1_1459690635"}'
    assert (login.query["prompt"], login.query["response_mode"]) == ("none", "form_post")
    response = login.launch()
    ref = assert_enters(response)
    cookie = next(c for c in response.headers.getlist("Set-Cookie") if c.startswith(COOKIE))
    for attribute in ("HttpOnly", "Secure", "SameSite=None", "Partitioned", f"Path=/v/{ref}/"):
        assert attribute in cookie
    visit = unseal(cookie.partition("=")[2].partition(";")[0], app.extensions["regista"].settings)
    assert (visit.ref, visit.role, visit.locale) == (ref, "learner", "en")
    with db.reading() as session:
        person = session.scalars(select(Person)).one()
        assert (person.id_on_platform, person.name, person.email) == ("3", "Ada Rossi", "ada@example.com")
        context = session.scalars(select(Context)).one()
        assert (context.title, context.sync_due_at, context.launched_at) == ("Fondamenti di Data Analysis", NOW, NOW)
        membership = session.scalars(select(Membership)).one()
        assert (membership.id, membership.role, membership.launched_at) == (visit.membership_id, "learner", NOW)
        link = session.scalars(select(ResourceLink)).one()
        assert (link.panel, link.title) == ("home", "Comunità del corso")
        assert session.scalars(select(ActiveDay)).one().proofs == 1


def test_ada_comes_back_tomorrow_and_is_the_same_person(app: Flask, db: Database, moodle: Moodle) -> None:
    begin(moodle, app).launch()
    before = rows(db)
    begin(moodle, app).launch(name=None, given_name=None, family_name=None, email=None)
    after = rows(db)
    assert {**before, "consumed_state": 2} == after
    with db.reading() as session:
        assert session.scalars(select(Person)).one().name == "Ada Rossi"
