"""A year of launches: the tables grow, and a launch does not notice; the platform is hardly ever asked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Flask
from sqlalchemy import insert, select, text

from lti_app import create_app
from lti_app.config import Settings
from lti_app.db import Database
from lti_app.lti.platform_keys import PAUSE
from lti_app.models import ConsumedState, PlatformKeySet
from lti_app.store import place
from tests.conftest import StillClock
from tests.lti.platform import Moodle, assert_enters, begin

MANY = 20_000


def plan(db: Database, statement: str, values: dict[str, Any]) -> str:
    lead = "EXPLAIN QUERY PLAN " if db.engine.dialect.name == "sqlite" else "EXPLAIN "
    with db.reading() as session:
        return "\n".join(str(tuple(row)) for row in session.execute(text(lead + statement), values))


def use_many_states(db: Database) -> None:
    now = datetime.now(UTC)
    used = [{"state": f"s{n:06}", "expires_at": now + timedelta(seconds=n)} for n in range(MANY)]
    with db.writing() as session:
        session.execute(insert(ConsumedState), used)
    if db.engine.dialect.name != "sqlite":
        with db.writing() as session:
            session.execute(text("ANALYZE consumed_state"))


def test_states_are_found_and_cleared_away_without_a_look_at_all_of_them(
    app: Flask, db: Database, moodle: Moodle
) -> None:
    use_many_states(db)
    now = datetime.now(UTC).replace(tzinfo=None)
    found = plan(db, "SELECT state FROM consumed_state WHERE state = :state", {"state": "s000042"})
    over = plan(db, "SELECT state FROM consumed_state WHERE expires_at < :now LIMIT 1000", {"now": now})
    gone = plan(db, "DELETE FROM consumed_state WHERE expires_at < :now", {"now": now})
    for one in (found, over, gone):
        assert "Seq Scan" not in one
        assert "SCAN consumed_state" not in one
        assert "index" in one.lower()
    assert_enters(begin(moodle, app).launch())


def test_whoever_comes_back_is_found_by_keys_alone(app: Flask, db: Database, moodle: Moodle) -> None:
    for _ in range(2):
        assert_enters(begin(moodle, app).launch())
    words = place._LOOK.words(db.engine.dialect)
    is_sqlite = db.engine.dialect.name == "sqlite"
    lead = "EXPLAIN QUERY PLAN " if is_sqlite else "EXPLAIN "
    with db.driver() as driver:
        driver.cursor.execute(lead + words.text, words.told({name: None for name, _ in words.parameters}))
        told = [str(row[-1]) for row in driver.cursor.fetchall()]
    assert told
    if is_sqlite:
        assert all(line.startswith(("SEARCH", "CORRELATED", "SCALAR SUBQUERY")) for line in told), told
    else:
        # However little PostgreSQL knows of its tables, it is never tempted to go through a course's people.
        assert not [line for line in told if "ix_membership_context_id_state" in line], told


def test_b33_a_thousand_launches_in_two_processes_ask_the_platform_once(
    app: Flask, settings: Settings, db: Database, moodle: Moodle, clock: StillClock
) -> None:
    other = Database(settings.database_url)
    apps = [app, create_app(settings, database=other, clock=clock)]
    for number in range(1000):
        clock.at += timedelta(seconds=1)
        assert_enters(begin(moodle, apps[number % 2]).launch(sub=str(number % 25)))
    other.close()
    assert moodle.web.paths().count("/certs.php") == 1


def test_b33_a_flood_of_forged_kids_costs_the_platform_one_request_in_ten_seconds(
    app: Flask, db: Database, moodle: Moodle
) -> None:
    assert_enters(begin(moodle, app).launch())
    for second in range(3):
        for number in range(40):
            login = begin(moodle, app)
            token = moodle.sign(login.claims(), key="forged", headers={"kid": f"forged-{second}-{number}"})
            assert login.post(token).status_code == 401
        assert moodle.web.paths().count("/certs.php") == 1 + second
        with db.writing() as session:
            kept = session.scalars(select(PlatformKeySet)).one()
            kept.asked_at -= PAUSE
    assert_enters(begin(moodle, app).launch())
