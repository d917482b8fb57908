"""Ada comes back: what was said before costs one look, and nothing that changed meanwhile is overlooked."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from importlib import import_module
from threading import Barrier
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import NullPool, create_engine, select, text, update
from sqlalchemy.exc import IntegrityError

from lti_app import create_app
from lti_app.config import Settings
from lti_app.db import Base, Database
from lti_app.models import (
    Academy,
    ActiveDay,
    Arrival,
    ConsumedState,
    Context,
    Deployment,
    Membership,
    Person,
    PlacedPanel,
    Registration,
    ResourceLink,
)
from lti_app.store.proofs import LAUNCH, POST
from tests.conftest import StillClock
from tests.lti.platform import MEMBERSHIP, Moodle, assert_enters, assert_refused, begin, rows

# The package has a blueprint of the same name.
door_module: Any = import_module("lti_app.lti.launch")
launches_module: Any = import_module("lti_app.store.launches")


@pytest.fixture
def weighed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The launches that were recorded in full."""
    found: list[str] = []
    in_full = door_module.record_launch

    def record(session: Any, platform: Any, launch: Any, **more: Any) -> Any:
        found.append(launch.sub)
        return in_full(session, platform, launch, **more)

    monkeypatch.setattr(door_module, "record_launch", record)
    return found


def kept(db: Database, registration_id: int) -> list[Any]:
    """All that is known of a registration's people and courses, without numbers of rows."""
    with db.reading() as session:
        found: list[Any] = []
        here = select(Membership).order_by(Membership.id)
        people = select(Person).where(Person.registration_id == registration_id).order_by(Person.id_on_platform)
        for person in session.scalars(people):
            found.append(plain(person, "registration_id"))
            for membership in session.scalars(here.where(Membership.person_id == person.id)):
                found.append(plain(membership, "person_id", "context_id"))
                days = select(ActiveDay).where(ActiveDay.membership_id == membership.id).order_by(ActiveDay.day)
                found += [(one.day, one.proofs) for one in session.scalars(days)]
        courses = select(Context).join(Deployment).where(Deployment.registration_id == registration_id)
        for course in session.scalars(courses.order_by(Context.id_on_platform)):
            found.append(plain(course, "deployment_id"))
            links = select(ResourceLink).where(ResourceLink.context_id == course.id)
            found += [
                plain(link, "context_id") for link in session.scalars(links.order_by(ResourceLink.id_on_platform))
            ]
        return found


def plain(row: Base, *without: str) -> dict[str, Any]:
    return {c.key: getattr(row, c.key) for c in row.__table__.columns if c.key not in ("id", *without)}


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


def test_the_words_of_one_school_are_not_those_of_another(app: Flask, db: Database, moodle: Moodle) -> None:
    moodle.register(db, client_id="tool-2", academy_name="Accademia Due")
    for _ in range(2):
        assert_enters(begin(moodle, app).launch())
        assert_enters(begin(moodle, app, client_id="tool-2").launch(aud="tool-2"))
    with db.reading() as session:
        assert len(session.scalars(select(Arrival)).all()) == 2
        assert len(session.scalars(select(ConsumedState)).all()) == 4
        assert len(session.scalars(select(Membership)).all()) == 2


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
