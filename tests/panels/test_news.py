"""What concerns Ada is told once, leads to its very place, and never names who did not want to be named."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, event, func, select, update

from lti_app.db import Database
from lti_app.jobs import clock as ticks
from lti_app.models import Membership, Notification, Post, Thread
from lti_app.store import posting
from lti_app.store.notifications import QUIET, notify
from lti_app.visit import seal
from tests.conftest import StillClock
from tests.panels.conftest import Somebody
from tests.sweep.course import NOW, Course

As = Callable[..., Somebody]
HOUR = timedelta(hours=1)


def main_of(page: str) -> str:
    return page[page.index("<main") : page.index("</main")]


def begun(db: Database, course: Course, title: str = "Hidden values", **more: Any) -> tuple[int, int]:
    """Ada began, Bruno answered, and she has been told nothing yet; returns the thread and his post."""
    with db.writing() as session:
        thread = posting.start_thread(session, course.context, course.ada, title, "Why?", NOW - 5 * HOUR)
        posting.reply(session, course.context, thread, course.bruno, "Look at the **smallest** value.", NOW - 4 * HOUR)
        if more:
            session.execute(update(Post).where(Post.author_id == course.bruno).values(**more))
        post = session.scalars(select(Post.id).where(Post.author_id == course.bruno)).one()
        session.execute(delete(Notification))
    return thread, post


def tells(db: Database, who: int, kind: str, key: str, *, hours: float = 1, **more: Any) -> None:
    with db.writing() as session:
        assert notify(session, [who], kind, key, NOW - hours * HOUR, **more) == 1


def badge(page: str) -> str:
    found = re.search(r"News for you</span>(?: <span class=\"count\">([^<]+))?", page)
    assert found is not None
    return found.group(1) or ""


def test_three_answers_to_ada_are_one_line_that_leads_to_the_first_new_post(
    as_: As, course: Course, db: Database
) -> None:
    thread, post = begun(db, course)
    for number, who in enumerate((course.bruno, course.bice, course.clara)):
        tells(db, course.ada, "reply", f"r{number}", hours=3 - number, by_id=who, thread_id=thread, post_id=post)
    ada = as_(course.ada)
    assert badge(ada.opens("home").text) == "3"
    page = ada.opens("news").text
    assert "Clara Villa and two others answered in “Hidden values”" in main_of(page)
    assert "Look at the smallest value." in main_of(page)
    assert main_of(page).count("<h2") == 1 + main_of(page).count('id="welcome"')
    first = re.search(r"news/(\d+)", main_of(page))
    assert first is not None
    answer = ada.opens(f"news/{first.group(1)}")
    assert (answer.status_code, answer.headers["Location"]) == (307, f"/v/r1/talk/{thread}?post={post}#post-{post}")
    assert badge(ada.opens("home").text) == ""
    assert "news-new" not in ada.opens("news").text


def test_with_a_cookie_the_way_there_is_a_plain_link(as_: As, course: Course, db: Database) -> None:
    thread, post = begun(db, course)
    tells(db, course.ada, "reply", "r", by_id=course.bruno, thread_id=thread, post_id=post)
    ada = as_(course.ada, cookie=True)
    link = re.search(r'href="/v/r1/(news/\d+)"', ada.opens("news").text)
    assert link is not None
    answer = ada.opens(link.group(1))
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/v/r1/talk/{thread}?post={post}#post-{post}")


def test_reading_the_discussion_itself_is_enough(as_: As, course: Course, db: Database) -> None:
    thread, post = begun(db, course)
    tells(db, course.ada, "reply", "r", by_id=course.bruno, thread_id=thread, post_id=post)
    tells(db, course.ada, "kudos", "k", by_id=course.bruno)
    ada = as_(course.ada)
    ada.opens(f"talk/{thread}")
    assert badge(ada.opens("home").text) == "1"


def test_one_line_or_all_of_it_counts_as_seen_and_nobody_elses(as_: As, course: Course, db: Database) -> None:
    for who in (course.ada, course.bruno):
        for number in range(3):
            tells(db, who, "kudos", f"k{number}", by_id=course.bice, hours=30 * number)
    ada, bruno = as_(course.ada), as_(course.bruno)
    ids = re.findall(r'name="ids" value="([\d,]+)"', ada.opens("news").text)
    assert len(ids) == 3
    part = ada.sends("news/seen", htmx=True, ids=ids[0])
    assert 'data-say="Seen."' in part.text
    assert "<html" not in part.text
    assert "2 things are new to you." in part.text
    bruno.sends("news/seen", ids=",".join(ids))
    assert badge(ada.opens("home").text) == "2"
    ada.sends("news/seen", all="yes")
    assert "You have seen everything." in ada.opens("news").text
    assert badge(bruno.opens("home").text) == "3"
    assert ada.sends("news/seen", ids="x,,-1," + "9" * 400).status_code == 200


def test_nobody_opens_or_sees_what_was_told_to_another(as_: As, course: Course, db: Database) -> None:
    thread, post = begun(db, course, title="Only for Ada")
    tells(db, course.ada, "reply", "r", by_id=course.bruno, thread_id=thread, post_id=post)
    with db.reading() as session:
        told = session.scalars(select(Notification.id)).one()
    for other in (course.bruno, course.dario, course.eva):
        somebody = as_(other)
        assert somebody.opens(f"news/{told}").status_code == 404
        page = somebody.opens("news").text
        assert "Only for Ada" not in page
        assert "Nothing has happened to you yet." in page
        somebody.sends("news/seen", ids=str(told))
    assert badge(as_(course.ada).opens("home").text) == "1"


def test_an_anonymous_answer_says_somebody_to_peers_and_a_name_to_staff(as_: As, course: Course, db: Database) -> None:
    thread, post = begun(db, course, anonymous=True)
    for who in (course.ada, course.clara):
        tells(db, who, "answer", f"a{who}", by_id=course.bruno, thread_id=thread, post_id=post)
    page = as_(course.ada).opens("news").text
    assert "Somebody answered the question" in page
    assert "Bruno" not in main_of(page)
    assert "Bruno Marchi answered" in as_(course.clara).opens("news").text


def test_whoever_asked_without_a_name_stays_without_it_when_they_name_somebody(
    as_: As, course: Course, db: Database
) -> None:
    thread, post = begun(db, course)
    with db.writing() as session:
        session.execute(update(Thread).values(anonymous=True, author_id=course.bruno))
    tells(db, course.ada, "mention", "m", by_id=course.bruno, thread_id=thread, post_id=post)
    assert "Bruno" not in main_of(as_(course.ada).opens("news").text)


@pytest.mark.parametrize("gone", ["hidden_at", "deleted_at", "held_at", "thread"])
def test_what_is_gone_leaves_no_line_and_no_number(as_: As, course: Course, db: Database, gone: str) -> None:
    thread, post = begun(db, course)
    tells(db, course.ada, "reply", "r", by_id=course.bruno, thread_id=thread, post_id=post)
    tells(db, course.bruno, "moderated", "m", thread_id=thread, post_id=post)
    with db.writing() as session:
        if gone == "thread":
            session.execute(update(Thread).values(hidden_at=NOW))
        else:
            session.execute(update(Post).where(Post.id == post).values({gone: NOW}))
    ada = as_(course.ada)
    assert badge(ada.opens("home").text) == ""
    assert "Hidden values" not in main_of(ada.opens("news").text)
    # What was decided about Bruno's own words is told to him all the same.
    assert "A moderator has looked at something of yours" in as_(course.bruno).opens("news").text


def test_hostile_words_are_shown_as_words(as_: As, course: Course, db: Database) -> None:
    nasty = "<script>alert(1)</script>"
    thread, post = begun(db, course, title=nasty, body=f'{nasty} <img src=x onerror="x">')
    tells(db, course.ada, "reply", "r", by_id=course.bruno, thread_id=thread, post_id=post)
    tells(db, course.ada, "event_new", "e", facts={"title": nasty, "event_id": 3})
    page = main_of(as_(course.ada).opens("news").text)
    assert "<script" not in page
    assert "<img" not in page
    assert page.count("&lt;script&gt;") >= 2


def test_long_news_go_on_and_cost_the_same_few_queries(as_: As, course: Course, db: Database) -> None:
    ada = as_(course.ada, cookie=True)

    asked: list[str] = []
    event.listen(db.engine, "before_cursor_execute", lambda *call: asked.append(call[2]))

    def queries() -> int:
        asked.clear()
        ada.opens("news")
        return len(asked)

    tells(db, course.ada, "kudos", "first", by_id=course.bice)
    ada.opens("news")
    few = queries()
    with db.writing() as session:
        for number in range(150):
            notify(
                session, [course.ada], "event_new", f"n{number}", NOW - number * HOUR, facts={"title": f"E{number}."}
            )
    first = ada.opens("news").text
    assert badge(first) == "99+"
    assert "E10." in first
    assert "E80." not in first
    older = re.search(r"news\?before=\d+", first)
    assert older is not None
    assert "E80." in ada.opens(older.group()).text
    assert queries() == few


def test_the_student_view_is_told_nothing_and_marks_nothing(as_: As, course: Course, db: Database) -> None:
    tells(db, course.ada, "kudos", "k", by_id=course.bice)
    looker = as_(course.clara)
    nobody = replace(looker.visit, membership_id=None, role="learner", student_view=True)
    looker.token = seal(nobody, looker.client.application.extensions["regista"].settings)
    page = looker.opens("news")
    assert page.status_code == 200
    assert "Nothing has happened to you yet." in page.text
    assert looker.sends("news/seen", all="yes").status_code == 403


def test_whoever_wants_no_warm_signs_hears_of_none_but_never_misses_a_moderator(course: Course, db: Database) -> None:
    with db.writing() as session:
        session.execute(
            update(Membership).where(Membership.id == course.ada).values(settings={QUIET: ["wins", "care"]})
        )
        assert notify(session, [course.ada], "warm", "w", NOW, by_id=course.bruno) == 0
        assert notify(session, [course.ada], "moderated", "m", NOW) == 1


def test_after_half_a_year_the_tick_clears_it_away(app: Flask, course: Course, db: Database, clock: StillClock) -> None:
    tells(db, course.ada, "kudos", "old", hours=24 * 181)
    tells(db, course.ada, "kudos", "new")
    house = app.extensions["regista"]
    assert ticks._forget_news(house, clock.now()) == 1
    assert ticks._forget_news(house, clock.now()) == 0
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(Notification)) == 1
