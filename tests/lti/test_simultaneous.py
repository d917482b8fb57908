"""Many at once: eight posts of one form, a whole class at nine o'clock, two processes that need the first key."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import get_context
from threading import Barrier
from typing import Any

from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from lti_app import create_app
from lti_app.config import Settings
from lti_app.db import Database
from lti_app.models import ActiveDay, Context, Membership, Person, ToolKey
from tests.conftest import StillClock
from tests.lti.platform import Login, Moodle, begin, rows


def test_b28_of_eight_simultaneous_posts_of_one_form_exactly_one_gets_in(
    app: Flask, settings: Settings, db: Database, moodle: Moodle, clock: StillClock
) -> None:
    begin(moodle, app).launch(sub="99")
    login = begin(moodle, app)
    token = moodle.sign(login.claims())
    cookie = login.response.headers["Set-Cookie"].partition(";")[0]
    before = rows(db)
    # Two apps with engines of their own stand for two processes.
    databases = [Database(settings.database_url) for _ in range(2)]
    apps = [create_app(settings, database=database, clock=clock) for database in databases]
    barrier = Barrier(8)

    def post(number: int) -> int:
        browser = apps[number % 2].test_client(use_cookies=False)
        barrier.wait()
        form = {"id_token": token, "state": login.state}
        return browser.post("/lti/launch", data=form, headers={"Cookie": cookie}).status_code

    with ThreadPoolExecutor(8) as pool:
        codes = sorted(pool.map(post, range(8)))
    for database in databases:
        database.close()
    assert codes == [303] + [401] * 7
    after = rows(db)
    assert after["consumed_state"] == before["consumed_state"] + 1
    assert after["membership"] == before["membership"] + 1


def test_a_whole_class_that_opens_a_new_course_at_nine_gets_in(app: Flask, db: Database, moodle: Moodle) -> None:
    logins = [Login(moodle, app.test_client()) for _ in range(12)]
    barrier = Barrier(12)

    def open_panel(number: int) -> TestResponse:
        # Twelve launches by six people: each with two panels on the page.
        token = moodle.sign(logins[number].claims(sub=str(number % 6), name=f"Learner {number % 6}"))
        barrier.wait()
        return logins[number].post(token)

    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(open_panel, range(12)))
    assert [answer.status_code for answer in answers] == [303] * 12
    with db.reading() as session:
        assert len(session.scalars(select(Context)).all()) == 1
        for table in (Person, Membership, ActiveDay):
            assert len(session.scalars(select(table)).all()) == 6
    assert moodle.web.paths().count("/certs.php") == 1


def test_the_first_key_is_made_once_however_many_ask(app: Flask, db: Database) -> None:
    barrier = Barrier(4)

    def ask(_number: int) -> str:
        barrier.wait()
        answer = app.test_client().get("/lti/jwks")
        assert answer.json is not None
        return str([key["kid"] for key in answer.json["keys"]])

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(ask, range(4)))) == 1
    with db.reading() as session:
        assert len(session.scalars(select(ToolKey)).all()) == 1


def _post_together(settings: Settings, form: dict[str, str], cookie: str, gate: Any, told: Any) -> None:
    """Run in a process of its own: two threads post the same form when the gate opens."""
    app = create_app(settings)

    def post(_number: int) -> int:
        gate.wait(60)
        browser = app.test_client(use_cookies=False)
        return browser.post("/lti/launch", data=form, headers={"Cookie": cookie}).status_code

    with ThreadPoolExecutor(2) as pool:
        told.put(list(pool.map(post, range(2))))
    app.extensions["regista"].db.close()


def test_b28_of_eight_posts_in_four_processes_exactly_one_gets_in(
    app: Flask, settings: Settings, db: Database, moodle: Moodle
) -> None:
    begin(moodle, app).launch(sub="99")
    login = begin(moodle, app)
    # Four new processes on a busy machine may take longer than a minute to be there.
    token = moodle.sign(login.claims(exp=int(time.time()) + 600))
    form = {"id_token": token, "state": login.state}
    cookie = login.response.headers["Set-Cookie"].partition(";")[0]
    before = rows(db)
    # From a server that has loaded the house once, and no connection.
    processes = get_context("forkserver")
    processes.set_forkserver_preload([__name__, *(f"lti_app.{room}" for room in ("lti", "panels", "admin", "control"))])
    gate, told = processes.Barrier(8), processes.Queue()
    posting = [processes.Process(target=_post_together, args=(settings, form, cookie, gate, told)) for _ in range(4)]
    for one in posting:
        one.start()
    codes = sorted(code for _ in posting for code in told.get(timeout=120))
    for one in posting:
        one.join(30)
    assert codes == [303] + [401] * 7
    assert rows(db)["consumed_state"] == before["consumed_state"] + 1
