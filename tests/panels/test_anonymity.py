"""Whoever asks without a name is found out by nobody; whoever has left keeps none."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import update

from lti_app.db import Database
from lti_app.models import Context, Membership, Thread
from tests.conftest import StillClock
from tests.panels.conftest import Somebody
from tests.panels.questions import answers, asks, bare, count, main_of, told
from tests.sweep.course import Course

As = Callable[..., Somebody]


def test_an_asker_without_a_name_is_found_out_by_nobody(
    as_: As, course: Course, db: Database, clock: StillClock
) -> None:
    ada, bruno, clara = as_(course.ada), as_(course.bruno), as_(course.clara)
    thread = asks(ada, place=f"a:{course.quiz_2}", anonymous="yes", body="I am lost.")
    clock.offset = timedelta(minutes=2)
    post = answers(bruno, thread, db)
    clock.offset = timedelta(minutes=4)
    answers(ada, thread, db, "Still lost.")
    ada.sends(f"ask/{thread}/thank/{post}")
    ada.sends(f"ask/{thread}/accept/{post}")
    for page in (bruno.opens(f"ask/{thread}").text, bruno.opens("ask").text, bruno.opens("home").text):
        assert not re.search(r"\bAda\b|Rossi|>AR<", bare(page))
    read = main_of(bruno.opens(f"ask/{thread}").text)
    assert read.count("A course mate") >= 2
    assert "asked this" in read
    assert all(not kind.endswith(f"by {course.ada}") for kind in told(db, course.bruno))
    assert {kind.split(" ")[0] for kind in told(db, course.bruno)} == {"reply", "warm", "accepted"}
    assert "Ada Rossi" in clara.opens(f"ask/{thread}").text
    assert "hidden from course mates" in clara.opens("ask").text
    own = ada.opens(f"ask/{thread}").text
    assert "without your name" in own
    assert "You stay without a name here" in own


def test_pages_of_two_who_hide_are_the_same_to_the_last_sign(as_: As, course: Course, db: Database) -> None:
    bruno = as_(course.bruno)
    seen = []
    for who in (as_(course.ada), as_(course.others[2])):
        thread = asks(who, anonymous="yes", body="I am lost.")
        answers(who, thread, db, "Still lost.")
        seen.append(re.sub(r"\d+", "0", bare(bruno.opens(f"ask/{thread}").text)))
    assert seen[0] == seen[1]


def test_where_the_course_wants_names_nothing_is_posted_without_one(as_: As, course: Course, db: Database) -> None:
    with db.writing() as session:
        session.execute(
            update(Context).where(Context.id == course.context).values(settings={"community": {"anonymous": False}})
        )
    ada = as_(course.ada)
    assert "Without my name" not in ada.opens("ask").text
    page = ada.sends("ask/new", title="Who am I?", anonymous="yes", checked="1")
    assert page.status_code == 422
    assert "Who am I?" in page.text
    assert "questions carry the name of who asks" in page.text
    assert count(db, Thread) == 0
    assert "Without my name" not in as_(course.clara).opens("ask").text


def test_somebody_who_has_left_keeps_no_name(as_: As, course: Course, db: Database) -> None:
    thread = asks(as_(course.ada))
    with db.writing() as session:
        session.delete(session.get_one(Membership, course.ada))
    assert "Somebody who has left" in as_(course.bruno).opens(f"ask/{thread}").text
