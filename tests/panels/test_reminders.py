"""Reminders: a day and an hour before, once each, by the way people let them come, and not in the night."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from lti_app.db import Database
from lti_app.house import House
from lti_app.jobs.deliver import deliver_due
from lti_app.jobs.reminders import remind_due
from lti_app.models import Delivery, Membership, Notification, Person, Prompt, Seat
from lti_app.sealing import seal_text
from lti_app.stopping import PATH
from lti_app.store import event_acts, letters, reminders, seats
from lti_app.store.event_acts import Plan
from lti_app.store.event_views import KINDS, Viewer
from tests.conftest import StillClock
from tests.sweep.course import NOW, Builder, Course
from tests.sweep.moodle import Mailbox, moodle

STARTS = NOW.replace(hour=17, minute=30) + timedelta(days=4)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with moodle() as box:
        yield box


@pytest.fixture
def house(app: Flask, course: Course, mailbox: Mailbox) -> House:
    found: House = app.extensions["regista"]
    with found.db.writing() as session:
        Builder(session).connect(course.registration, mailbox.url, seal_text("token", found.settings.secret_key))
    return found


def clara(course: Course) -> Viewer:
    return Viewer(course.context, course.clara, True, dict.fromkeys(KINDS, "on"))


def plan(starts: datetime = STARTS, **more: Any) -> Plan:
    return Plan(**{"kind": "qa", "title": "Quiz 2", "starts_at": starts, "ends_at": starts + HOUR / 2, **more})


def meets(db: Database, course: Course, *people: int, starts: datetime = STARTS, **more: Any) -> int:
    with db.writing() as session:
        event_id, _state = event_acts.call_meeting(session, clara(course), plan(starts, **more), NOW)
        for one in people:
            seats.sign_up(session, course.context, event_id, one, NOW)
    return event_id


def at(clock: StillClock, when: datetime) -> None:
    clock.offset = when - NOW


def told(db: Database, member: int) -> int:
    with db.reading() as session:
        query = select(func.count()).select_from(Notification)
        return session.scalar(query.where(Notification.membership_id == member, Notification.kind == "event_soon")) or 0


def texts(mailbox: Mailbox, to: str) -> list[str]:
    return [got["messages[0][text]"] for got in mailbox.got if got["messages[0][touserid]"] == to]


def test_ada_is_reminded_a_day_and_an_hour_before_and_once_each(
    app: Flask, course: Course, house: House, mailbox: Mailbox, clock: StillClock
) -> None:
    meets(house.db, course, course.ada, link="https://meet.example.org/q", bring="an error", place="Room 3")
    at(clock, STARTS - DAY - HOUR)
    assert remind_due(house) == 0
    at(clock, STARTS - DAY + timedelta(minutes=1))
    assert remind_due(house) == 2  # Ada, and Clara who leads it
    assert remind_due(house) == 0
    with app.app_context():
        assert deliver_due(house).sent == 2
        assert deliver_due(house).sent == 0
    (first,) = texts(mailbox, "ada-rossi")
    assert "Quiz 2" in first
    assert "martedì 24 novembre, 18:30–19:00" in first
    assert "https://meet.example.org/q" in first
    assert PATH in first
    for name in ("Clara", "Bruno"):
        assert name not in first
    at(clock, STARTS - HOUR)
    assert remind_due(house) == 2
    assert remind_due(house) == 0
    assert told(house.db, course.ada) == 2
    assert told(house.db, course.bruno) == 0
    with app.app_context():
        assert deliver_due(house).sent == 2


def test_five_ticks_at_once_remind_once(course: Course, house: House, clock: StillClock) -> None:
    meets(house.db, course, course.ada)
    at(clock, STARTS - HOUR * 20)
    gate, counts = threading.Barrier(5), []

    def run() -> None:
        gate.wait()
        counts.append(remind_due(house))

    threads = [threading.Thread(target=run) for _ in range(5)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(counts) == [0, 0, 0, 0, 2]
    with house.db.reading() as session:
        assert session.scalar(select(func.count()).select_from(Prompt)) == 2


def test_who_signed_up_late_is_not_told_what_they_know(course: Course, house: House, clock: StillClock) -> None:
    event_id = meets(house.db, course)
    at(clock, STARTS - HOUR * 5)
    with house.db.writing() as session:
        seats.sign_up(session, course.context, event_id, course.ada, clock.now())
    remind_due(house)
    assert told(house.db, course.ada) == 0
    at(clock, STARTS - HOUR)
    remind_due(house)
    assert told(house.db, course.ada) == 1


def test_a_moved_meeting_is_reminded_of_at_its_new_time(
    app: Flask, course: Course, house: House, mailbox: Mailbox, clock: StillClock
) -> None:
    event_id = meets(house.db, course, course.ada)
    at(clock, STARTS - DAY)
    remind_due(house)
    later = STARTS + timedelta(days=3)
    with house.db.writing() as session:
        event_acts.change(session, clara(course), event_id, plan(later), clock.now())
    with app.app_context():
        summary = deliver_due(house)
    assert (summary.sent, summary.dropped) == (1, 2)
    (only,) = texts(mailbox, "ada-rossi")
    assert "venerdì 27 novembre" in only
    at(clock, later - DAY)
    assert remind_due(house) == 2


def test_an_early_meeting_wakes_nobody(
    app: Flask, course: Course, house: House, mailbox: Mailbox, clock: StillClock
) -> None:
    early = NOW.replace(hour=6, minute=30) + timedelta(days=4)  # 7:30 in Rome
    meets(house.db, course, course.ada, starts=early)
    at(clock, early - HOUR)
    assert remind_due(house) == 2
    with app.app_context():
        assert deliver_due(house).sent == 0
    at(clock, early + HOUR * 2)
    with app.app_context():
        assert deliver_due(house).sent == 0
    assert texts(mailbox, "ada-rossi") == []
    assert told(house.db, course.ada) == 1


def test_who_wants_no_message_is_told_in_the_panel_alone(course: Course, house: House, clock: StillClock) -> None:
    meets(house.db, course, course.ada)
    with house.db.writing() as session:
        assert letters.stop_letters(session, course.ada, "events", NOW)
    at(clock, STARTS - DAY)
    remind_due(house)
    assert told(house.db, course.ada) == 1
    with house.db.reading() as session:
        assert session.scalars(select(Prompt.membership_id)).all() == [course.clara]


def test_what_one_signed_up_for_neither_counts_nor_waits_for_next_week(
    app: Flask, course: Course, house: House, mailbox: Mailbox, clock: StillClock
) -> None:
    for number in range(4):
        meets(house.db, course, course.ada, title=f"Meeting {number}")
    at(clock, STARTS - DAY)
    remind_due(house)
    with app.app_context():
        assert deliver_due(house).sent == 8
    with house.db.reading() as session:
        assert letters.sent_this_week(session, course.ada, clock.now()) == 0
        assert session.scalar(select(func.count()).select_from(Delivery)) == 8


def test_each_reads_the_hour_of_their_own_clock(
    app: Flask, course: Course, house: House, mailbox: Mailbox, clock: StillClock
) -> None:
    with house.db.writing() as session:
        person = select(Membership.person_id).where(Membership.id == course.ada)
        session.execute(
            update(Person).where(Person.id.in_(person)).values(time_zone="America/New_York", locale="en-US")
        )
    meets(house.db, course, course.ada)
    at(clock, STARTS - DAY)
    remind_due(house)
    with app.app_context():
        deliver_due(house)
    (text,) = texts(mailbox, "ada-rossi")
    assert "Tuesday 24 November, 12:30 PM–1:00 PM" in text.replace("\u202f", " ")
    assert "(New York time; on the course it is 6:30 PM–7:00 PM (Rome))" in text.replace("\u202f", " ")


def test_the_seat_of_somebody_who_has_left_goes_to_the_next(
    app: Flask, course: Course, house: House, mailbox: Mailbox
) -> None:
    event_id = meets(house.db, course, course.ada, capacity=1)
    with house.db.writing() as session:
        seats.sign_up(session, course.context, event_id, course.bruno, NOW, wait=True)
    assert remind_due(house) == 0
    with house.db.writing() as session:
        session.execute(update(Membership).where(Membership.id == course.ada).values(state="gone"))
    assert remind_due(house) == 1
    assert remind_due(house) == 0
    with house.db.reading() as session:
        state = select(Seat.state).where(Seat.event_id == event_id, Seat.membership_id == course.bruno)
        assert session.scalar(state) == "in"
    with app.app_context():
        assert deliver_due(house).sent == 1
    assert "posto" in texts(mailbox, "bruno-marchi")[0]


@pytest.mark.parametrize("what", ["cancelled", "changed"])
def test_what_happens_to_it_goes_out_with_its_reason(
    app: Flask, course: Course, house: House, mailbox: Mailbox, what: str
) -> None:
    event_id = meets(house.db, course, course.ada, place="Room 3")
    with house.db.writing() as session:
        if what == "cancelled":
            event_acts.cancel(session, clara(course), event_id, "Sono a letto.", NOW)
        else:
            event_acts.change(session, clara(course), event_id, plan(place="Room 9"), NOW)
    with app.app_context():
        assert deliver_due(house).sent == 1
    (text,) = texts(mailbox, "ada-rossi")
    assert ("Sono a letto." if what == "cancelled" else "Room 9") in text


def test_a_tick_reminds(app: Flask, course: Course, house: House, clock: StillClock) -> None:
    from lti_app.jobs.clock import tick

    meets(house.db, course, course.ada)
    at(clock, STARTS - DAY)

    class Queue:
        delivered = 0

        def waiting(self) -> int:
            return 0

        def deliver(self) -> None:
            self.delivered += 1

        def __getattr__(self, _name: str) -> Callable[..., None]:
            return lambda *ids: None

    queue: Any = Queue()
    with app.app_context():
        assert tick(house, queue).reminded == 2
    assert queue.delivered == 1


def test_nothing_is_due_where_nothing_is_planned(house: House) -> None:
    with house.db.reading() as session:
        assert reminders.due(session, NOW) == []
        assert reminders.with_room(session, NOW) == []
