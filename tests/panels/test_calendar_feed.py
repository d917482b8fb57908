"""A person's meetings in their own calendar: an address that needs no visit, and tells nothing of anybody else."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given
from hypothesis import settings as settings_of
from hypothesis import strategies as st
from icalendar import Calendar
from sqlalchemy import select, update

from lti_app.config import Settings
from lti_app.db import Database
from lti_app.ical import one_calendar
from lti_app.models import Deployment, Membership, Person
from lti_app.store.calendar_feeds import Entry
from tests.conftest import StillClock
from tests.panels.conftest import Somebody
from tests.panels.meetings import MEETING, calls
from tests.sweep.course import NOW, Course

As = Callable[..., Somebody]


def address_of(who: Somebody, **form: str) -> str:
    """Ask for an address and return its path."""
    page = who.sends("events/calendar/address", **form)
    assert page.status_code == 200
    found = re.search(r"http://127\.0\.0\.1:8000(/calendar/[^\s<]+\.ics)", page.text)
    return found.group(1) if found else ""


def events_in(body: str) -> dict[str, Any]:
    found = {str(one["summary"]): one for one in Calendar.from_ical(body).walk("VEVENT")}
    assert body.count("BEGIN:VEVENT") == len(found)
    return found


def test_bruno_subscribes_to_his_own_meetings_and_no_more(
    app: Flask, as_: As, course: Course, clock: StillClock
) -> None:
    clara, bruno, ada = as_(course.clara), as_(course.bruno), as_(course.ada)
    first, _second = calls(clara), calls(clara, title="Not Bruno's", form_key="2")
    bruno.sends(f"events/{first}/join")
    ada.sends(f"events/{first}/join")
    path = address_of(bruno)
    answer = app.test_client().get(path)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    (event,) = events_in(answer.text).values()
    assert str(event["uid"]) == f"regista-event-{first}@127.0.0.1"
    assert event["dtstart"].dt == datetime(2026, 11, 24, 17, 30, tzinfo=UTC)
    assert "DTSTART:20261124T173000Z" in answer.text
    assert (event["status"], event["sequence"]) == ("CONFIRMED", 0)
    assert event["dtstamp"].dt == clock.now()
    assert "https://meet.example.org/quiz" in str(event["location"])
    for name in ("Ada", "Bruno", "Clara", "Villa", "again together"):
        assert name not in answer.text
    assert "\r\n" in answer.data.decode()


def test_what_moves_or_is_called_off_moves_there_too(app: Flask, as_: As, course: Course, clock: StillClock) -> None:
    clara, bruno = as_(course.clara), as_(course.bruno)
    event_id = calls(clara)
    bruno.sends(f"events/{event_id}/join")
    path, client = address_of(bruno), app.test_client()
    before = client.get(path)
    assert client.get(path, headers={"If-None-Match": before.headers["ETag"]}).status_code == 304
    clock.offset = timedelta(minutes=5)
    assert client.get(path, headers={"If-None-Match": before.headers["ETag"]}).status_code == 304
    clara.sends(f"events/{event_id}/change", **{**MEETING, "begins": "17:00", "ends": "17:30"})
    moved = client.get(path, headers={"If-None-Match": before.headers["ETag"]})
    assert moved.status_code == 200
    (event,) = events_in(moved.text).values()
    assert (event["sequence"], event["dtstart"].dt.hour, event["dtstamp"].dt) == (1, 16, clock.now())
    clara.sends(f"events/{event_id}/cancel", reason="")
    (event,) = events_in(client.get(path).text).values()
    assert (event["status"], event["sequence"]) == ("CANCELLED", 2)
    assert str(event["uid"]).startswith(f"regista-event-{event_id}@")


def test_a_new_address_ends_the_old_one(app: Flask, as_: As, course: Course) -> None:
    bruno, client = as_(course.bruno), app.test_client()
    assert "Make my address" in bruno.opens("events/calendar").text
    old = address_of(bruno)
    new = address_of(bruno)
    assert old != new
    assert (client.get(old).status_code, client.get(new).status_code) == (404, 200)
    assert address_of(bruno, end="yes") == ""
    assert client.get(new).status_code == 404
    damaged = new[:-8] + "AAAA.ics"
    for path in (damaged, "/calendar/x.ics", "/calendar/.ics", f"/calendar/{'x' * 4000}.ics"):
        assert client.get(path).status_code == 404
    assert client.post(new).status_code == 405


def test_an_address_that_is_asked_too_often_must_wait(app: Flask, as_: As, course: Course, clock: StillClock) -> None:
    path, client = address_of(as_(course.bruno)), app.test_client()
    codes = [client.get(path).status_code for _ in range(32)]
    assert codes == [200] * 30 + [429] * 2
    assert client.get(path).headers["Retry-After"] == "600"
    clock.offset = timedelta(minutes=11)
    assert client.get(path).status_code == 200


def test_who_has_left_or_was_blocked_gets_nothing(app: Flask, as_: As, course: Course, db: Database) -> None:
    bruno, client = as_(course.bruno), app.test_client()
    bruno.sends(f"events/{calls(as_(course.clara))}/join")
    path = address_of(bruno)
    with db.writing() as session:
        session.execute(update(Deployment).values(status="blocked"))
    assert client.get(path).status_code == 404
    with db.writing() as session:
        session.execute(update(Deployment).values(status="active"))
        session.execute(update(Membership).where(Membership.id == course.bruno).values(state="gone"))
    assert client.get(path).status_code == 404


def test_all_of_a_persons_courses_are_in_it(app: Flask, as_: As, course: Course, db: Database) -> None:
    """Clara's person also learns in Dario's course: one address holds both."""
    with db.writing() as session:
        person = session.scalar(select(Membership.person_id).where(Membership.id == course.clara))
        session.execute(update(Person).where(Person.id == person).values(locale="it"))
        other = Membership(
            context_id=course.dario_context, person_id=person, role="tutor", created_at=datetime(2026, 1, 1, tzinfo=UTC)
        )
        session.add(other)
        session.flush()
        other_id = other.id
    calls(as_(course.clara), title="Here")
    calls(as_(other_id), title="There")
    body = app.test_client().get(address_of(as_(course.clara))).text
    assert set(events_in(body)) == {"Here", "There"}
    assert "Incontri · " in body


def test_one_meeting_as_a_file_tells_its_link_only_to_who_comes(as_: As, course: Course) -> None:
    event_id = calls(as_(course.clara))
    ada = as_(course.ada)
    assert "meet.example.org" not in ada.opens(f"events/{event_id}/meeting.ics").text
    ada.sends(f"events/{event_id}/join")
    answer = ada.opens(f"events/{event_id}/meeting.ics")
    assert "meet.example.org" in answer.text
    assert "attachment" in answer.headers["Content-Disposition"]


moments = st.integers(946_684_800, 3_786_912_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
# The library that reads it back here takes a written \\N for a new line; what we write is looked at by itself below.
words = st.text("ab zé🎉日,;:\\\"'=\n\tBEGIN:END", max_size=120).filter(lambda text: "\\N" not in text)


@settings_of(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(title=words, place=words, course=words, at=moments, minutes=st.integers(1, 720), cancelled=st.booleans(),
       sequence=st.integers(0, 10_000))  # fmt: skip
def test_whatever_people_write_a_calendar_can_read_it(
    title: str, place: str, course: str, at: datetime, minutes: int, cancelled: bool, sequence: int
) -> None:
    entry = Entry(7, title, course, at, at + timedelta(minutes=minutes), place, "https://m.example.org/a?b=1,2", None,
                  sequence, at, cancelled)  # fmt: skip
    settings = Settings("sqlite://", "sqlite://", "https://regista.example.org", "k" * 40)
    body = one_calendar(entry, settings)
    assert all(len(line) <= 75 for line in body.split(b"\r\n"))
    (event,) = Calendar.from_ical(body).walk("VEVENT")
    assert str(event["summary"]) == title
    assert (event["dtstart"].dt, event["dtend"].dt) == (at, at + timedelta(minutes=minutes))
    assert str(event["location"]).startswith(place)
    assert event["sequence"] == sequence
    assert event["status"] == ("CANCELLED" if cancelled else "CONFIRMED")
    assert body == one_calendar(entry, settings)


def test_a_written_backslash_is_no_new_line() -> None:
    entry = Entry(7, r"Room C:\New, or \n; ok", "", NOW, NOW + timedelta(hours=1), "", "", None, 0, NOW, False)
    body = one_calendar(entry, Settings("sqlite://", "sqlite://", "https://regista.example.org", "k" * 40))
    assert rb"SUMMARY:Room C:\\New\, or \\n\; ok" in body


@pytest.mark.parametrize("locale", ["en", "it"])
def test_the_page_of_the_address_says_what_it_shows(as_: As, course: Course, locale: str) -> None:
    page = as_(course.ada, locale=locale).opens("events/calendar").text
    assert ("Make my address" if locale == "en" else "Crea il mio indirizzo") in page
