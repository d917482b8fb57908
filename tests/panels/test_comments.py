"""What is said beneath a project or an idea is a post like every other: changed, taken back, reported, told once."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from lti_app.db import Database
from lti_app.models import Notification, Post, Report
from lti_app.store import projects, remarks
from tests.conftest import StillClock
from tests.panels.conftest import Somebody
from tests.sweep.course import NOW, Course

As = Callable[..., Somebody]


@pytest.fixture(params=["wins", "pulse/idea"])
def room(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def thread(room: str, db: Database, course: Course) -> int:
    with db.writing() as session:
        if room == "wins":
            return projects.show_project(session, course.context, course.ada, "My map", "Look.", "", NOW)
        return remarks.start(session, course.context, course.ada, "idea", "More time", "At night.", NOW)


def last_post(db: Database) -> int:
    with db.reading() as session:
        return session.scalars(select(Post.id).order_by(Post.id.desc()).limit(1)).one()


def kinds(db: Database, who: int) -> list[str]:
    with db.reading() as session:
        return sorted(session.scalars(select(Notification.kind).where(Notification.membership_id == who)))


def test_a_comment_is_changed_taken_back_and_reported(
    as_: As, course: Course, db: Database, room: str, thread: int, clock: StillClock
) -> None:
    ada, bruno, clara = as_(course.ada), as_(course.bruno), as_(course.clara)
    here = f"{room}/{thread}"
    assert bruno.sends(f"{here}/comment", htmx=True, body="Nice mapp, @Bice Conti").status_code == 200
    post = last_post(db)
    assert kinds(db, course.ada) == ["reply"]
    assert kinds(db, course.bice) == ["mention"]
    clock.offset = timedelta(minutes=2)
    changed = bruno.sends(f"talk/post/{post}/save", htmx=True, body="Nice map").text
    assert f'id="post-{post}"' in changed
    assert "edited" in ada.opens(here).text
    assert "Nice mapp" in clara.opens(f"talk/post/{post}/history").text
    assert ada.sends(f"talk/post/{post}/save", body="Mine").status_code == 404
    assert f"/report/{post}" in ada.opens(here).text
    ada.sends(f"report/{post}/send", why="unkind", words="Hm.")
    with db.reading() as session:
        report = session.scalars(select(Report.id)).one()
    queue = clara.opens("moderation").text
    assert "Nice map" in queue
    assert here in queue
    clara.sends(f"moderation/{report}", decision="hide", words="Kindly.")
    assert "Nice map" not in ada.opens(here).text
    assert "Nice map" in clara.opens(here).text
    clara.sends(f"moderation/{report}/restore")
    assert "Nice map" in ada.opens(here).text
    assert bruno.sends(f"talk/post/{post}/take-back", htmx=True).status_code == 200
    gone = ada.opens(here).text
    assert "Nice map" not in gone
    assert "taken back by whoever wrote them" in gone


def test_what_a_moderator_has_taken_away_opens_no_page(
    as_: As, course: Course, db: Database, room: str, thread: int
) -> None:
    here = f"{room}/{thread}"
    as_(course.bruno).sends(f"{here}/comment", body="And a word of mine")
    with db.writing() as session:
        first = session.scalars(select(Post).order_by(Post.id)).first()
        assert first is not None
        first.hidden_at = NOW
    assert as_(course.bruno).opens(here).status_code == 404
    assert "And a word of mine" in as_(course.clara).opens(here).text


def test_alone_it_goes_with_its_only_post(as_: As, course: Course, db: Database, room: str, thread: int) -> None:
    ada = as_(course.ada)
    assert ada.sends(f"talk/post/{last_post(db)}/take-back", htmx=True).status_code == 200
    assert ada.opens(f"{room}/{thread}").status_code == 404


def test_a_new_comment_comes_by_itself(as_: As, course: Course, db: Database, room: str, thread: int) -> None:
    ada, bruno = as_(course.ada, cookie=True), as_(course.bruno)
    watch = re.search(r'data-fresh="/v/r1/(live/[^"]+)"', ada.opens(f"{room}/{thread}").text)
    assert watch is not None
    bruno.sends(f"{room}/{thread}/comment", body="Lovely")
    fresh = ada.opens(watch[1].replace("&amp;", "&")).text
    assert "Lovely" in fresh
    assert "data-live" in fresh


def test_a_new_answer_comes_to_the_page_of_a_question(as_: As, course: Course, db: Database) -> None:
    ada, bruno = as_(course.ada, cookie=True), as_(course.bruno, cookie=True)
    where = ada.sends("ask/new", title="How do joins work?", checked="1", anonymous="yes").headers["Location"]
    here = where.removeprefix("/v/r1/")
    page = bruno.opens(here).text
    watch = re.search(r'data-fresh="/v/r1/(live/[^"]+)"', page)
    asks = re.search(r'data-live="/v/r1/(live/[^"]+)"', page)
    assert watch is not None
    assert asks is not None
    fresh, since = watch[1].replace("&amp;", "&"), asks[1].replace("&amp;", "&")
    assert bruno.opens(since).status_code == 204
    clara = as_(course.clara)
    clara.sends(f"{here}/answer", htmx=True, body="Two **circles**.")
    assert bruno.opens(fresh).text.count("ask-answer") == 1
    ada.sends(f"{here}/answer", body="Thank you!")
    both = bruno.opens(fresh).text
    assert "<strong>circles</strong>" in both
    assert both.count("ask-answer") == 2
    assert "Ada" not in both
    for stranger in (course.dario, course.eva):
        assert as_(stranger, cookie=True).opens(fresh).status_code == 404


def test_somebody_named_and_answered_by_one_post_is_told_once(as_: As, course: Course, db: Database) -> None:
    ada, bruno = as_(course.ada, cookie=True), as_(course.bruno)
    here = ada.sends("ask/new", title="How do joins work?", checked="1").headers["Location"].removeprefix("/v/r1/")
    as_(course.bice).sends(f"{here}/same")
    bruno.sends(f"{here}/answer", body="@Ada Rossi, look at the circles. @Bice Conti, you too.")
    assert len(kinds(db, course.ada)) == 1
    assert kinds(db, course.bice) == ["mention"]
    as_(course.clara).sends(f"{here}/answer", body="Right.")
    assert kinds(db, course.ada)[-1] == "mention" or "answer" in kinds(db, course.ada)
