"""People talk: they start, reply, read on; hostile and hasty hands do no harm."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from lti_app.db import Database
from lti_app.models import Post, Thread
from tests.conftest import StillClock
from tests.panels.conftest import Somebody
from tests.panels.conversations import begins
from tests.sweep.course import NOW, Course

As = Callable[..., Somebody]


def count(db: Database, what: type[Post] | type[Thread]) -> int:
    with db.reading() as session:
        return session.scalar(select(func.count()).select_from(what)) or 0


def test_ada_begins_and_bruno_replies(as_: As, course: Course, clock: StillClock) -> None:
    ada, bruno = as_(course.ada), as_(course.bruno)
    thread = begins(ada, activity_id=str(course.quiz_2))
    clock.offset = timedelta(hours=1)
    listed = bruno.opens("talk")
    assert "Hidden missing values" in listed.text
    assert "Quiz 2: Pulizia dei dati" in listed.text
    assert ">new<" in listed.text
    answer = bruno.sends(f"talk/{thread}/reply", htmx=True, body="Look at the smallest value first.")
    assert answer.status_code == 200
    assert 'data-say="Your reply is there."' in answer.text
    assert "<html" not in answer.text
    page = ada.opens(f"talk/{thread}")
    assert "<strong>mean</strong>" in page.text
    assert "Look at the smallest value first." in page.text
    assert "Bruno M." in page.text
    assert "Marchi" not in page.text


def test_what_others_moved_is_new_until_it_was_read(as_: As, course: Course, clock: StillClock) -> None:
    ada, bruno = as_(course.ada), as_(course.bruno)
    thread = begins(ada)
    assert "tab" in ada.opens("talk").text
    assert 'class="count"' not in ada.opens("talk").text
    clock.offset = timedelta(minutes=5)
    bruno.sends(f"talk/{thread}/reply", body="Hello")
    clock.offset = timedelta(minutes=6)
    assert 'class="count">1' in ada.opens("talk").text
    ada.opens(f"talk/{thread}")
    assert 'class="count"' not in ada.opens("talk").text


def test_with_a_cookie_the_answer_to_a_form_is_a_redirect(as_: As, course: Course) -> None:
    ada = as_(course.ada, cookie=True)
    answer = ada.sends("talk/new", title="A question", body="Why?")
    assert answer.status_code == 303
    assert re.fullmatch(r"/v/r1/talk/\d+", answer.headers["Location"])


def test_a_double_click_says_it_once(as_: As, course: Course, db: Database) -> None:
    ada = as_(course.ada)
    first = begins(ada, form_key="one")
    assert begins(ada, form_key="one") == first
    for _again in range(3):
        ada.sends(f"talk/{first}/reply", body="Once", form_key="two")
    assert (count(db, Thread), count(db, Post)) == (1, 2)
    assert as_(course.bruno).sends(f"talk/{first}/reply", body="Mine", form_key="three").status_code == 200
    assert count(db, Post) == 3


@pytest.mark.parametrize(
    ("title", "body", "words"),
    [
        ("", "Something", "it cannot be empty"),
        ("Title", "  \n\u200b ", "it cannot be empty"),
        ("t" * 201, "Something", "This is 1 character too long"),
        ("Title", "b" * 8040, "This is 40 characters too long"),
        ("Title", "nasty \x00 byte", "characters that cannot be shown"),
        ("Title", "\u202edesrever", "characters that cannot be shown"),
    ],
)
def test_what_cannot_be_taken_comes_back_with_words_and_the_draft(
    as_: As, course: Course, db: Database, title: str, body: str, words: str
) -> None:
    page = as_(course.ada).sends("talk/new", title=title, body=body)
    assert page.status_code == 422
    assert words in page.text
    assert 'aria-invalid="true"' in page.text
    assert "\x00" not in page.text
    kept = body.replace("\x00", "").replace("\u202e", "").strip()
    assert kept in page.text
    assert count(db, Thread) == 0


def test_a_reply_that_is_too_long_keeps_its_place_in_the_page(as_: As, course: Course) -> None:
    ada = as_(course.ada)
    thread = begins(ada)
    answer = ada.sends(f"talk/{thread}/reply", htmx=True, body="x" * 8001)
    assert answer.status_code == 422
    assert "x" * 8001 in answer.text
    assert 'id="body-fault"' in answer.text


def test_a_form_beyond_every_limit_is_refused_in_words(as_: As, course: Course) -> None:
    page = as_(course.ada).sends("talk/new", title="Big", body="x" * 600_000)
    assert page.status_code == 413
    assert "too much for one message" in page.text


def test_hostile_words_are_shown_as_words(as_: As, course: Course) -> None:
    ada = as_(course.ada)
    body = "<script>alert(1)</script> <img src=x onerror=alert(1)> [click](javascript:alert(1)) ![eye](https://x.example/p.png)"
    thread = begins(ada, title='<b onclick="x">Title</b>', body=body)
    page = as_(course.bruno).opens(f"talk/{thread}").text
    main = page[page.index("<main") :]
    for forbidden in ("<script", "<img", 'href="javascript', "<b onclick"):
        assert forbidden not in main
    assert "&lt;script&gt;" in main


def test_a_link_that_leads_out_is_marked(as_: As, course: Course) -> None:
    thread = begins(as_(course.ada), body="See [the dictionary](https://example.org/d).")
    page = as_(course.bruno).opens(f"talk/{thread}").text
    link = re.search(r"<a [^>]*example\.org/d[^>]*>", page)
    assert link is not None
    assert 'target="_blank"' in link.group()
    assert "noopener noreferrer nofollow ugc" in link.group()


def test_nobody_ties_a_discussion_to_another_courses_activity(as_: As, course: Course, db: Database) -> None:
    dario = as_(course.dario)
    assert dario.sends("talk/new", title="Mine", body="Words", activity_id=str(course.quiz_2)).status_code == 404
    assert count(db, Thread) == 0


def test_a_hidden_discussion_is_not_there_and_a_closed_one_takes_no_replies(
    as_: As, course: Course, db: Database
) -> None:
    ada = as_(course.ada)
    thread = begins(ada)
    with db.writing() as session:
        session.execute(update(Thread).values(closed_at=NOW))
    assert "This discussion is closed." in ada.opens(f"talk/{thread}").text
    answer = ada.sends(f"talk/{thread}/reply", body="One more")
    assert answer.status_code == 422
    assert "closed in the meantime" in answer.text or "This discussion is closed." in answer.text
    with db.writing() as session:
        session.execute(update(Thread).values(hidden_at=NOW))
    assert ada.opens(f"talk/{thread}").status_code == 404
    assert "Hidden missing values" not in ada.opens("talk").text


def test_long_lists_go_on_and_each_page_asks_the_same_few_questions(as_: As, course: Course, clock: StillClock) -> None:
    ada = as_(course.ada, cookie=True)
    for number in range(33):
        clock.offset = timedelta(minutes=number)
        ada.sends("talk/new", title=f"Thread number {number:02}", body="Words")
    first = ada.opens("talk").text
    assert "Thread number 32" in first
    assert "Thread number 02" not in first
    older = re.search(r"talk\?before=(\d+)", first)
    assert older is not None
    second = ada.opens(f"talk?before={older.group(1)}").text
    assert "Thread number 02" in second
    assert "Thread number 03" not in second


def test_an_empty_course_is_an_invitation(as_: As, course: Course) -> None:
    assert "The first word is yours." in as_(course.dario).opens("home").text
    assert "It is quiet here, still." in as_(course.dario).opens("talk").text
