"""Launches that were overtaken, that came too late, or whose database had forgotten them."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import date, datetime, timedelta
from importlib import import_module
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import NullPool, create_engine, select, text
from sqlalchemy.exc import IntegrityError

from lti_app.db import Database
from lti_app.models import (
    ConsumedState,
    Person,
)
from tests.conftest import StillClock
from tests.lti.platform import Moodle, assert_enters, begin

launches_module: Any = import_module("lti_app.store.launches")


@pytest.mark.postgres
@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_a_database_that_dropped_its_connections_is_reached_again(
    app: Flask, db: Database, moodle: Moodle, clock: StillClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A handful of connections rests in the pool, as after a busy minute.
    for one in [db.engine.connect() for _ in range(6)]:
        one.close()
    begin(moodle, app).launch()
    clock.at += timedelta(minutes=5)
    login = begin(moodle, app)
    others = create_engine(db.engine.url, poolclass=NullPool)
    drop = text(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    with others.connect() as connection:
        connection.execute(drop)
    # They have rested for a while: each is asked whether it lives before it is used.
    for place in ("lti_app.db", "lti_app.drivers"):
        monkeypatch.setattr(f"{place}.RESTED_SECONDS", 0.0)
    assert_enters(login.launch())
    # Dropped while in use the launch begins anew: it had not been recorded.
    for place in ("lti_app.db", "lti_app.drivers"):
        monkeypatch.setattr(f"{place}.RESTED_SECONDS", 1000.0)
    login = begin(moodle, app)
    with others.connect() as connection:
        connection.execute(drop)
    assert_enters(login.launch())


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_posts_that_came_too_late_leave_the_door_open_for_the_next_person(
    app: Flask, db: Database, moodle: Moodle, clock: StillClock
) -> None:
    begin(moodle, app).launch()
    login = begin(moodle, app)
    token = moodle.sign(login.claims())
    again = [app.test_client() for _ in range(4)]
    for browser in again:
        browser._cookies = dict(login.browser._cookies)
    assert_enters(login.post(token))
    # On the next day it is weighed again, and each of the four has a connection of its own that nobody used before.
    clock.at += timedelta(days=1)
    app.extensions.pop("regista_front_door")
    db._drivers.close()
    with ExitStack() as others:
        for browser in again:
            assert login.post(token, browser=browser).status_code == 401
            others.enter_context(db.driver())
    assert_enters(begin(moodle, app).launch())


def test_somebody_who_was_a_moment_slower_than_another_of_their_tabs_gets_in_too(
    app: Flask, db: Database, moodle: Moodle, clock: StillClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(moodle, app).launch()
    keep_words, in_between = launches_module.keep_words, []

    def keep(session: Any, recorded: Any, words: str, day: date, now: datetime) -> None:
        # The other tab's words come between the two halves of keeping ours.
        if not in_between:
            in_between.append(words)
            raise IntegrityError("INSERT INTO arrival", {}, Exception("uq_arrival_membership_id_resource_link_id"))
        keep_words(session, recorded, words, day, now)

    monkeypatch.setattr(launches_module, "keep_words", keep)
    assert_enters(begin(moodle, app).launch(name="Ada Neri"))
    assert len(in_between) == 1
    with db.reading() as session:
        assert session.scalars(select(Person.name)).one() == "Ada Neri"
        assert len(session.scalars(select(ConsumedState)).all()) == 2


@pytest.mark.postgres
@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_a_connection_that_forgot_what_it_was_told_is_given_up(app: Flask, db: Database, moodle: Moodle) -> None:
    for _ in range(2):
        begin(moodle, app).launch()
    with db.driver() as driver:
        driver.cursor.connection.execute("DEALLOCATE ALL")
    assert_enters(begin(moodle, app).launch())
    with db.driver() as anew:
        assert anew is not driver
