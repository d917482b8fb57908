"""Regista at a platform that nobody of us wrote: launched, placed, and its members and grades read and written."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from urllib.parse import urlsplit

import pytest
import requests
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from lms_clients.advantage import grades, roster
from lms_clients.advantage.identity import ServiceIdentity, TokenCache
from lms_clients.advantage.services import Services
from lms_clients.errors import LmsError
from lms_clients.options import Options
from lms_clients.records import EnrolmentState, Role
from lti_app import create_app
from lti_app.config import Settings
from lti_app.db import Database
from lti_app.house import House
from lti_app.jobs.sync import sync_context
from lti_app.models import Context, Membership, Person
from lti_app.signing import our_signing_key
from lti_app.store.registrations import add_platform
from tests.conftest import NOW, StillClock
from tests.lti.independent import CLIENT, DEPLOYMENT, Course, Platform, over_http, platform_app
from tests.lti.platform import assert_enters, assert_refused, rows
from tests.servers import free_port

# The package signs with jwcrypto and PyJWT and warns of nothing; warnings stay errors here, too.


@dataclass(slots=True)
class There:
    """The platform, its course, and our app as it knows it."""

    url: str
    course: Course
    app: Flask

    def launch(self, browser: FlaskClient, user: str, hint: str = "link-1") -> tuple[str, dict[str, str]]:
        """Go from a link in the course to the launch: where the form leads, and what is in it."""
        begun = requests.get(
            f"{self.url}/start", params={"user": user, "hint": hint}, allow_redirects=False, timeout=10
        )
        login = urlsplit(begun.headers["Location"])
        asked = browser.get(f"{login.path}?{login.query}")
        assert asked.status_code == 302, asked.text
        answered = requests.get(asked.headers["Location"], timeout=10)
        assert answered.status_code == 200, answered.text
        action = re.search(r'action="([^"]+)"', answered.text)
        assert action
        fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', answered.text))
        return action[1], {name: html.unescape(value) for name, value in fields.items()}

    def services(self) -> Services:
        key = our_signing_key(self.app.extensions["regista"])
        identity = ServiceIdentity(CLIENT, f"{self.url}/token", key.kid, key.private_pem)
        return Services(identity, Options(allow_private=True, tries=1), TokenCache())


@pytest.fixture
def there(settings: Settings, db: Database, clock: StillClock) -> Iterator[There]:
    tool_port, port = free_port(), free_port()
    settings = replace(settings, public_url=f"http://127.0.0.1:{tool_port}")
    app = create_app(settings, database=db, clock=clock)
    url = f"http://127.0.0.1:{port}"
    course = Course(url)
    with db.writing() as session:
        add_platform(
            session,
            academy_name="Accademia Dati",
            name="",
            issuer=url,
            client_id=CLIENT,
            auth_login_url=f"{url}/auth",
            auth_token_url=f"{url}/token",
            jwks_url=f"{url}/jwks",
            deployment_ids=[DEPLOYMENT],
            now=NOW,
        )
    platform = Platform(url=url, tool=settings.public_url)
    with over_http(app, tool_port), over_http(platform_app(platform, course), port):
        yield There(url, course, app)


def test_ada_and_clara_launch_and_are_who_they_are(there: There, db: Database) -> None:
    for user in ("ada", "clara", "ada"):
        browser = there.app.test_client()
        address, form = there.launch(browser, user)
        assert urlsplit(address).path == "/lti/launch"
        ref = assert_enters(browser.post("/lti/launch", data=form))
        assert browser.get(f"/v/{ref}/home").status_code == 200
    with db.reading() as session:
        found = session.execute(select(Person.id_on_platform, Membership.role).join(Membership.person)).all()
        assert sorted(map(tuple, found)) == [("ada", "learner"), ("clara", "tutor")]
        context = session.scalars(select(Context)).one()
        assert (context.title, context.memberships_url) == ("Statistica", f"{there.url}/members")


def test_its_launch_opens_nothing_twice_and_nothing_in_another_browser(there: There, db: Database) -> None:
    browser = there.app.test_client()
    _address, form = there.launch(browser, "ada")
    before = rows(db)
    assert_refused(there.app.test_client().post("/lti/launch", data=form), db, before)
    assert_enters(browser.post("/lti/launch", data=form))
    after = rows(db)
    assert_refused(browser.post("/lti/launch", data=form), db, after)


def test_clara_places_a_panel_and_it_reads_our_answer(there: There) -> None:
    browser = there.app.test_client()
    _address, form = there.launch(browser, "clara", "place")
    chooser = browser.post("/lti/launch", data=form)
    assert chooser.status_code == 200
    ticket = re.search(r'name="ticket" value="([^"]*)"', chooser.text)
    assert ticket
    chosen = browser.post("/lti/deep-link", data={"ticket": html.unescape(ticket[1]), "panel": "talk"})
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', chosen.text))
    address = re.search(r'action="([^"]+)"', chosen.text)
    assert address
    assert address[1] == f"{there.url}/placed"
    assert requests.post(address[1], data={"JWT": fields["JWT"]}, timeout=10).text == "placed"
    (item,) = there.course.placed
    assert item["type"] == "ltiResourceLink"
    assert item["custom"]["panel"] == "talk"


def test_its_members_are_read_page_by_page_with_our_own_key(there: There) -> None:
    services = there.services()
    told = roster.read_roster(services, f"{there.url}/members")
    people = {one.id: one for one in map(roster.learner, told.members)}
    assert set(people) == {"ada", "bruno", "clara", "dario", "elena"}
    assert people["clara"].roles == {Role.INSTRUCTOR}
    assert [people[who].enrolments[0].state for who in ("ada", "dario", "elena")] == [
        EnrolmentState.ACTIVE,
        EnrolmentState.SUSPENDED,
        EnrolmentState.DELETED,
    ]
    assert there.course.tokens == 1
    services.close()


def test_a_column_is_made_and_a_score_comes_back_as_a_result(there: There) -> None:
    services, items = there.services(), f"{there.url}/items"
    column = grades.LineItem(label="Partecipazione", score_maximum=10, tag="regista")
    made = grades.create_line_item(services, items, column)
    assert made.id == f"{items}/1"
    assert grades.line_items(services, items, tag="regista", scope=grades.LINEITEM) == (made,)
    at = datetime.now(UTC)
    grades.send_score(services, made.id, grades.Score("ada", at, Decimal(7), Decimal(10)))
    with pytest.raises(LmsError):
        grades.send_score(services, made.id, grades.Score("ada", at - timedelta(days=1), Decimal(1), Decimal(10)))
    grades.send_score(services, made.id, grades.Score("ada", grades.growing(at, at), Decimal(8), Decimal(10)))
    assert grades.results(services, made.id) == (grades.Result("ada", Decimal(8), Decimal(10)),)
    # One token for each scope, however often it is used.
    assert there.course.tokens == 3
    services.close()


def test_a_sync_over_lti_alone_brings_its_whole_course(there: There, db: Database) -> None:
    browser = there.app.test_client()
    assert_enters(browser.post("/lti/launch", data=there.launch(browser, "ada")[1]))
    house: House = there.app.extensions["regista"]
    with db.reading() as session:
        context_id = session.scalars(select(Context.id)).one()
    summary = sync_context(house, context_id)
    assert summary is not None
    assert summary.state == "done"
    with db.reading() as session:
        query = (
            select(Person.id_on_platform, Membership.state).join(Membership.person).where(Membership.role == "learner")
        )
        states = dict(map(tuple, session.execute(query).all()))
    assert (states["ada"], states["bruno"], states["dario"]) == ("active", "active", "suspended")
