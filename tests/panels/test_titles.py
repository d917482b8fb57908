"""What a discussion or a question is called is changed by whoever began it and by staff; what it was is kept."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select

from lti_app.db import Database
from lti_app.models import AuditEntry, Notification, Post, Thread, ThreadRevision
from lti_app.store.words_index import index_changed
from tests.panels.conftest import Somebody
from tests.sweep.course import NOW, Course

As = Callable[..., Somebody]


@pytest.fixture(params=["talk", "ask"])
def room(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def begins(ada: Somebody, room: str, **form: str) -> None:
    sent = {"title": "Hlep", "body": "Where do the **rows** go?", "sure": "yes"} | form
    assert ada.sends(f"{room}/new", **sent).status_code == 200


def ids(db: Database) -> tuple[int, int]:
    with db.reading() as session:
        found = session.execute(select(Thread.id, Post.id).join(Post, Post.thread_id == Thread.id)).one()
        return found[0], found[1]


def test_ada_calls_it_otherwise_and_what_it_was_is_kept(as_: As, course: Course, db: Database, room: str) -> None:
    ada, bruno, clara = as_(course.ada), as_(course.bruno), as_(course.clara)
    begins(ada, room)
    thread, post = ids(db)
    form = ada.sends(f"talk/post/{post}/edit", htmx=True).text
    assert 'value="Hlep"' in form
    body = "Where do the **rows** go?"
    empty = ada.sends(f"talk/post/{post}/save", htmx=True, title=" ", body=body)
    assert empty.status_code == 422
    assert "it cannot be empty" in empty.text
    saved = ada.sends(f"talk/post/{post}/save", htmx=True, title="Joins <i>lose</i> rows", body=body)
    assert saved.status_code == 200
    assert '<span id="heading" hx-swap-oob="innerHTML">Joins &lt;i&gt;lose&lt;/i&gt; rows</span>' in saved.text
    assert "Joins &lt;i&gt;lose&lt;/i&gt; rows" in bruno.opens(room).text
    assert "Hlep" not in bruno.opens(f"{room}/{thread}").text
    for who in (ada, clara):
        assert "Hlep" in who.opens(f"talk/post/{post}/history").text
    assert bruno.opens(f"talk/post/{post}/history").status_code == 404
    for stranger in (course.bruno, course.dario, course.eva):
        assert as_(stranger).sends(f"talk/post/{post}/save", title="Mine", body="x").status_code == 404
    with db.writing() as session:
        assert session.scalars(select(ThreadRevision.title)).all() == ["Hlep"]
        index_changed(session, NOW)
    assert "Joins" in bruno.sends("search", q="joins").text


def test_staff_call_it_otherwise_and_whoever_began_is_told(as_: As, course: Course, db: Database, room: str) -> None:
    ada, clara = as_(course.ada), as_(course.clara)
    begins(ada, room)
    thread, _post = ids(db)
    assert "Call it otherwise" in clara.opens(f"{room}/{thread}").text
    assert "Call it otherwise" not in ada.opens(f"{room}/{thread}").text
    too_long = clara.sends(f"{room}/{thread}/retitle", title="x" * 201)
    assert too_long.status_code == 422
    assert "too long" in too_long.text
    assert clara.sends(f"{room}/{thread}/retitle", title="Joins lose rows").status_code == 200
    clara.sends(f"{room}/{thread}/retitle", title="Joins lose rows")
    for nobody in (course.ada, course.bruno, course.dario, course.eva):
        assert as_(nobody).sends(f"{room}/{thread}/retitle", title="Mine").status_code == 404
    with db.reading() as session:
        assert session.scalars(select(AuditEntry.what)).all() == ["thread_retitle"]
        told = session.scalars(select(Notification.membership_id).where(Notification.kind == "moderated")).all()
    assert told == [course.ada]
    assert "“Hlep” is called “Joins lose rows” now." in ada.opens("record").text


def test_a_question_that_its_title_says_whole_changes_with_it(as_: As, course: Course, db: Database) -> None:
    ada = as_(course.ada)
    begins(ada, "ask", title="How do joins work?", body="")
    thread, post = ids(db)
    assert "</textarea>" in ada.sends(f"talk/post/{post}/edit", htmx=True).text
    ada.sends(f"talk/post/{post}/save", htmx=True, title="How do outer joins work?", body="")
    with db.reading() as session:
        assert session.scalars(select(Post.body)).all() == ["How do outer joins work?"]
    as_(course.clara).sends(f"ask/{thread}/retitle", title="How does an outer join work?")
    with db.reading() as session:
        assert session.scalars(select(Post.body)).all() == ["How does an outer join work?"]
