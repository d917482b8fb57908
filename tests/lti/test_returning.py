"""Ada comes back: what was said before costs one statement, and leaves behind what the long way would."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from importlib import import_module
from threading import Barrier
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from lti_app.db import Database
from lti_app.models import (
    ActiveDay,
    Arrival,
    ConsumedState,
    Context,
    Membership,
    Person,
    PlacedPanel,
    Registration,
    ResourceLink,
)
from lti_app.store.proofs import LAUNCH, POST
from tests.conftest import StillClock
from tests.lti.kept import kept
from tests.lti.platform import MEMBERSHIP, Moodle, assert_enters, begin, rows

# The package has a blueprint of the same name.
door_module: Any = import_module("lti_app.lti.launch")


def test_ada_who_comes_back_with_the_same_words_leaves_only_times(
    app: Flask, db: Database, moodle: Moodle, clock: StillClock, weighed: list[str]
) -> None:
    begin(moodle, app).launch()
    before = rows(db)
    clock.at += timedelta(minutes=5)
    assert_enters(begin(moodle, app).launch())
    assert weighed == ["3"]
    assert rows(db) == {**before, "consumed_state": before["consumed_state"] + 1}
    with db.reading() as session:
        person, membership = session.scalars(select(Person)).one(), session.scalars(select(Membership)).one()
        course, link = session.scalars(select(Context)).one(), session.scalars(select(ResourceLink)).one()
        session.expunge_all()
    assert {person.seen_at, membership.launched_at, course.launched_at, link.launched_at} == {clock.at}


def test_a_whole_class_that_comes_back_at_once_gets_in_by_the_short_way(
    app: Flask, db: Database, moodle: Moodle, clock: StillClock, weighed: list[str]
) -> None:
    for person in range(6):
        begin(moodle, app).launch(sub=str(person))
    clock.at += timedelta(minutes=5)
    logins, barrier = [begin(moodle, app) for _ in range(12)], Barrier(12)

    def come(number: int) -> int:
        # Each with two panels on the page; all write the times of one course and one link.
        token = moodle.sign(logins[number].claims(sub=str(number % 6)))
        barrier.wait()
        return logins[number].post(token).status_code

    with ThreadPoolExecutor(12) as pool:
        assert list(pool.map(come, range(12))) == [303] * 12
    assert weighed == ["0"]
    with db.reading() as session:
        assert set(session.scalars(select(Person.seen_at))) == {clock.at}
        assert set(session.scalars(select(Membership.launched_at))) == {clock.at}
        assert len(session.scalars(select(ConsumedState)).all()) == 18


NEW_TITLE, OTHER_COURSE = {"id": "2", "title": "Un titolo nuovo"}, {"id": "3", "title": "Un altro corso"}
BRUNO: dict[str, Any] = {"sub": "4", "name": "Bruno Verdi", "email": "bruno@example.com", "_context": NEW_TITLE}
STEPS: list[tuple[timedelta, dict[str, Any]]] = [
    (timedelta(), {}),
    # Within a minute times stay as they are: several panels on one page open at once.
    (timedelta(seconds=90), {}),
    (timedelta(minutes=5), {}),
    (timedelta(minutes=5), {"_resource_link": {"id": "2", "title": "Un altro"}}),
    (timedelta(minutes=5), {"_resource_link": {"id": "2", "title": "Un altro"}}),
    (timedelta(minutes=5), {"name": "Ada Rossi Bianchi"}),
    (timedelta(minutes=5), {"name": "Ada Rossi Bianchi"}),
    (timedelta(minutes=5), {"name": None, "email": None}),
    (timedelta(minutes=5), {"_roles": [MEMBERSHIP + "Instructor"]}),
    (timedelta(minutes=5), {"_roles": [MEMBERSHIP + "Instructor"]}),
    (timedelta(hours=2), {}),
    (timedelta(minutes=5), {}),
    (timedelta(days=1), {}),
    (timedelta(minutes=5), {"_context": NEW_TITLE}),
    # Somebody new in a course that is known, and in another one; then with words that say more than before.
    (timedelta(minutes=5), BRUNO),
    (timedelta(minutes=5), {"_context": OTHER_COURSE}),
    (timedelta(minutes=5), {**BRUNO, "_context": OTHER_COURSE}),
    (timedelta(minutes=5), {**BRUNO, "picture": "https://lms.example.org/bruno.png"}),
    (timedelta(days=1), BRUNO),
    (timedelta(days=1), {**BRUNO, "_roles": []}),
    (timedelta(hours=2), {**BRUNO, "_roles": []}),
    (timedelta(minutes=5), {"_custom": {"panel": "talk"}}),
    (timedelta(minutes=5), {"_custom": {"panel": "talk"}}),
]


# In full (f) or short (s), by step.
WAYS = "fssfsfssfsfssfsfsfsfsfs"


def test_the_short_way_and_the_long_way_leave_the_same_behind(
    app: Flask, db: Database, moodle: Moodle, clock: StillClock, weighed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with db.reading() as session:
        one = session.scalars(select(Registration.id)).one()
    other = moodle.register(db, client_id="tool-2", academy_name="Accademia Due")
    ways = []
    for pause, said in STEPS:
        clock.at += pause
        before = len(weighed)
        assert_enters(begin(moodle, app).launch(**said), "talk" if "_custom" in said else "home")
        short = len(weighed)
        ways.append("f" if short > before else "s")
        with monkeypatch.context() as patch:
            patch.setattr(door_module, "may_come_back", lambda launch: False)
            assert begin(moodle, app, client_id="tool-2").launch(aud="tool-2", **said).status_code == 303
        assert kept(db, one) == kept(db, other), said
        del weighed[short:]
    # In full were the first of all, whoever came from a new place, and whatever said something new of what there was.
    assert "".join(ways) == WAYS


def test_a_class_that_opens_its_page_for_the_first_time_at_once_is_written_down_once(
    app: Flask, db: Database, moodle: Moodle, clock: StillClock, weighed: list[str]
) -> None:
    begin(moodle, app).launch()
    logins, barrier = [begin(moodle, app) for _ in range(12)], Barrier(12)

    def come(number: int) -> int:
        token = moodle.sign(logins[number].claims(sub=str(100 + number % 6), name=f"Persona {number % 6}"))
        barrier.wait()
        return logins[number].post(token).status_code

    with ThreadPoolExecutor(12) as pool:
        assert list(pool.map(come, range(12))) == [303] * 12
    found = rows(db)
    assert (found["person"], found["membership"], found["active_day"], found["arrival"]) == (7, 7, 7, 7)
    assert found["consumed_state"] == 13


def test_whoever_was_seen_today_keeps_what_else_proved_it(
    app: Flask, db: Database, moodle: Moodle, clock: StillClock, weighed: list[str]
) -> None:
    begin(moodle, app).launch()
    clock.at += timedelta(days=1)
    with db.writing() as session:
        member = session.scalars(select(Membership.id)).one()
        session.add(ActiveDay(membership_id=member, day=clock.at.date(), proofs=POST))
    assert_enters(begin(moodle, app).launch())
    with db.reading() as session:
        days = select(ActiveDay.proofs).order_by(ActiveDay.day)
        assert session.scalars(days).all() == [LAUNCH, LAUNCH | POST]
    assert weighed == ["3"]


def test_somebody_whom_only_the_roster_knew_is_the_same_person_when_they_come(
    app: Flask, db: Database, moodle: Moodle, clock: StillClock, weighed: list[str]
) -> None:
    with db.writing() as session:
        registration = session.scalars(select(Registration)).one()
        registration.product = "moodle"
        session.add(Person(registration_id=registration.id, api_id="4", name="Bruno Verdi", created_at=clock.at))
    begin(moodle, app).launch()
    assert_enters(begin(moodle, app).launch(sub="4", name="Bruno Verdi"))
    with db.reading() as session:
        known = session.scalars(select(Person).where(Person.api_id == "4")).one()
        assert (known.id_on_platform, known.name) == ("4", "Bruno Verdi")
    assert weighed == ["3", "4"]


@pytest.mark.parametrize("minutes", [5, 10])
def test_whoever_comes_back_after_midnight_was_here_on_both_days(
    app: Flask, db: Database, moodle: Moodle, clock: StillClock, minutes: int
) -> None:
    # A quarter to midnight in Rome, where the academy is; by Greenwich it is the same day an hour later.
    clock.at = datetime(2026, 11, 29, 22, 45, tzinfo=UTC)
    for _ in range(12):
        assert_enters(begin(moodle, app).launch())
        clock.at += timedelta(minutes=minutes)
    with db.reading() as session:
        days = session.scalars(select(ActiveDay.day).order_by(ActiveDay.day)).all()
    assert days == [date(2026, 11, 29), date(2026, 11, 30)]


def test_the_words_of_one_school_are_not_those_of_another(app: Flask, db: Database, moodle: Moodle) -> None:
    moodle.register(db, client_id="tool-2", academy_name="Accademia Due")
    for _ in range(2):
        assert_enters(begin(moodle, app).launch())
        assert_enters(begin(moodle, app, client_id="tool-2").launch(aud="tool-2"))
    with db.reading() as session:
        assert len(session.scalars(select(Arrival)).all()) == 2
        assert len(session.scalars(select(ConsumedState)).all()) == 4
        assert len(session.scalars(select(Membership)).all()) == 2


def test_a_panel_that_anna_placed_is_come_back_to_by_the_short_way_and_its_copy_is_recognised(
    app: Flask, db: Database, moodle: Moodle, clock: StillClock, weighed: list[str]
) -> None:
    begin(moodle, app).launch()
    with db.writing() as session:
        here = session.scalars(select(Context.id)).one()
        session.add(PlacedPanel(mark="m-1", context_id=here, panel="home", title="", settings={}, placed_at=clock.at))
    for _ in range(3):
        clock.at += timedelta(days=1)
        assert_enters(begin(moodle, app).launch(_custom={"regista_link": "m-1"}))
    # In full where it was new, and where the link learned its mark.
    assert weighed == ["3", "3"]
    begin(moodle, app).launch(_context={"id": "77", "title": "Copia"})
    assert_enters(begin(moodle, app).launch(_context={"id": "77", "title": "Copia"}, _custom={"regista_link": "m-1"}))
    with db.reading() as session:
        copied = select(Context.copied_from_id).where(Context.id_on_platform == "77")
        assert session.scalars(copied).one() == here
