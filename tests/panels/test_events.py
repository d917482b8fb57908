"""The course meets: Clara calls it, Ada and Bruno come, and nobody else's course hears of it."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from lti_app.db import Database
from lti_app.models import AuditEntry, Context, Event, Membership, Notification, Person, Post, Prompt, Seat, Thread
from lti_app.store import seats
from lti_app.store.refusals import Taken
from tests.conftest import StillClock
from tests.panels.conftest import Somebody
from tests.panels.lively import token_of, visit_of
from tests.sweep.course import NOW, Course

As = Callable[..., Somebody]
MEETING = {
    "kind": "qa", "title": "Half an hour on Quiz 2", "on": "2026-11-24", "begins": "18:30", "ends": "19:00",
    "words": "We do it **again** together.", "bring": "your favourite mistake", "place": "Room 3",
    "link": "https://meet.example.org/quiz",
}  # fmt: skip


def calls(who: Somebody, **more: Any) -> int:
    """Call a meeting and return its id."""
    answer = who.sends("events/call", **{**MEETING, **more})
    assert answer.status_code in (200, 303), answer.text
    found = re.search(r"/events/(\d+)", answer.headers.get("Location", "") or answer.text)
    assert found is not None
    return int(found.group(1))


def visiting(app: Flask, course: Course, **changes: Any) -> Somebody:
    """Ada's visit, with some of it changed."""
    visit = replace(visit_of(app, course.ada, locale="en"), **changes)
    return Somebody(app.test_client(), visit, token_of(app, visit), cookie=True)


def told(db: Database, member: int) -> list[str]:
    with db.reading() as session:
        rows = session.scalars(
            select(Notification.kind).where(Notification.membership_id == member).order_by(Notification.id)
        )
        return list(rows)


def event_row(db: Database, event_id: int) -> Event:
    with db.reading() as session:
        row = session.get_one(Event, event_id)
        session.expunge(row)
        return row


def state_of(db: Database, event_id: int, member: int) -> str | None:
    with db.reading() as session:
        return session.scalar(select(Seat.state).where(Seat.event_id == event_id, Seat.membership_id == member))


def test_clara_calls_a_meeting_and_ada_comes(as_: As, course: Course, db: Database) -> None:
    clara, ada, bruno = as_(course.clara), as_(course.ada), as_(course.bruno)
    event_id = calls(clara, about=f"a{course.quiz_2}", capacity="12")
    assert event_row(db, event_id).starts_at == datetime(2026, 11, 24, 17, 30, tzinfo=UTC)
    listed = ada.opens("events").text
    assert "Half an hour on Quiz 2" in listed
    assert "Be the first to come, 12 seats left" in listed
    assert "bring your favourite mistake" in listed
    before = ada.opens(f"events/{event_id}").text
    assert "meet.example.org" not in before
    assert "the link is here for those who come" in before
    assert "<strong>again</strong>" in before
    assert "Quiz 2: Pulizia dei dati" in before
    answer = ada.sends(f"events/{event_id}/join", htmx=True)
    assert 'data-say="Good: you are coming."' in answer.text
    assert "<html" not in answer.text
    assert 'href="https://meet.example.org/quiz" target="_blank" rel="noopener noreferrer"' in answer.text
    assert "1 person comes, 11 seats left" in bruno.opens("events").text
    assert told(db, course.ada) == told(db, course.bruno) == ["event_new"]
    assert told(db, course.clara) == []
    ada.sends(f"events/{event_id}/leave")
    assert "Be the first to come, 12 seats left" in bruno.opens("events").text
    assert "meet.example.org" not in ada.opens(f"events/{event_id}").text


def test_dario_and_eva_find_nothing(as_: As, course: Course, db: Database) -> None:
    event_id = calls(as_(course.clara))
    for stranger in (as_(course.dario), as_(course.eva)):
        assert "Half an hour" not in stranger.opens("events").text
        assert "Half an hour" not in stranger.opens("home").text
        assert stranger.opens(f"events/{event_id}").status_code == 404
        assert stranger.opens(f"events/{event_id}/edit").status_code == 404
        assert stranger.opens(f"events/{event_id}/meeting.ics").status_code == 404
        for act in ("join", "leave", "seen", "cancel", "notes", "attended", "decide"):
            answer = stranger.sends(f"events/{event_id}/{act}", yes="yes", notes="x", reason="no")
            assert answer.status_code == 404, act
        assert stranger.sends(f"events/{event_id}/change", **MEETING).status_code == 404
        assert stranger.sends(f"events/{event_id}/reply", body="x").status_code == 404
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(Seat)) == 1
    assert told(db, course.dario) == told(db, course.eva) == []


def test_a_learner_leads_nothing_that_is_not_theirs(as_: As, course: Course, db: Database) -> None:
    event_id = calls(as_(course.clara))
    ada = as_(course.ada)
    ada.sends(f"events/{event_id}/join")
    for act in ("cancel", "notes", "attended", "decide", "change", "write-again"):
        assert ada.sends(f"events/{event_id}/{act}", **MEETING, yes="yes", reason="no").status_code == 404, act
    assert ada.sends("events/rule", rule="hold").status_code == 404
    assert event_row(db, event_id).state == "on"
    assert "You lead this meeting" not in ada.opens(f"events/{event_id}").text


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


def test_who_signed_up_is_told_of_a_move_and_of_the_end(as_: As, course: Course, db: Database) -> None:
    clara, ada = as_(course.clara), as_(course.ada)
    event_id = calls(clara)
    ada.sends(f"events/{event_id}/join")
    clara.sends(f"events/{event_id}/change", **{**MEETING, "begins": "17:00", "ends": "17:30"})
    assert told(db, course.ada) == ["event_new", "event_changed"]
    assert told(db, course.bruno) == ["event_new"]
    clara.sends(f"events/{event_id}/change", **{**MEETING, "begins": "17:00", "ends": "17:30", "words": "Other words"})
    assert told(db, course.ada) == ["event_new", "event_changed"]
    answer = clara.sends(f"events/{event_id}/cancel", htmx=True, reason="I am ill, sorry.")
    assert "Called off" in answer.text
    assert told(db, course.ada) == ["event_new", "event_changed", "event_changed"]
    page = ada.opens(f"events/{event_id}").text
    assert "This meeting was called off." in page
    assert "I am ill, sorry." in page
    assert ada.sends(f"events/{event_id}/join").status_code == 409
    row = event_row(db, event_id)
    assert (row.state, row.sequence) == ("cancelled", 3)


def test_two_who_change_it_at_once_do_not_overwrite_each_other(as_: As, course: Course, db: Database) -> None:
    clara, carlo = as_(course.clara), as_(course.carlo)
    event_id = calls(clara)
    assert clara.sends(f"events/{event_id}/change", **{**MEETING, "title": "Clara's"}, seen="0").status_code == 200
    late = carlo.sends(f"events/{event_id}/change", **{**MEETING, "title": "Carlo's"}, seen="0")
    assert late.status_code == 409
    assert "Somebody else has changed this meeting" in late.text
    assert 'value="Carlo&#39;s"' in late.text
    assert event_row(db, event_id).title == "Clara's"


def test_members_propose_study_sessions_and_the_staff_says_yes(as_: As, course: Course, db: Database) -> None:
    ada, bruno, clara = as_(course.ada), as_(course.bruno), as_(course.clara)
    event_id = calls(ada, kind="study", title="Duplicates together")
    assert event_row(db, event_id).state == "proposed"
    assert "Duplicates together" not in bruno.opens("events").text
    assert bruno.opens(f"events/{event_id}").status_code == 404
    assert bruno.sends(f"events/{event_id}/join").status_code == 404
    page = clara.opens("events").text
    assert "A study session waits for your yes" in page
    assert 'class="count">1' in page
    assert told(db, course.clara) == ["event_new"]
    assert clara.sends(f"events/{event_id}/decide").status_code == 422
    assert clara.sends(f"events/{event_id}/decide", yes="yes").status_code == 200
    assert "Duplicates together" in bruno.opens("events").text
    assert told(db, course.ada) == ["event_changed"]
    assert "event_new" in told(db, course.bruno)
    with db.reading() as session:
        entry = session.scalars(select(AuditEntry)).one()
        assert entry.what == "event_approved"
    assert "You lead this meeting" in ada.opens(f"events/{event_id}").text
    assert clara.sends(f"events/{event_id}/decide", yes="yes").status_code == 409


def test_a_no_comes_with_a_word(as_: As, course: Course, db: Database) -> None:
    ada, clara = as_(course.ada), as_(course.clara)
    event_id = calls(ada, kind="study")
    clara.sends(f"events/{event_id}/decide", reason="There is one on the same evening.")
    assert "There is one on the same evening." in ada.opens(f"events/{event_id}").text
    assert as_(course.bruno).opens(f"events/{event_id}").status_code == 404


@pytest.mark.parametrize(("rule", "status", "state"), [("hold", 200, "on"), ("staff", 404, None)])
def test_the_course_says_who_may_call_study_sessions(
    as_: As, course: Course, db: Database, rule: str, status: int, state: str | None
) -> None:
    clara = as_(course.clara)
    assert clara.sends("events/rule", rule=rule).status_code == 200
    answer = as_(course.ada).sends("events/call", **{**MEETING, "kind": "study"})
    assert answer.status_code == status
    with db.reading() as session:
        assert session.scalar(select(Event.state)) == state
        assert session.scalars(select(AuditEntry.what)).all() == ["course_settings"]


def test_a_facilitator_calls_every_kind(as_: As, course: Course, db: Database) -> None:
    with db.writing() as session:
        session.execute(
            update(Membership).where(Membership.id == course.ada).values(settings={"community_role": "facilitator"})
        )
    event_id = calls(as_(course.ada), kind="webinar")
    assert (event_row(db, event_id).kind, event_row(db, event_id).state) == ("webinar", "on")


def test_a_member_who_asks_for_a_webinar_holds_a_study_session(as_: As, course: Course, db: Database) -> None:
    assert event_row(db, calls(as_(course.ada), kind="webinar")).kind == "study"


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


def test_a_double_click_calls_one_meeting(as_: As, course: Course, db: Database) -> None:
    clara = as_(course.clara)
    assert calls(clara, form_key="one") == calls(clara, form_key="one")
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(Event)) == 1
        assert session.scalar(select(func.count()).select_from(Thread)) == 1


def test_hostile_words_are_shown_as_words(as_: As, course: Course) -> None:
    event_id = calls(
        as_(course.clara), title="<b onclick=x>Title</b>", words="<script>alert(1)</script> ![x](https://t.example/p)",
        bring='"><img src=x>', place="<i>Room</i>", guests="<u>Guest</u>",
    )  # fmt: skip
    for path in ("events", f"events/{event_id}", "home"):
        page = as_(course.ada).opens(path).text
        main = page[page.index("<main") :]
        for forbidden in ("<script", "<img", "<b onclick", "<i>Room", "<u>"):
            assert forbidden not in main, path


def test_nobody_ties_a_meeting_to_another_course(as_: As, course: Course, db: Database) -> None:
    dario = as_(course.dario)
    with db.writing() as session:
        session.execute(update(Context).values(settings={"study_sessions": "hold"}))
    row = event_row(db, calls(dario, kind="study", about=f"a{course.quiz_2}"))
    assert row.activity_id is None
    assert as_(course.clara).sends("events/call", **MEETING, hosts=str(course.eva)).status_code == 404
    assert as_(course.clara).sends("events/call", **MEETING, hosts=str(course.ada)).status_code == 404


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


def test_questions_before_and_notes_after(as_: As, course: Course, db: Database, clock: StillClock) -> None:
    clara, ada, bruno = as_(course.clara), as_(course.ada), as_(course.bruno)
    event_id = calls(clara)
    ada.sends(f"events/{event_id}/join")
    for _again in range(2):
        ada.sends(f"events/{event_id}/reply", body="Will you show **joins**?", form_key="k")
    assert bruno.opens(f"events/{event_id}").text.count("<strong>joins</strong>") == 1
    assert "Half an hour" not in bruno.opens("talk").text
    with db.reading() as session:
        post_id = session.scalar(select(Post.id).join(Thread).where(Thread.kind == "event"))
    assert bruno.sends(f"talk/post/{post_id}/sign", htmx=True, kind="thanks").status_code == 200
    too_long = ada.sends(f"events/{event_id}/reply", htmx=True, body="x" * 8001)
    assert too_long.status_code == 422
    assert "x" * 8001 in too_long.text
    assert clara.sends(f"events/{event_id}/notes", notes="Too early").status_code == 409
    clock.offset = timedelta(days=5)
    assert clara.sends(f"events/{event_id}/notes", notes="x", recording="http://x.example").status_code == 422
    video = "https://video.example.org/1"
    assert clara.sends(f"events/{event_id}/notes", notes="We saw *joins*.", recording=video).status_code == 200
    clara.sends(f"events/{event_id}/notes", notes="We saw *joins* and more.", recording=video)
    assert told(db, course.ada) == ["event_new", "warm", "event_notes"]
    assert told(db, course.bruno) == ["event_new"]
    assert "Half an hour" not in bruno.opens("events").text.split("<main")[1].split("Past meetings")[0]
    past = bruno.opens("events/past").text
    assert "notes are there" in past
    page = bruno.opens(f"events/{event_id}").text
    assert "<em>joins</em> and more" in page
    assert video in page
    assert ada.sends(f"events/{event_id}/join").status_code == 409


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


def test_the_next_meeting_is_on_the_home_panel_with_one_tap(as_: As, course: Course) -> None:
    event_id = calls(as_(course.clara))
    ada = as_(course.ada)
    home = ada.opens("home").text
    assert 'id="next-event"' in home
    assert "Nov" in home
    part = ada.sends(f"events/{event_id}/join", htmx=True, at="home")
    assert 'id="next-event"' in part.text
    assert "you are coming" in part.text
    assert 'id="next-event"' in ada.sends(f"events/{event_id}/leave", at="home").text
    line = ada.sends(f"events/{event_id}/join", htmx=True, at="list").text
    assert line.startswith("<li") or f'<li id="event-{event_id}"' in line


def test_beside_an_activity_the_room_opens_on_it(app: Flask, as_: As, course: Course, db: Database) -> None:
    from lti_app.models import ResourceLink

    clara = as_(course.clara)
    calls(clara, title="About Quiz 2", about=f"a{course.quiz_2}")
    calls(clara, title="About Quiz 1", about=f"a{course.quiz_1}")
    with db.writing() as session:
        link = ResourceLink(
            context_id=course.context, id_on_platform="r", panel="events", activity_id=course.quiz_1, created_at=NOW
        )
        session.add(link)
        session.flush()
        link_id = link.id
    ada = visiting(app, course, resource_link_id=link_id)
    assert "About Quiz 2" not in ada.opens("events").text
    assert "About Quiz 1" in ada.opens("events").text
    assert "About Quiz 2" in ada.opens("events?about=0").text


def test_student_view_looks_and_writes_nothing(app: Flask, as_: As, course: Course, db: Database) -> None:
    event_id = calls(as_(course.clara))
    nobody = visiting(app, course, membership_id=None, student_view=True)
    assert nobody.opens("events").status_code == 200
    assert nobody.opens(f"events/{event_id}").status_code == 200
    assert nobody.opens("events/calendar").status_code == 200
    assert nobody.sends(f"events/{event_id}/join").status_code == 403
    assert state_of(db, event_id, course.ada) is None


def test_with_a_cookie_the_answer_to_a_form_is_a_redirect(as_: As, course: Course) -> None:
    answer = as_(course.clara, cookie=True).sends("events/call", **MEETING)
    assert answer.status_code == 303
    assert re.fullmatch(r"/v/r1/events/\d+", answer.headers["Location"])


def test_a_list_asks_the_same_few_questions_whatever_its_length(
    app: Flask, as_: As, course: Course, db: Database
) -> None:
    from sqlalchemy import event as sa_event

    def questions() -> int:
        asked: list[str] = []
        note = lambda conn, cursor, statement, *rest: asked.append(statement)  # noqa: E731
        sa_event.listen(db.engine, "before_cursor_execute", note)
        as_(course.ada).opens("events")
        sa_event.remove(db.engine, "before_cursor_execute", note)
        return len(asked)

    clara = as_(course.clara)
    for one in range(2):
        as_(course.bruno).sends(f"events/{calls(clara, title=f'Number {one}')}/join")
    as_(course.ada).opens("events")
    few = questions()
    for one in range(2, 12):
        as_(course.bruno).sends(f"events/{calls(clara, title=f'Number {one}')}/join")
    assert questions() == few


def test_a_message_goes_to_who_signed_up_by_the_way_they_allow(as_: As, course: Course, db: Database) -> None:
    with db.writing() as session:
        session.execute(update(Person).values(email="somebody@example.org"))
        session.execute(
            update(Membership).where(Membership.id == course.bruno).values(settings={"letters": {"events": []}})
        )
    clara = as_(course.clara)
    event_id = calls(clara)
    for one in (course.ada, course.bruno):
        as_(one).sends(f"events/{event_id}/join")
    clara.sends(f"events/{event_id}/change", **{**MEETING, "begins": "17:00", "ends": "17:30"})
    with db.reading() as session:
        rows = session.execute(select(Prompt.membership_id, Prompt.kind, Prompt.channel)).all()
    assert [tuple(row) for row in rows] == [(course.ada, "event_changed", "email")]
