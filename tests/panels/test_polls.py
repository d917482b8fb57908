"""Polls beneath a post: asked, answered, answered otherwise, over."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from lti_app.db import Database
from lti_app.models import Poll, PollVote
from tests.conftest import StillClock
from tests.panels.conftest import Somebody
from tests.panels.conversations import begins, posts_of
from tests.sweep.course import Course

As = Callable[..., Somebody]


def test_a_poll_is_asked_answered_and_answered_otherwise(
    as_: As, course: Course, db: Database, clock: StillClock
) -> None:
    ada, bruno = as_(course.ada), as_(course.bruno)
    thread = begins(ada, options="Tuesday\nThursday\n Thursday \n\nSunday", closes_in="3")
    post = posts_of(db, thread)[0]
    page = bruno.opens(f"talk/{thread}").text
    options = re.findall(r'name="option" value="(\d+)"', page)
    assert len(options) == 3
    assert "0 votes" not in page
    voted = bruno.sends(f"talk/post/{post}/vote", htmx=True, option=options[0])
    assert "1 vote" in voted.text
    assert "your choice" in voted.text
    bruno.sends(f"talk/post/{post}/vote", option=options[1])
    as_(course.bice).sends(f"talk/post/{post}/vote", option=options[1])
    assert "2 people have voted" in bruno.opens(f"talk/{thread}").text
    assert "Bice" not in bruno.opens(f"talk/{thread}").text.split("<main")[1]
    # One choice is one choice, and only of this poll.
    assert bruno.sends(f"talk/post/{post}/vote", option=options[:2]).status_code == 404
    assert bruno.sends(f"talk/post/{post}/vote", option="999").status_code == 404
    bruno.sends(f"talk/post/{post}/vote")
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(PollVote)) == 1
    clock.offset = timedelta(days=4)
    late = as_(course.clara)
    assert "This poll is over." in late.sends(f"talk/post/{post}/vote", htmx=True, option=options[0]).text
    assert "1 vote" in late.opens(f"talk/{thread}").text
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(PollVote)) == 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("Only one", "at least two answers"),
        ("\n".join("abcdefghi"), "up to eight answers"),
        ("a\n" + "b" * 121, "up to 120 characters"),
    ],
)
def test_a_poll_that_cannot_be_asked_keeps_the_draft(
    as_: As, course: Course, db: Database, options: str, words: str
) -> None:
    page = as_(course.ada).sends("talk/new", title="T", body="B", options=options)
    assert page.status_code == 422
    assert words in page.text
    assert options.split("\n")[0] in page.text
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(Poll)) == 0


def test_several_answers_where_several_may_be_chosen(as_: As, course: Course, db: Database) -> None:
    thread = begins(as_(course.ada), options="a\nb\nc", many="yes")
    bruno = as_(course.bruno)
    options = re.findall(r'name="option" value="(\d+)"', bruno.opens(f"talk/{thread}").text)
    answer = bruno.sends(f"talk/post/{posts_of(db, thread)[0]}/vote", htmx=True, option=options[:2])
    assert answer.text.count("your choice") == 2
    assert "1 person has voted" in answer.text
