"""A question that nobody answers reaches the tutors once; home and the card of who is stuck lead to questions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from flask import Flask
from sqlalchemy import event, select, update

from lti_app.db import Database
from lti_app.jobs.questions import raise_unanswered
from lti_app.models import Academy, Context, Membership, Notification, Post, Report, Thread
from lti_app.store import moderation
from lti_app.store.ask_waiting import raise_question
from tests.conftest import StillClock
from tests.panels.conftest import Somebody
from tests.panels.questions import TITLE, answers, asks, told
from tests.sweep.course import NOW, Course, stalls

As = Callable[..., Somebody]
# NOW is a Friday morning in November, at five past eleven in Rome.
MONDAY = timedelta(days=3)


def told_unanswered(db: Database) -> list[int]:
    with db.reading() as session:
        return list(
            session.scalars(
                select(Notification.membership_id)
                .where(Notification.kind == "unanswered")
                .order_by(Notification.membership_id)
            )
        )


def house_of(app: Flask):  # type: ignore[no-untyped-def]
    return app.extensions["regista"]


def test_after_a_working_day_the_tutors_hear_of_it_once(app: Flask, as_: As, course: Course, db: Database) -> None:
    thread = asks(as_(course.ada))
    house = house_of(app)
    assert raise_unanswered(house, NOW + timedelta(hours=23)) == 0
    # The weekend does not count.
    assert raise_unanswered(house, NOW + timedelta(days=2)) == 0
    assert raise_unanswered(house, NOW + MONDAY) == 1
    assert raise_unanswered(house, NOW + MONDAY) == 0
    assert told_unanswered(db) == [course.clara, course.carlo]
    with db.writing() as session:
        assert not raise_question(session, thread, course.context, TITLE, NOW + MONDAY)


def test_an_answered_a_closed_and_a_hidden_question_call_nobody(
    app: Flask, as_: As, course: Course, db: Database
) -> None:
    answers(as_(course.bruno), asks(as_(course.ada)), db)
    for number, gone in enumerate(("closed_at", "archived_at", "hidden_at")):
        thread = asks(as_(course.ada), f"Another one {number}")
        with db.writing() as session:
            session.execute(update(Thread).where(Thread.id == thread).values({gone: NOW}))
    assert raise_unanswered(house_of(app), NOW + MONDAY) == 0


def test_a_tutor_who_is_away_is_not_called_and_a_course_may_choose_its_own_time(
    app: Flask, as_: As, course: Course, db: Database
) -> None:
    asks(as_(course.ada))
    until = (NOW + timedelta(days=30)).isoformat()
    with db.writing() as session:
        session.execute(update(Membership).where(Membership.id == course.clara).values(settings={"away_until": until}))
        session.execute(update(Academy).values(settings={"community": {"answer_within_hours": 0}}))
    assert raise_unanswered(house_of(app), NOW + MONDAY) == 0
    with db.writing() as session:
        session.execute(
            update(Context)
            .where(Context.id == course.context)
            .values(settings={"community": {"answer_within_hours": 4}, "holidays": [["2026-11-20", "2026-11-24"]]})
        )
    assert raise_unanswered(house_of(app), NOW + MONDAY) == 0
    assert raise_unanswered(house_of(app), NOW + timedelta(days=5)) == 1
    assert told_unanswered(db) == [course.carlo]


def test_clara_answers_on_the_desk_and_ada_hears_of_it(
    app: Flask, as_: As, course: Course, db: Database, clock: StillClock
) -> None:
    thread = asks(as_(course.ada), anonymous="yes", body="I see **-999**.")
    assert 'id="waiting-title"' not in as_(course.clara).opens("desk").text
    clock.offset = MONDAY
    raise_unanswered(house_of(app), clock.now())
    clara = as_(course.clara)
    desk = clara.opens("desk").text
    assert "1 question waits" in desk
    assert "<strong>-999</strong>" in desk
    assert "Ada Rossi" in desk
    faulty = clara.sends(f"desk/question/{thread}/answer", htmx=True, body="")
    assert faulty.status_code == 422
    assert "it cannot be empty" in faulty.text
    again = clara.sends(f"desk/question/{thread}/answer", body="x" * 8001)
    assert again.status_code == 422
    assert "x" * 8001 in again.text
    done = clara.sends(f"desk/question/{thread}/answer", htmx=True, body="It is a code.", form_key="one")
    assert done.status_code == 200
    assert "Answered. Whoever asked hears of it." in done.text
    assert "1 question waits" not in done.text
    assert told(db, course.ada) == [f"answer by {course.clara}"]
    assert "It is a code." in as_(course.ada).opens(f"ask/{thread}").text


def test_only_the_staff_of_this_course_answers_on_its_desk(as_: As, course: Course, db: Database) -> None:
    thread = asks(as_(course.ada))
    for who in (course.bruno, course.dario, course.eva):
        assert as_(who).sends(f"desk/question/{thread}/answer", body="Mine").status_code == 404
    with db.writing() as session:
        session.execute(update(Membership).where(Membership.id == course.dario).values(role="tutor"))
    assert as_(course.dario).sends(f"desk/question/{thread}/answer", body="Mine").status_code == 404


def test_an_answer_that_was_held_is_told_when_a_moderator_lets_it_be_seen(
    as_: As, course: Course, db: Database
) -> None:
    thread = asks(as_(course.ada))
    with db.writing() as session:
        session.execute(
            update(Context).where(Context.id == course.context).values(settings={"community": {"hold_first": 1}})
        )
    post = answers(as_(course.bruno), thread, db)
    assert told(db, course.ada) == []
    assert "smallest value" not in as_(course.bice).opens(f"ask/{thread}").text
    assert "smallest value" in as_(course.bruno).opens(f"ask/{thread}").text
    with db.writing() as session:
        report = session.scalars(select(Report.id).where(Report.post_id == post)).one()
        moderation.decide(session, course.context, report, course.clara, "show", "", NOW)
    assert told(db, course.ada) == [f"answer by {course.bruno}"]
    assert "smallest value" in as_(course.bice).opens(f"ask/{thread}").text


def test_home_asks_from_where_one_is_and_tells_what_moves(
    as_: As, course: Course, db: Database, clock: StillClock
) -> None:
    with db.writing() as session:
        stalls(session, course, course.ada)
    ada, bruno = as_(course.ada), as_(course.bruno)
    home = ada.opens("home").text
    assert "Ask something about Quiz 2: Pulizia dei dati…" in home
    assert f'name="place" value="a:{course.quiz_2}"' in home
    thread = asks(ada, place=f"a:{course.quiz_2}")
    assert TITLE in bruno.opens("home").text
    assert TITLE not in as_(course.others[0]).opens("home").text
    assert TITLE in as_(course.clara).opens("home").text
    clock.offset = timedelta(hours=1)
    answers(bruno, thread, db)
    assert TITLE in ada.opens("home").text
    clock.offset = timedelta(hours=2)
    ada.opens(f"ask/{thread}")
    assert TITLE not in ada.opens("home").text


def test_who_is_stuck_is_led_to_where_others_found_the_way(as_: As, course: Course, db: Database) -> None:
    with db.writing() as session:
        stalls(session, course, course.ada)
    bice, clara = as_(course.bice), as_(course.clara)
    thread = asks(bice, place=f"a:{course.quiz_2}")
    post = answers(as_(course.bruno), thread, db)
    assert 'id="solved"' not in as_(course.ada).opens("peer").text
    clara.sends(f"ask/{thread}/confirm/{post}")
    card = as_(course.ada).opens("peer").text
    assert "Somebody was stuck here too, and found the way:" in card
    assert f"ask/{thread}" in card
    with db.writing() as session:
        session.execute(update(Post).where(Post.id == post).values(hidden_at=NOW))
    assert 'id="solved"' not in as_(course.ada).opens("peer").text


def test_pages_cost_the_same_few_queries_whatever_is_on_them(
    as_: As, course: Course, db: Database, clock: StillClock
) -> None:
    ada, seen = as_(course.ada, cookie=True), []

    def note(_conn: object, _cursor: object, statement: str, *_more: object) -> None:
        seen.append(statement)

    def cost() -> list[int]:
        numbers = []
        for path in ("ask", f"ask/{thread}", "home"):
            ada.opens(path)
            seen.clear()
            event.listen(db.engine, "before_cursor_execute", note)
            assert ada.opens(path).status_code == 200
            event.remove(db.engine, "before_cursor_execute", note)
            numbers.append(len(seen))
        return numbers

    thread = asks(ada, place=f"a:{course.quiz_2}")
    answers(as_(course.bruno), thread, db)
    few = cost()
    for number in range(4):
        clock.offset += timedelta(minutes=5)
        more = asks(ada, f"Question {number}", place=f"a:{course.quiz_1}")
        for who in (course.bruno, course.bice):
            answers(as_(who), thread, db, f"Answer {number}")
            answers(as_(who), more, db, f"Answer {number}")
    assert cost() == few
    assert max(few) < 60
