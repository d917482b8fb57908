"""Who may do what with a question: strangers, visitors, staff; closed ones and those that wait."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from flask import Flask
from sqlalchemy import select, update

from lti_app.db import Database
from lti_app.models import Context, Post, Report, Thread
from tests.panels.conftest import Somebody
from tests.panels.lively import token_of
from tests.panels.questions import TITLE, answers, asks, count
from tests.sweep.course import NOW, Course

As = Callable[..., Somebody]


def test_dario_and_eva_get_nothing(as_: As, course: Course, db: Database) -> None:
    thread = asks(as_(course.ada), place=f"a:{course.quiz_2}")
    post = answers(as_(course.bruno), thread, db)
    for who in (as_(course.dario), as_(course.eva)):
        assert TITLE not in who.opens("ask").text
        assert TITLE not in who.sends("ask/similar", htmx=True, title=TITLE).text
        assert TITLE not in who.opens("home").text
        assert who.opens(f"ask/{thread}").status_code == 404
        for act in ("answer", "same", f"thank/{post}", f"accept/{post}", f"confirm/{post}"):
            assert who.sends(f"ask/{thread}/{act}", body="Mine").status_code == 404
        assert who.sends("ask/new", title="Mine", place=f"a:{course.quiz_2}", checked="1").status_code == 404
        assert who.sends("ask/new", title="Mine", place="s:Nowhere", checked="1").status_code == 404
    assert count(db, Post) == 2


def test_who_only_looks_writes_nothing(app: Flask, as_: As, course: Course, db: Database) -> None:
    thread = asks(as_(course.ada))
    looks = as_(course.clara)
    looks.visit = replace(looks.visit, role="learner", membership_id=None, student_view=True)
    looks.token = token_of(app, looks.visit)
    assert looks.opens("ask").status_code == 200
    assert looks.opens(f"ask/{thread}").status_code == 200
    assert looks.sends("ask/new", title="Mine", checked="1").status_code == 403
    assert looks.sends(f"ask/{thread}/same").status_code == 403
    assert looks.sends("ask/similar", htmx=True, title=TITLE).status_code == 200


def test_a_closed_or_archived_question_can_be_read_but_not_answered(as_: As, course: Course, db: Database) -> None:
    ada, bruno = as_(course.ada), as_(course.bruno)
    thread = asks(ada)
    with db.writing() as session:
        session.execute(update(Thread).values(closed_at=NOW))
    assert "This question is closed." in bruno.opens(f"ask/{thread}").text
    late = bruno.sends(f"ask/{thread}/answer", body="One more")
    assert late.status_code == 422
    with db.writing() as session:
        session.execute(update(Thread).values(closed_at=None, archived_at=NOW))
    assert "This question is archived." in bruno.opens(f"ask/{thread}").text
    assert TITLE not in bruno.opens("ask").text
    with db.writing() as session:
        session.execute(update(Thread).values(hidden_at=NOW))
    assert bruno.opens(f"ask/{thread}").status_code == 404


def test_a_question_that_waits_for_a_moderator_is_seen_by_its_author_and_staff_only(
    as_: As, course: Course, db: Database
) -> None:
    with db.writing() as session:
        session.execute(
            update(Context).where(Context.id == course.context).values(settings={"community": {"hold_first": 1}})
        )
    thread = asks(as_(course.ada))
    assert as_(course.bruno).opens(f"ask/{thread}").status_code == 404
    assert TITLE not in as_(course.bruno).opens("ask").text
    assert "A moderator looks at this first" in as_(course.ada).opens(f"ask/{thread}").text
    assert as_(course.clara).opens(f"ask/{thread}").status_code == 200
    with db.reading() as session:
        assert session.scalars(select(Report.why)).all() == ["held"]


def test_staff_look_after_questions(as_: As, course: Course, db: Database) -> None:
    ada, bruno, clara = as_(course.ada), as_(course.bruno), as_(course.clara)
    first = asks(ada, "What is a hidden value?")
    second = asks(bruno, "Something else entirely")
    for act in ("mark", "move", "merge"):
        assert bruno.sends(f"ask/{first}/{act}", act="lock", into_id=str(second)).status_code == 404
        assert as_(course.dario).sends(f"ask/{first}/{act}", act="lock", into_id=str(second)).status_code == 404
    assert "Look after this question" not in bruno.opens(f"ask/{first}").text
    assert "Look after this question" in clara.opens(f"ask/{first}").text
    assert "This question is closed." in clara.sends(f"ask/{first}/mark", act="lock").text
    assert "Close to replies" in clara.sends(f"ask/{first}/mark", act="unlock").text
    moved = clara.sends(f"ask/{first}/move", place=f"a:{course.quiz_1}", kind="ask")
    assert "Quiz 1: Primi passi" in moved.text
    assert clara.sends(f"ask/{first}/merge", into_id="no").status_code == 404
    answers(bruno, first, db)
    clara.sends(f"ask/{first}/merge", into_id=str(second))
    assert "Look at the smallest value first." in bruno.opens(f"ask/{first}").text
    assert "Something else entirely" in bruno.opens(f"ask/{first}").text
    assert "What is a hidden value?" not in bruno.opens("ask").text
    clara.sends(f"ask/{second}/move", kind="talk")
    assert bruno.opens(f"ask/{second}").status_code == 404
    assert "Something else entirely" in bruno.opens("talk").text
