"""Whatever was changed since somebody last came is never overlooked when they come back with the same words."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from lti_app import create_app
from lti_app.config import Settings
from lti_app.db import Base, Database
from lti_app.models import (
    Academy,
    Arrival,
    Context,
    Deployment,
    Membership,
    Person,
    Registration,
    ResourceLink,
)
from tests.conftest import StillClock
from tests.lti.kept import kept
from tests.lti.platform import Moodle, assert_enters, assert_refused, begin, rows


def test_a_place_that_changed_on_our_side_is_weighed_in_full_on_the_next_day(
    app: Flask, db: Database, moodle: Moodle, clock: StillClock, weighed: list[str]
) -> None:
    begin(moodle, app).launch()
    for table, values in (
        (Context, {"title": "Un altro titolo"}),
        (ResourceLink, {"title": "Un altro nome"}),
        (ResourceLink, {"panel": "talk"}),
        (Person, {"name": "Un altro nome"}),
        (Person, {"email": "other@example.com"}),
        (Membership, {"raw_roles": []}),
    ):
        clock.at += timedelta(days=1)
        before = kept(db, 1)
        with db.writing() as session:
            session.execute(update(table).values(**values))
        del weighed[:]
        assert_enters(begin(moodle, app).launch())
        assert weighed == ["3"], values
        assert len(kept(db, 1)) == len(before) + 1
        with db.reading() as session:
            assert getattr(session.scalars(select(table)).one(), next(iter(values))) != next(iter(values.values()))


def test_what_our_side_changed_meanwhile_is_never_overlooked(
    app: Flask, db: Database, moodle: Moodle, clock: StillClock, weighed: list[str]
) -> None:
    begin(moodle, app).launch()
    for table, values, healed in (
        (Membership, {"role": "tutor"}, "learner"),
        (Membership, {"state": "suspended"}, "active"),
        (Membership, {"state": "deleted"}, "active"),
        (Membership, {"never_accessed": True}, False),
    ):
        with db.writing() as session:
            session.execute(update(table).values(**values))
        assert_enters(begin(moodle, app).launch())
        with db.reading() as session:
            assert getattr(session.scalars(select(table)).one(), next(iter(values))) == healed
    with db.writing() as session:
        session.scalars(select(Academy)).one().settings = {"managers": ["ada@example.com"]}
    assert_enters(begin(moodle, app).launch())
    with db.reading() as session:
        assert session.scalars(select(Membership.role)).one() == "manager"
    assert len(weighed) == 6


CHANGES: list[tuple[type[Base], dict[str, Any]]] = [
    (Membership, {"role": "tutor"}),
    (Membership, {"state": "suspended"}),
    (Membership, {"never_accessed": True}),
    (Academy, {"settings": {"managers": ["ada@example.com"]}}),
    (Academy, {"time_zone": "Pacific/Kiritimati"}),
    (Context, {"time_zone": "Pacific/Kiritimati"}),
]


@pytest.mark.parametrize(("table", "values"), CHANGES, ids=lambda one: str(one) if isinstance(one, dict) else "")
def test_what_changed_since_this_very_process_looked_is_not_overlooked_either(
    app: Flask, db: Database, moodle: Moodle, clock: StillClock, table: type[Base], values: dict[str, Any]
) -> None:
    with db.reading() as session:
        one = session.scalars(select(Registration.id)).one()
    other = moodle.register(db, client_id="tool-2", academy_name="Accademia Due")
    known: Any = begin(moodle, app) and app.extensions["regista_front_door"].arrivals
    for number in range(4):
        if number == 3:
            assert len(known) == 2
            with db.writing() as session:
                session.execute(update(table).values(**values))
        assert_enters(begin(moodle, app).launch())
        if number == 3:
            # The other school's short way is closed by hand: both leave the same behind.
            known._newer.clear()
            with db.writing() as session:
                session.execute(update(Arrival).values(weighed_at=clock.at - timedelta(days=9)))
        assert begin(moodle, app, client_id="tool-2").launch(aud="tool-2").status_code == 303
        clock.at += timedelta(minutes=5)
    assert kept(db, one) == kept(db, other)


@pytest.mark.parametrize("closed", [{"status": "blocked"}, {"jwks_url": "http://127.0.0.1:9/nothing"}])
def test_a_platform_that_changed_since_this_very_process_looked_opens_nothing(
    app: Flask, db: Database, moodle: Moodle, closed: dict[str, str]
) -> None:
    for _ in range(3):
        assert_enters(begin(moodle, app).launch())
    login = begin(moodle, app)
    with db.writing() as session:
        session.execute(update(Registration).values(**closed))
    before = rows(db)
    assert login.launch().status_code in (401, 404, 503)
    assert rows(db) == before


def test_what_one_process_saw_is_not_believed_after_another_one_wrote(
    app: Flask, settings: Settings, db: Database, moodle: Moodle, clock: StillClock
) -> None:
    other = create_app(settings, database=db, clock=clock)
    for hour in range(3):
        for each in (app, other, app, other):
            clock.at += timedelta(minutes=1)
            assert_enters(begin(moodle, each).launch(name=f"Ada {hour}"))
    with db.reading() as session:
        assert session.scalars(select(Person.name)).all() == ["Ada 2"]
        assert len(session.scalars(select(Arrival)).all()) == 1


@pytest.mark.parametrize("table", [Deployment, Registration])
def test_what_was_switched_off_a_moment_ago_opens_nothing(
    app: Flask, db: Database, moodle: Moodle, table: type[Base]
) -> None:
    assert_enters(begin(moodle, app).launch())
    login = begin(moodle, app)
    with db.writing() as session:
        session.execute(update(table).values(status="blocked"))
    before = rows(db)
    assert_refused(login.launch(), db, before)


def test_a_registration_whose_keys_moved_a_moment_ago_is_checked_against_the_new_ones(
    app: Flask, db: Database, moodle: Moodle
) -> None:
    assert_enters(begin(moodle, app).launch())
    login = begin(moodle, app)
    with db.writing() as session:
        session.execute(update(Registration).values(jwks_url=f"{moodle.web.url}/nothing-here"))
    before = rows(db)
    response = login.launch()
    assert response.status_code in (401, 503)
    assert rows(db) == before


def test_a_state_that_was_used_opens_nothing_for_somebody_who_comes_back_either(
    app: Flask, db: Database, moodle: Moodle
) -> None:
    assert_enters(begin(moodle, app).launch())
    login = begin(moodle, app)
    kept_cookie = login.browser.get_cookie(next(iter(login.browser._cookies))[2], path="/lti/launch")
    assert kept_cookie is not None
    token = moodle.sign(login.claims())
    assert_enters(login.post(token))
    before = rows(db)
    login.browser.set_cookie(kept_cookie.key, kept_cookie.value, path="/lti/launch")
    assert_refused(login.post(token), db, before)
