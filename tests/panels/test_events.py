"""The course meets: Clara calls it, Ada and Bruno come, and nobody else's course hears of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select, update

from lti_app.db import Database
from lti_app.models import Context, Event, Membership, Person, Post, Prompt, Seat, Thread
from tests.conftest import StillClock
from tests.panels.conftest import Somebody
from tests.panels.meetings import MEETING, calls, event_row, told
from tests.sweep.course import Course

As = Callable[..., Somebody]


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


def test_with_a_cookie_the_answer_to_a_form_is_a_redirect(as_: As, course: Course) -> None:
    answer = as_(course.clara, cookie=True).sends("events/call", **MEETING)
    assert answer.status_code == 303
    assert re.fullmatch(r"/v/r1/events/\d+", answer.headers["Location"])


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
