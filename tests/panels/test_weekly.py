"""Meetings that come every week: at the same hour whatever the clocks do, each with its own seats, changed together."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import and_, func, select

from lti_app.db import Database
from lti_app.jobs.reminders import remind_due
from lti_app.local_times import moved_along, weeks_after
from lti_app.models import Event, Kudos, Notification, Seat
from tests.conftest import StillClock
from tests.panels.conftest import Somebody
from tests.panels.meetings import MEETING, calls
from tests.panels.test_calendar_feed import address_of
from tests.sweep.course import NOW, Course

As = Callable[..., Somebody]
ROME = ZoneInfo("Europe/Rome")
# From before Christmas until after the clocks are put forward, on 28 March 2027.
WEEKLY = {**MEETING, "on": "2027-03-16", "begins": "18:30", "ends": "19:00", "again": "weekly", "until": "2027-04-08"}


def events(db: Database) -> list[Event]:
    with db.reading() as session:
        found = list(session.scalars(select(Event).order_by(Event.starts_at)))
        session.expunge_all()
        return found


def local(event: Event) -> list[str]:
    return [at.astimezone(ROME).strftime("%m-%d %H:%M") for at in (event.starts_at, event.ends_at)]


def told(db: Database, who: int, kind: str) -> int:
    with db.reading() as session:
        mine = (Notification.membership_id == who, Notification.kind == kind)
        return session.scalar(select(func.count()).select_from(Notification).where(*mine)) or 0


def test_the_hour_on_the_clock_stays_over_both_changes_of_the_clocks() -> None:
    for first, until, offsets in (
        (datetime(2027, 3, 16, 17, 30, tzinfo=UTC), date(2027, 4, 6), [17, 16, 16]),
        (datetime(2026, 10, 20, 16, 30, tzinfo=UTC), date(2026, 11, 3), [17, 17]),
    ):
        weeks = weeks_after(first, first + timedelta(minutes=30), ROME, until)
        assert [at.hour for at, _end in weeks] == offsets
        assert {at.astimezone(ROME).strftime("%a %H:%M") for at, _end in weeks} == {"Tue 18:30"}


def test_an_hour_that_the_clocks_skip_begins_right_after_it() -> None:
    # 2:30 does not exist on 28 March 2027.
    first = datetime(2027, 3, 21, 1, 30, tzinfo=UTC)
    ((start, end), (after, _)) = weeks_after(first, first + timedelta(hours=1), ROME, date(2027, 4, 4))
    assert start.astimezone(ROME).strftime("%H:%M") == "03:00"
    assert end.astimezone(ROME).strftime("%H:%M") == "03:30"
    assert after.astimezone(ROME).strftime("%H:%M") == "02:30"
    # A meeting that lies whole in the missing hour keeps its length.
    ((start, end),) = weeks_after(first, first + timedelta(minutes=15), ROME, date(2027, 3, 28))
    assert end - start == timedelta(minutes=15)


def test_a_new_day_and_hour_move_those_that_follow_over_the_change() -> None:
    was, other = datetime(2027, 3, 23, 17, 30, tzinfo=UTC), datetime(2027, 3, 30, 16, 30, tzinfo=UTC)
    starts = datetime(2027, 3, 24, 19, 0, tzinfo=UTC)
    start, end = moved_along(was, starts, starts + timedelta(hours=2), other, ROME)
    assert (start, end) == (datetime(2027, 3, 31, 18, 0, tzinfo=UTC), datetime(2027, 3, 31, 20, 0, tzinfo=UTC))


def test_clara_calls_it_once_and_everybody_signs_up_week_by_week(as_: As, course: Course, db: Database) -> None:
    clara, ada = as_(course.clara), as_(course.ada)
    first = calls(clara, form_key="w", **WEEKLY)
    assert calls(clara, form_key="w", **WEEKLY) == first
    found = events(db)
    assert [local(one)[0] for one in found] == ["03-16 18:30", "03-23 18:30", "03-30 18:30", "04-06 18:30"]
    assert len({one.thread_id for one in found}) == 4
    assert told(db, course.ada, "event_new") == 1
    page = ada.opens(f"events/{found[1].id}").text
    assert "Every week, the last one on Tuesday 6 April" in page
    assert "every week" in ada.opens("events").text
    ada.sends(f"events/{found[2].id}/join")
    with db.reading() as session:
        mine = session.scalars(select(Seat.event_id).where(Seat.membership_id == course.ada)).all()
    assert mine == [found[2].id]
    for stranger in (course.dario, course.eva):
        for one in found:
            assert as_(stranger).opens(f"events/{one.id}").status_code == 404


def test_one_is_moved_or_all_that_follow_and_each_hears_once(as_: As, course: Course, db: Database) -> None:
    clara, ada = as_(course.clara), as_(course.ada)
    calls(clara, **WEEKLY)
    _a, b, c, d = (one.id for one in events(db))
    for one in (b, c, d):
        ada.sends(f"events/{one}/join")
    form = clara.opens(f"events/{b}/edit").text
    assert "This one and the 2 that follow" in form
    change: dict[str, Any] = {**MEETING, "on": "2027-03-24", "begins": "20:00", "ends": "21:00"}
    assert clara.sends(f"events/{b}/change", which="one", **change).status_code == 200
    assert [local(one)[0] for one in events(db)] == ["03-16 18:30", "03-24 20:00", "03-30 18:30", "04-06 18:30"]
    assert told(db, course.ada, "event_changed") == 1
    change |= {"on": "2027-03-31", "begins": "20:00", "ends": "21:30", "title": "Longer"}
    assert clara.sends(f"events/{c}/change", which="rest", **change).status_code == 200
    assert [local(one) for one in events(db)][2:] == [["03-31 20:00", "03-31 21:30"], ["04-07 20:00", "04-07 21:30"]]
    assert [one.title for one in events(db)] == [MEETING["title"], MEETING["title"], "Longer", "Longer"]
    assert told(db, course.ada, "event_changed") == 2


def test_one_is_called_off_or_all_that_follow(as_: As, course: Course, db: Database) -> None:
    clara, ada = as_(course.clara), as_(course.ada)
    calls(clara, **WEEKLY)
    a, b, c, d = (one.id for one in events(db))
    for one in (a, c, d):
        ada.sends(f"events/{one}/join")
    assert ada.sends(f"events/{b}/cancel", which="rest").status_code == 404
    clara.sends(f"events/{a}/cancel", which="one", reason="Ill.")
    assert [one.state for one in events(db)] == ["cancelled", "on", "on", "on"]
    clara.sends(f"events/{b}/cancel", which="rest", reason="Over.")
    assert [one.state for one in events(db)] == ["cancelled"] * 4
    assert told(db, course.ada, "event_changed") == 2


def test_a_proposed_series_gets_one_yes(as_: As, course: Course, db: Database) -> None:
    calls(as_(course.bruno), **{**WEEKLY, "kind": "study"})
    assert {one.state for one in events(db)} == {"proposed"}
    assert told(db, course.clara, "event_new") == 1
    as_(course.clara).sends(f"events/{events(db)[0].id}/decide", yes="yes")
    assert {one.state for one in events(db)} == {"on"}
    # Called with one form, it is one thing said: Bruno may go on talking.
    for number in range(8):
        assert as_(course.bruno).sends("talk/new", title=f"No. {number}", body="Hi").status_code == 200


@pytest.mark.parametrize(
    ("until", "words"),
    [("", "A day is needed"), ("2027-03-20", "less than a week"), ("2028-03-20", "at most until"), ("soon", "needed")],
)
def test_an_end_that_cannot_be_taken_keeps_the_draft(
    as_: As, course: Course, db: Database, until: str, words: str
) -> None:
    page = as_(course.clara).sends("events/call", **{**WEEKLY, "until": until})
    assert page.status_code == 422
    assert words in page.text
    assert MEETING["title"] in page.text
    assert events(db) == []


def test_the_calendar_and_the_reminders_follow_each_of_them(
    as_: As, course: Course, db: Database, clock: StillClock, app: Any
) -> None:
    calls(as_(course.clara), **WEEKLY)
    found = events(db)
    ada = as_(course.ada)
    for one in found:
        ada.sends(f"events/{one.id}/join")
    feed = app.test_client().get(address_of(ada)).text
    for start in ("20270316T173000Z", "20270323T173000Z", "20270330T163000Z", "20270406T163000Z"):
        assert f"DTSTART:{start}" in feed
    assert len(set(re.findall(r"UID:(\S+)", feed))) == 4
    clock.offset = found[2].starts_at - timedelta(minutes=50) - NOW
    remind_due(app.extensions["regista"])
    with db.reading() as session:
        soon = session.scalars(select(Notification.facts).where(Notification.kind == "event_soon")).all()
    assert {facts["event_id"] for facts in soon} >= {found[2].id}
    assert found[3].id not in {facts["event_id"] for facts in soon}


def test_whoever_led_a_meeting_can_be_thanked_from_its_page(
    as_: As, course: Course, db: Database, clock: StillClock
) -> None:
    event_id = calls(as_(course.clara))
    ada = as_(course.ada)
    assert "Thank Clara" not in ada.opens(f"events/{event_id}").text
    clock.offset = timedelta(days=5)
    page = ada.opens(f"events/{event_id}").text
    link = re.search(r'/v/r1/(wins\?[^"]+)"[^>]*>\s*Thank Clara', page)
    assert link is not None
    form = ada.opens(link[1].replace("&amp;", "&")).text
    thread = re.search(r'name="thread_id" value="(\d+)"', form)
    assert thread is not None
    ada.sends("wins/kudos", to_id=str(course.clara), thread_id=thread[1], reason="clear", words="It helped.")
    with db.reading() as session:
        assert session.scalars(select(Kudos.thread_id)).all() == [int(thread[1])]
    assert "Thank Clara" not in as_(course.clara).opens(f"events/{event_id}").text


def coming(db: Database, who: int) -> list[str]:
    """How somebody stands with each meeting, the earliest first; empty where they never said anything."""
    with db.reading() as session:
        mine = and_(Seat.event_id == Event.id, Seat.membership_id == who)
        states = select(Seat.state).select_from(Event).outerjoin(Seat, mine).order_by(Event.starts_at)
        return [state or "" for state in session.scalars(states)]


def test_ada_says_once_that_she_comes_every_week_and_takes_one_week_back(as_: As, course: Course, db: Database) -> None:
    calls(as_(course.clara), **WEEKLY)
    ada = as_(course.ada)
    a, b, c, _d = (one.id for one in events(db))
    assert "I'm coming every week" in ada.opens(f"events/{a}").text
    said = ada.sends(f"events/{b}/join-all", htmx=True).text
    assert "Good: you are coming four times." in said
    assert "I'm coming every week" not in said
    assert coming(db, course.ada) == ["in"] * 4
    ada.sends(f"events/{c}/leave")
    assert coming(db, course.ada) == ["in", "in", "out", "in"]
    # She has said how it is with each: only where she is not coming may she still be asked, and there for that one.
    for one in (a, b, c):
        assert "every week</button>" not in ada.opens(f"events/{one}").text
    assert coming(db, course.bruno) == [""] * 4


def test_where_no_seat_is_left_the_list_is_joined_and_said(as_: As, course: Course, db: Database) -> None:
    calls(as_(course.clara), **{**WEEKLY, "capacity": "1"})
    a, b, _c, _d = (one.id for one in events(db))
    as_(course.bruno).sends(f"events/{b}/join")
    said = as_(course.ada, locale="it").sends(f"events/{a}/join-all").text
    assert coming(db, course.ada) == ["in", "waiting", "in", "in"]
    assert "Bene: ci sarai tre volte." in said
    assert "Per una settimana non ci sono più posti: lì hai un posto in lista d’attesa" in said
    as_(course.bruno).sends(f"events/{b}/leave")
    assert coming(db, course.ada) == ["in"] * 4


def test_only_what_is_still_to_come_is_said_yes_to_and_only_by_those_of_the_course(
    as_: As, course: Course, db: Database, clock: StillClock
) -> None:
    clara, ada = as_(course.clara), as_(course.ada)
    calls(clara, **WEEKLY)
    a, b, c, _d = found = [one.id for one in events(db)]
    clara.sends(f"events/{c}/cancel", which="one")
    for stranger in (course.dario, course.eva):
        assert as_(stranger).sends(f"events/{a}/join-all").status_code == 404
    assert ada.sends(f"events/{c}/join-all").status_code == 409
    clock.offset = events(db)[0].ends_at - NOW
    assert ada.sends(f"events/{a}/join-all").status_code == 409
    assert coming(db, course.ada) == [""] * 4
    assert "every week</button>" in ada.opens(f"events/{b}").text
    ada.sends(f"events/{b}/join-all")
    assert coming(db, course.ada) == ["", "in", "", "in"]
    # A meeting that comes once is one to come to, and who leads is there anyway.
    alone = calls(clara, **{**MEETING, "on": "2027-03-20"})
    assert "every week</button>" not in ada.opens(f"events/{alone}").text
    assert "every week</button>" not in clara.opens(f"events/{found[3]}").text
