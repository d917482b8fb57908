"""People ask: beside an activity, once, in words that are looked at first; what was asked before is shown first."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest

from lti_app.db import Database
from lti_app.models import Notification, Post, Thread, ThreadVote
from tests.conftest import StillClock
from tests.panels.conftest import Somebody
from tests.panels.questions import TITLE, answers, asks, count, main_of, told
from tests.sweep.course import NOW, Course

As = Callable[..., Somebody]


def test_ada_asks_beside_the_quiz_bruno_answers_and_it_helps(as_: As, course: Course, db: Database) -> None:
    ada, bruno = as_(course.ada), as_(course.bruno)
    thread = asks(ada, place=f"a:{course.quiz_2}", body="The **mean** is wrong.")
    listed = bruno.opens("ask").text
    assert TITLE in listed
    assert "You have passed this: can you help?" in listed
    post = answers(bruno, thread, db)
    assert told(db, course.ada) == [f"answer by {course.bruno}"]
    page = ada.opens(f"ask/{thread}").text
    assert "<strong>mean</strong>" in page
    assert "Bruno M." in page
    assert "Marchi" not in page
    assert "This helped me" in page
    done = ada.sends(f"ask/{thread}/accept/{post}", htmx=True)
    assert "this helped" in done.text
    assert told(db, course.bruno) == [f"accepted by {course.ada}"]
    assert ">answered" in re.sub(r"<svg.*?</svg>\s*", "", bruno.opens(f"ask/{thread}").text, flags=re.S)
    assert "can you help" not in bruno.opens("ask").text


def test_the_panel_beside_an_activity_opens_on_it(as_: As, course: Course) -> None:
    ada = as_(course.ada)
    asks(ada, "About the first quiz", place=f"a:{course.quiz_1}")
    asks(ada, "About the second quiz", place=f"a:{course.quiz_2}")
    asks(ada, "About the section", place="s:Pulizia dei dati")
    page = ada.opens(f"ask?about={course.quiz_2}").text
    assert "Ask something about Quiz 2: Pulizia dei dati…" in page
    assert "About the second quiz" in page
    assert "About the first quiz" not in page
    assert f'value="a:{course.quiz_2}" selected' in page
    section = ada.opens("ask?section=Pulizia+dei+dati").text
    assert "About the section" in section
    assert "About the first quiz" in section


def test_what_was_asked_before_is_shown_while_typing_and_before_it_is_posted(
    as_: As, course: Course, db: Database
) -> None:
    ada, bruno = as_(course.ada), as_(course.bruno)
    thread = asks(ada)
    typed = bruno.sends("ask/similar", htmx=True, title="spotting hidden missing values")
    assert TITLE in typed.text
    assert 'name="checked" value="1"' in typed.text
    assert "<html" not in typed.text
    step = bruno.sends("ask/new", title="Hidden missing values: how to spot them?", body="Mine too")
    assert step.status_code == 200
    assert "Has it been asked already?" in step.text
    assert "Ask it all the same" in step.text
    assert "Hidden missing values: how to spot them?" in step.text
    assert count(db, Thread) == 1
    # The button beside the similar question sends the whole form to it.
    shared = bruno.sends(f"ask/{thread}/same", title="Hidden missing values", body="Mine too", checked="1")
    assert shared.status_code == 200
    assert count(db, ThreadVote) == 1
    asks(bruno, "Hidden missing values: how to spot them?")
    assert count(db, Thread) == 2


def test_something_else_is_posted_at_once(as_: As, course: Course, db: Database) -> None:
    asks(as_(course.ada))
    asks(as_(course.bruno), "When is the next meeting?", checked="")
    assert count(db, Thread) == 2


def test_who_has_the_same_question_hears_of_the_first_answer_only(as_: As, course: Course, db: Database) -> None:
    ada, bruno, bice = as_(course.ada), as_(course.bruno), as_(course.bice)
    thread = asks(ada)
    assert ada.sends(f"ask/{thread}/same").status_code == 404
    pressed = bice.sends(f"ask/{thread}/same", htmx=True)
    assert "1 person has the same question" in pressed.text
    assert 'aria-pressed="true"' in pressed.text
    answers(bruno, thread, db)
    answers(bruno, thread, db, "And the largest.")
    assert told(db, course.bice) == [f"answer by {course.bruno}"]
    assert len(told(db, course.ada)) == 2
    bice.sends(f"ask/{thread}/same", htmx=True)
    assert count(db, ThreadVote) == 0


def test_a_double_click_asks_and_answers_once(as_: As, course: Course, db: Database) -> None:
    ada, bruno = as_(course.ada), as_(course.bruno)
    thread = asks(ada, form_key="one")
    assert asks(ada, form_key="one") == thread
    for _again in range(3):
        bruno.sends(f"ask/{thread}/answer", body="Once", form_key="two")
    assert (count(db, Thread), count(db, Post), count(db, Notification)) == (1, 2, 1)


@pytest.mark.parametrize(
    ("title", "body", "words"),
    [
        ("", "Something", "it cannot be empty"),
        ("t" * 201, "Something", "This is 1 character too long"),
        ("Title", "b" * 8040, "This is 40 characters too long"),
        ("Title \u202edesrever", "", "characters that cannot be shown"),
    ],
)
def test_what_cannot_be_taken_comes_back_with_words_and_the_draft(
    as_: As, course: Course, db: Database, title: str, body: str, words: str
) -> None:
    page = as_(course.ada).sends("ask/new", title=title, body=body, checked="1")
    assert page.status_code == 422
    assert words in page.text
    assert 'aria-invalid="true"' in page.text
    assert body in page.text
    assert count(db, Thread) == 0


def test_hostile_words_are_shown_as_words(as_: As, course: Course, db: Database) -> None:
    body = "<script>alert(1)</script> <img src=x onerror=alert(1)> [click](javascript:alert(1))"
    thread = asks(as_(course.ada), title='<b onclick="x">Title</b>', body=body)
    answers(as_(course.bice), thread, db, body)
    for path in (f"ask/{thread}", "ask", "home"):
        page = main_of(as_(course.bruno).opens(path).text)
        for forbidden in ("<script", "<img", 'href="javascript', "<b onclick"):
            assert forbidden not in page


def test_with_a_cookie_the_answers_to_forms_are_redirects(as_: As, course: Course) -> None:
    ada = as_(course.ada, cookie=True)
    page = ada.sends("ask/new", title="A question", checked="1")
    assert page.status_code == 303
    assert re.fullmatch(r"/v/r1/ask/\d+", page.headers["Location"])
    thread = page.headers["Location"].rsplit("/", 1)[1]
    assert as_(course.bruno, cookie=True).sends(f"ask/{thread}/same").status_code == 303


def test_filters_and_pages(as_: As, course: Course, db: Database, clock: StillClock) -> None:
    ada, bruno = as_(course.ada, cookie=True), as_(course.bruno, cookie=True)
    with db.writing() as session:
        session.add_all(
            Thread(
                context_id=course.context, kind="ask", title=f"Question number {n:02}", author_id=course.bice,
                created_at=NOW + timedelta(minutes=n), moved_at=NOW + timedelta(minutes=n),
            )
            for n in range(24)
        )  # fmt: skip
    clock.offset = timedelta(hours=1)
    mine = asks(ada)
    answers(bruno, mine, db)
    first = ada.opens("ask").text
    assert "Question number 23" in first
    assert "Question number 03" not in first
    assert "page=2" in first
    assert "Question number 03" in ada.opens("ask?page=2").text
    waiting = ada.opens("ask?show=unanswered").text
    assert waiting.index("Question number 00") < waiting.index("Question number 01")
    assert TITLE not in waiting
    assert "Question number" not in ada.opens("ask?show=answered").text
    assert TITLE in bruno.opens("ask?show=mine").text
    assert "Question number" not in bruno.opens("ask?show=mine").text
    assert ada.opens("ask?show=nonsense&page=-3&about=9999999999999999999").status_code == 200
    assert 'class="count">1' in ada.opens("ask").text
    ada.opens(f"ask/{mine}")
    assert 'class="count"' not in main_of(ada.opens("ask").text)


def test_an_empty_course_is_an_invitation(as_: As, course: Course) -> None:
    assert "The first question is a gift." in as_(course.dario).opens("ask").text
