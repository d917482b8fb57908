"""The LMS's calendar follows the course's meetings: there once, moved and gone with them; trouble is told to staff."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from lms_clients.base import CalendarEvent, Delivery, DeliveryState
from lms_clients.errors import Permission, Throttled
from lti_app.house import House
from lti_app.jobs.calendars import anything_due, keep_calendars
from lti_app.models import CalendarEntry
from lti_app.store import event_acts
from tests.conftest import StillClock
from tests.panels.conftest import Somebody
from tests.panels.meetings import MEETING, calls
from tests.panels.test_reminders import clara, plan
from tests.sweep.course import NOW, Builder, Course

As = Callable[..., Somebody]
SENT, UNKNOWN, REFUSED = DeliveryState.SENT, DeliveryState.UNKNOWN, DeliveryState.REFUSED


class Diary:
    """An LMS with a calendar; ``in_place`` like Canvas, else like Moodle. ``lose`` loses the answer to a creation."""

    def __init__(self, in_place: bool) -> None:
        self.in_place = in_place
        self.entries: dict[str, CalendarEvent] = {}
        self.made = 0
        self.lose = ""
        self.raises: Exception | None = None
        self.lock = threading.Lock()

    def create_event(self, event: CalendarEvent) -> Delivery:
        if self.raises:
            raise self.raises
        with self.lock:
            lose, self.lose = self.lose, ""
            if lose == "before":
                return Delivery("", UNKNOWN, reason="timeout")
            self.made += 1
            self.entries[str(self.made)] = event
            return Delivery("", UNKNOWN, reason="timeout") if lose else Delivery("", SENT, lms_id=str(self.made))

    def update_event(self, lms_id: str, event: CalendarEvent) -> Delivery:
        if not self.in_place:
            return Delivery("", DeliveryState.UNSUPPORTED, lms_id=lms_id)
        self.entries[lms_id] = event
        return Delivery("", SENT, lms_id=lms_id)

    def delete_event(self, lms_id: str) -> Delivery:
        self.entries.pop(lms_id, None)
        return Delivery("", SENT, lms_id=lms_id)

    def find_event(self, event: CalendarEvent) -> Delivery:
        for lms_id, one in self.entries.items():
            if (one.title, one.starts_at) == (event.title, event.starts_at):
                return Delivery("", SENT, lms_id=lms_id)
        return Delivery("", REFUSED, reason="not_there")

    def close(self) -> None:
        return


@pytest.fixture(params=[True, False], ids=["canvas", "moodle"])
def diary(request: pytest.FixtureRequest) -> Diary:
    return Diary(request.param)


@pytest.fixture
def house(app: Flask, course: Course) -> House:
    found: House = app.extensions["regista"]
    with found.db.writing() as session:
        Builder(session).connect(course.registration, "https://lms.example")
    return found


def keep(house: House, diary: Diary) -> int:
    return keep_calendars(house, connect=lambda _house, _id: diary)  # type: ignore[arg-type, return-value]


def call(house: House, course: Course, **more: Any) -> int:
    with house.db.writing() as session:
        return event_acts.call_meeting(session, clara(course), plan(in_lms=True, **more), NOW)[0]


def entry(house: House) -> tuple[str, str | None, str]:
    with house.db.reading() as session:
        row = session.execute(select(CalendarEntry.state, CalendarEntry.lms_id, CalendarEntry.detail)).one()
        return row[0], row[1], row[2]


def test_a_meeting_is_there_once_moves_and_goes(house: House, course: Course, diary: Diary) -> None:
    event_id = call(house, course, link="https://meet.example.org/q", place="Room 3")
    assert anything_due(house)
    assert keep(house, diary) == 1
    assert keep(house, diary) == 0
    assert not anything_due(house)
    (event,) = diary.entries.values()
    assert (event.title, event.course.api_id) == ("Quiz 2", "7")
    assert "Room 3" in event.description
    assert "meet.example.org" not in event.description
    later = plan().starts_at + timedelta(days=1)
    with house.db.writing() as session:
        event_acts.change(session, clara(course), event_id, plan(later, in_lms=True), NOW)
    keep(house, diary)
    (event,) = diary.entries.values()
    assert event.starts_at == later
    with house.db.writing() as session:
        event_acts.cancel(session, clara(course), event_id, "", NOW)
    keep(house, diary)
    assert diary.entries == {}
    assert entry(house)[0] == "gone"


@pytest.mark.parametrize("lose", ["after", "before"])
def test_a_lost_answer_never_makes_two(
    house: House, course: Course, diary: Diary, clock: StillClock, lose: str
) -> None:
    call(house, course)
    diary.lose = lose
    keep(house, diary)
    assert entry(house)[0] == "unsure"
    assert keep(house, diary) == 0
    clock.offset = timedelta(minutes=6)
    keep(house, diary)
    assert len(diary.entries) == 1
    assert entry(house)[:2] == ("there", next(iter(diary.entries)))


def test_a_worker_that_dies_while_it_writes_leaves_no_second_entry(house: House, course: Course, diary: Diary) -> None:
    call(house, course)

    class Dies(Exception):
        pass

    diary.raises = Dies()
    with pytest.raises(Dies):
        keep(house, diary)
    assert entry(house)[0] == "sending"
    diary.raises = None
    diary.create_event(CalendarEvent(None, "Quiz 2", plan().starts_at))  # type: ignore[arg-type]
    assert keep(house, diary) == 0  # its claim still runs
    with house.db.writing() as session:
        session.execute(update(CalendarEntry).values(claimed_until=None))
    keep(house, diary)
    assert len(diary.entries) == 1
    assert entry(house)[0] == "there"


def test_many_workers_write_it_once(house: House, course: Course, diary: Diary) -> None:
    call(house, course)
    gate = threading.Barrier(4)

    def run() -> None:
        gate.wait()
        keep(house, diary)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert diary.made == 1


def test_what_the_platform_refuses_is_told_to_staff_alone(
    as_: As, house: House, course: Course, clock: StillClock
) -> None:
    diary = Diary(True)
    event_id = calls(as_(course.clara), in_lms="yes", asks_lms="yes")
    diary.raises = Permission("no", code="nopermissions")
    keep(house, diary)
    assert entry(house)[0] == "refused"
    page = as_(course.clara).opens(f"events/{event_id}").text
    assert "The learning platform did not take it into its calendar." in page
    assert "nopermissions" in page
    assert "learning platform" not in as_(course.ada).opens(f"events/{event_id}").text
    diary.raises = None
    assert as_(course.clara).sends(f"events/{event_id}/write-again").status_code == 200
    keep(house, diary)
    assert "It stands in the learning platform" in as_(course.clara).opens(f"events/{event_id}").text
    # Who takes the tick away takes the entry out.
    as_(course.clara).sends(f"events/{event_id}/change", **MEETING, asks_lms="yes")
    keep(house, diary)
    assert diary.entries == {}


def test_a_platform_that_wants_a_pause_gets_it(house: House, course: Course, clock: StillClock) -> None:
    diary = Diary(True)
    call(house, course)
    diary.raises = Throttled("slowly", retry_after=60)
    assert keep(house, diary) == 1
    assert keep(house, diary) == 0
    diary.raises = None
    clock.offset = timedelta(seconds=61)
    assert keep(house, diary) == 1
    assert len(diary.entries) == 1


def test_nobody_asks_where_no_calendar_can_be_kept(as_: As, course: Course) -> None:
    assert "learning platform's own calendar" not in as_(course.clara).opens("events/new").text


def test_the_form_offers_it_where_it_can(as_: As, house: House, course: Course) -> None:
    assert "learning platform's own calendar" in as_(course.clara).opens("events/new").text
    assert "learning platform's own calendar" not in as_(course.ada).opens("events/new").text
