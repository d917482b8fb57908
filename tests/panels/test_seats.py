"""Seats at a meeting: the last one, the list of those who wait, who is seen, who came."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import select

from lti_app.db import Database
from lti_app.models import Seat
from lti_app.store import seats
from lti_app.store.refusals import Taken
from tests.conftest import StillClock
from tests.panels.conftest import Somebody
from tests.panels.meetings import MEETING, calls, state_of, told
from tests.sweep.course import NOW, Course

As = Callable[..., Somebody]


def test_the_last_seat_goes_to_one_and_the_other_is_offered_the_list(as_: As, course: Course, db: Database) -> None:
    event_id = calls(as_(course.clara), capacity="1")
    ada, bruno = as_(course.ada), as_(course.bruno)
    assert ada.sends(f"events/{event_id}/join", htmx=True).status_code == 200
    late = bruno.sends(f"events/{event_id}/join", htmx=True)
    assert late.status_code == 409
    assert "The last seat was taken a moment ago." in late.text
    assert "Waiting list" in late.text
    assert state_of(db, event_id, course.bruno) is None
    assert "You are on the waiting list" in bruno.sends(f"events/{event_id}/join", htmx=True, wait="yes").text
    bice = as_(course.bice)
    bice.sends(f"events/{event_id}/join", wait="yes")
    assert "you are number 2 on the list" in bice.opens(f"events/{event_id}").text
    ada.sends(f"events/{event_id}/leave")
    assert state_of(db, event_id, course.bruno) == "in"
    assert state_of(db, event_id, course.bice) == "waiting"
    assert told(db, course.bruno) == ["event_new", "event_seat"]
    assert told(db, course.bice) == ["event_new"]
    assert "you are number 1 on the list" in bice.opens(f"events/{event_id}").text


def test_many_at_once_never_fill_more_seats_than_there_are(as_: As, course: Course, db: Database) -> None:
    event_id = calls(as_(course.clara), capacity="2")
    people = [course.ada, course.bruno, course.bice, *course.others[:3]]
    gate, got = threading.Barrier(len(people)), []

    def run(member: int) -> None:
        gate.wait()
        try:
            with db.writing() as session:
                got.append(seats.sign_up(session, course.context, event_id, member, NOW))
        except Taken:
            got.append("taken")

    threads = [threading.Thread(target=run, args=(one,)) for one in people]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(got) == ["in", "in", "taken", "taken", "taken", "taken"]


def test_more_seats_are_given_to_those_who_wait(as_: As, course: Course, db: Database) -> None:
    clara = as_(course.clara)
    event_id = calls(clara, capacity="1")
    as_(course.ada).sends(f"events/{event_id}/join")
    as_(course.bruno).sends(f"events/{event_id}/join", wait="yes")
    assert clara.sends(f"events/{event_id}/change", **{**MEETING, "capacity": "3"}).status_code == 200
    assert state_of(db, event_id, course.bruno) == "in"
    assert "event_seat" in told(db, course.bruno)
    assert "event_changed" not in told(db, course.ada)


def test_who_comes_shows_only_those_who_do_not_mind(as_: As, course: Course) -> None:
    first, second = calls(as_(course.clara)), calls(as_(course.clara), title="The next one")
    ada, bruno = as_(course.ada), as_(course.bruno)
    ada.sends(f"events/{first}/join")
    assert "Ada" not in bruno.opens(f"events/{first}").text
    assert "Ada" in as_(course.clara).opens(f"events/{first}").text
    ada.sends(f"events/{first}/seen", shown="yes")
    assert "Ada " in bruno.opens(f"events/{first}").text
    ada.sends(f"events/{second}/join")
    assert "Ada " in bruno.opens(f"events/{second}").text


def test_a_host_keeps_who_came(as_: As, course: Course, db: Database, clock: StillClock) -> None:
    clara = as_(course.clara)
    event_id = calls(clara)
    for one in (course.ada, course.bruno):
        as_(one).sends(f"events/{event_id}/join")
    clock.offset = timedelta(days=5)
    with db.reading() as session:
        mine = {row.membership_id: row.id for row in session.scalars(select(Seat).where(Seat.event_id == event_id))}
    asked = [str(mine[course.ada]), str(mine[course.bruno])]
    clara.sends(f"events/{event_id}/attended", asked=asked, came=[asked[0]])
    with db.reading() as session:
        marks = dict(session.execute(select(Seat.membership_id, Seat.attended).where(Seat.host.is_(False))).all())
    assert marks == {course.ada: True, course.bruno: False}
