"""Answers are thanked, accepted, confirmed, changed and taken back."""

from __future__ import annotations

import re
from collections.abc import Callable

from sqlalchemy import func, select, update

from lti_app.db import Database
from lti_app.models import AuditEntry, HelpOffer, Post
from tests.panels.conftest import Somebody
from tests.panels.questions import answers, asks, told
from tests.sweep.course import NOW, Course, offers_help

As = Callable[..., Somebody]


def test_thanks_are_given_once_and_taken_back_but_not_to_oneself(as_: As, course: Course, db: Database) -> None:
    ada, bruno = as_(course.ada), as_(course.bruno)
    thread = asks(ada)
    post = answers(bruno, thread, db)
    assert "thank you · 1" in ada.sends(f"ask/{thread}/thank/{post}", htmx=True).text
    assert bruno.sends(f"ask/{thread}/thank/{post}", htmx=True).status_code == 404
    assert "thank you · 1" in bruno.opens(f"ask/{thread}").text
    assert "thank you · 1" not in ada.sends(f"ask/{thread}/thank/{post}", htmx=True).text
    ada.sends(f"ask/{thread}/thank/{post}", htmx=True)
    assert told(db, course.bruno) == [f"warm by {course.ada}"]


def test_at_most_one_answer_helped_and_only_who_asked_or_staff_says_so(as_: As, course: Course, db: Database) -> None:
    ada, bruno, bice, clara = as_(course.ada), as_(course.bruno), as_(course.bice), as_(course.clara)
    thread = asks(ada)
    first, second = answers(bruno, thread, db), answers(bice, thread, db, "Or read the dictionary.")
    assert bice.sends(f"ask/{thread}/accept/{first}").status_code == 404
    ada.sends(f"ask/{thread}/accept/{first}")
    ada.sends(f"ask/{thread}/accept/{second}")
    with db.reading() as session:
        assert session.scalars(select(Post.id).where(Post.accepted_at.is_not(None))).all() == [second]
    clara.sends(f"ask/{thread}/accept/{first}")
    ada.sends(f"ask/{thread}/accept/{first}")
    with db.reading() as session:
        assert session.scalars(select(Post.id).where(Post.accepted_at.is_not(None))).all() == []
        acts = session.scalars(select(AuditEntry.what).order_by(AuditEntry.id)).all()
    assert acts == ["answer_accepted"]
    with db.reading() as session:
        question = session.scalars(select(func.min(Post.id)).where(Post.thread_id == thread)).one()
    assert ada.sends(f"ask/{thread}/accept/{question}").status_code == 404


def test_a_tutor_confirms_answers_stand_in_order_and_say_what_was_reached(
    as_: As, course: Course, db: Database
) -> None:
    ada, bruno, bice, clara = as_(course.ada), as_(course.bruno), as_(course.bice), as_(course.clara)
    thread = asks(ada, place=f"a:{course.quiz_2}")
    one, two, three = (answers(who, thread, db, f"Answer {n}.") for n, who in enumerate((bice, bruno, clara), 1))
    assert bruno.sends(f"ask/{thread}/confirm/{two}").status_code == 404
    assert "confirmed by the tutor" in clara.sends(f"ask/{thread}/confirm/{two}", htmx=True).text
    ada.sends(f"ask/{thread}/accept/{three}")
    page = ada.opens(f"ask/{thread}").text
    order = [int(number) for number in re.findall(r'<article class="ask-answer[^"]*" id="post-(\d+)"', page)]
    assert order == [three, two, one]
    assert "1 answer confirmed" in page
    # Bruno has passed the quiz, but lets nobody know so far.
    assert "has finished" not in page
    with db.writing() as session:
        offers_help(session, course.bruno, course.quiz_2)
    assert "has finished Quiz 2: Pulizia dei dati" in ada.opens(f"ask/{thread}").text
    assert f"endorsed by {course.clara}" in told(db, course.bruno)
    with db.writing() as session:
        session.execute(update(HelpOffer).values(ended_at=NOW))


def test_an_answer_that_is_too_long_keeps_its_place(as_: As, course: Course) -> None:
    ada = as_(course.ada)
    thread = asks(ada)
    answer = as_(course.bruno).sends(f"ask/{thread}/answer", htmx=True, body="x" * 8001)
    assert answer.status_code == 422
    assert "x" * 8001 in answer.text
    assert 'id="body-fault"' in answer.text


def test_words_are_changed_and_taken_back_in_place(as_: As, course: Course, db: Database) -> None:
    ada, bruno = as_(course.ada), as_(course.bruno)
    thread = asks(ada, body="First words.", anonymous="yes")
    post = answers(bruno, thread, db, "A mistake. @Bice look too")
    with db.reading() as session:
        question = session.scalars(select(func.min(Post.id)).where(Post.thread_id == thread)).one()
    changed = bruno.sends(f"talk/post/{post}/save", htmx=True, body="No mistake.")
    assert 'class="ask-answer"' in changed.text
    assert "No mistake." in changed.text
    assert bruno.sends(f"talk/post/{question}/save", htmx=True, body="Mine").status_code == 404
    again = ada.sends(f"talk/post/{question}/save", htmx=True, body="Better words. @Bice?")
    assert "Better words." in again.text
    assert "edited" in again.text
    # Naming somebody does not name who asks.
    assert told(db, course.bice) == [f"mention by {course.bruno}", "mention by None"]
    assert "Something is not right here" in bruno.opens(f"ask/{thread}").text
    bruno.sends(f"talk/post/{post}/take-back", htmx=True)
    assert "No mistake." not in ada.opens(f"ask/{thread}").text
    ada.sends(f"talk/post/{question}/take-back")
    assert bruno.opens(f"ask/{thread}").status_code == 404
