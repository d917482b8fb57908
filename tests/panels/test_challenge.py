"""Ada is far ahead and comes less: something that asks more of her, a hand to lend, a session to lead."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import update

from lti_app.db import Database
from lti_app.models import Activity, Episode
from tests.panels.conftest import Somebody
from tests.sweep.course import Course, stalls

As = Callable[..., Somebody]


@pytest.fixture(autouse=True)
def bored(db: Database, course: Course) -> None:
    with db.writing() as session:
        stalls(session, course, course.ada)
        session.execute(update(Episode).values(kind="bored"))


def change(db: Database, activity: int, **said: object) -> None:
    with db.writing() as session:
        session.execute(update(Activity).where(Activity.id == activity).values(**said))


def test_she_is_offered_what_fewest_have_done(as_: As, course: Course) -> None:
    card = as_(course.ada).opens("home").text
    assert "A challenge, if you like" in card
    # Nobody has done it yet; many have passed Quiz 2, and Quiz 1 is done.
    assert "Try Compito 2" in card
    assert "See where you could lend a hand" in card
    assert "Lead a study session" in card
    assert "Mettiti alla prova: Compito 2" in as_(course.ada, locale="it").opens("home").text


def test_what_nobody_has_to_do_comes_first(as_: As, course: Course, db: Database) -> None:
    change(db, course.quiz_2, required=False)
    assert "Try Quiz 2" in as_(course.ada).opens("home").text


def test_what_is_hidden_or_without_an_address_is_not_offered(as_: As, course: Course, db: Database) -> None:
    change(db, course.task_2, visible=False)
    change(db, course.quiz_2, url=None)
    card = as_(course.ada).opens("home").text
    assert "A challenge" not in card
    assert "See where you could lend a hand" in card
