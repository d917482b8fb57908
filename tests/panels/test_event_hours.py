"""The form of a meeting and its hours: faults in words, clocks that skip or come twice, clocks elsewhere."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, update

from lti_app.db import Database
from lti_app.models import Context, Event, Membership, Person
from tests.panels.conftest import Somebody
from tests.panels.meetings import MEETING, calls, event_row
from tests.sweep.course import Course

As = Callable[..., Somebody]


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("title", "", "it cannot be empty"),
        ("title", "t" * 201, "1 character too long"),
        ("on", "2026-02-30", "A day is needed"),
        ("on", "", "A day is needed"),
        ("on", "2026-11-19", "That hour is over already"),
        ("on", "2036-11-19", "Is the year right?"),
        ("begins", "25:00", "An hour is needed"),
        ("ends", "18:30", "It ends before it begins"),
        ("ends", "10:00", "lasts longer than twelve hours"),
        ("link", "http://meet.example.org/x", "begins with https://"),
        ("link", "javascript:alert(1)", "begins with https://"),
        ("link", "https://user:pw@meet.example.org", "begins with https://"),
        ("capacity", "0", "A whole number from 1"),
        ("capacity", "many", "A whole number from 1"),
        ("bring", "b" * 301, "1 character too long"),
        ("words", "\u202edesrever", "characters that cannot be shown"),
    ],
)
def test_what_cannot_be_taken_comes_back_with_words_and_the_draft(
    as_: As, course: Course, db: Database, field: str, value: str, words: str
) -> None:
    page = as_(course.clara).sends("events/call", **{**MEETING, field: value})
    assert page.status_code == 422
    assert words in page.text
    assert 'value="2026-11-24"' in page.text or field == "on"
    assert "your favourite mistake" in page.text or field == "bring"
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(Event)) == 0


def test_an_hour_that_the_clocks_skip_is_explained(as_: As, course: Course, db: Database) -> None:
    clara = as_(course.clara)
    page = clara.sends("events/call", **{**MEETING, "on": "2027-03-28", "begins": "02:30", "ends": "04:00"})
    assert page.status_code == 422
    assert "this hour does not exist in Rome. The first one after it is 3:00" in page.text.replace("\u202f", " ")


def test_an_hour_that_comes_twice_is_asked_back(as_: As, course: Course, db: Database) -> None:
    clara = as_(course.clara)
    night = {**MEETING, "on": "2027-10-31", "begins": "02:30", "ends": "03:30"}
    page = clara.sends("events/call", **night)
    assert page.status_code == 422
    assert "this hour comes twice. Which one do you mean?" in page.text
    assert 'name="fold"' in page.text
    first, second = (event_row(db, calls(clara, **night, fold=fold, form_key=fold)) for fold in ("0", "1"))
    assert first.starts_at == datetime(2027, 10, 31, 0, 30, tzinfo=UTC)
    assert second.starts_at == datetime(2027, 10, 31, 1, 30, tzinfo=UTC)
    assert first.ends_at == second.ends_at == datetime(2027, 10, 31, 2, 30, tzinfo=UTC)
    assert re.search(r'value="1" checked', clara.opens(f"events/{second.id}/edit").text)


def test_a_meeting_may_end_after_midnight(as_: As, course: Course, db: Database) -> None:
    row = event_row(db, calls(as_(course.clara), begins="23:00", ends="00:30"))
    assert row.ends_at - row.starts_at == timedelta(minutes=90)


@pytest.mark.parametrize(
    ("zone", "day", "hours", "named"),
    [
        ("Europe/Rome", "Tuesday 24 November", "6:30 PM–7:00 PM", ""),
        ("Europe/Berlin", "Tuesday 24 November", "6:30 PM–7:00 PM", ""),
        (
            "Pacific/Kiritimati",
            "Wednesday 25 November",
            "7:30 AM–8:00 AM",
            "Kiritimati time; on the course it is Tuesday",
        ),
        ("America/New_York", "Tuesday 24 November", "12:30 PM–1:00 PM", "New York time; on the course it is 6:30 PM"),
        ("Nowhere/Land", "Tuesday 24 November", "6:30 PM–7:00 PM", ""),
    ],
)
def test_everybody_sees_it_on_their_own_clock(
    as_: As, course: Course, db: Database, zone: str, day: str, hours: str, named: str
) -> None:
    event_id = calls(as_(course.clara))
    with db.writing() as session:
        mine = select(Membership.person_id).where(Membership.id == course.ada)
        session.execute(update(Person).where(Person.id.in_(mine)).values(time_zone=zone))
    page = as_(course.ada).opens(f"events/{event_id}").text.replace("\u202f", " ")
    assert f"{day}, {hours}" in page
    assert (named in page) if named else ("on the course it is" not in page)


def test_hours_are_entered_on_the_clocks_of_the_course(as_: As, course: Course, db: Database) -> None:
    with db.writing() as session:
        session.execute(update(Context).where(Context.id == course.context).values(time_zone="Pacific/Kiritimati"))
    row = event_row(db, calls(as_(course.clara)))
    assert row.starts_at == datetime(2026, 11, 24, 4, 30, tzinfo=UTC)
