"""Pages of discussions: beside a section, where an old post stands, fresh by themselves, closed to those outside."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from flask import Flask
from sqlalchemy import event, select, update

from lti_app.db import Database
from lti_app.models import Activity, Membership, Notification, Person, Post, ResourceLink, Thread
from lti_app.visit import HEADER, seal
from tests.conftest import StillClock
from tests.panels.conftest import Somebody
from tests.panels.conversations import begins, posts_of
from tests.panels.lively import lively
from tests.sweep.course import NOW, Course

As = Callable[..., Somebody]


def test_a_panel_beside_a_section_shows_what_is_said_there(as_: As, course: Course, db: Database) -> None:
    with db.writing() as session:
        session.execute(update(Activity).where(Activity.id == course.task_2).values(section="Grafici"))
        link = ResourceLink(
            context_id=course.context,
            id_on_platform="l1",
            panel="talk",
            settings={"section": "Grafici"},
            created_at=NOW,
        )
        session.add(link)
        session.flush()
        link_id = link.id
    ada = as_(course.ada)
    begins(ada, title="On the task", activity_id=str(course.task_2))
    begins(ada, title="On the section", activity_id="s:Grafici")
    begins(ada, title="On the quiz", activity_id=str(course.quiz_2))
    beside = as_(course.ada, cookie=True)
    beside.visit = replace(beside.visit, resource_link_id=link_id)
    page = _opens_with(beside, "talk")
    assert "On the task" in page
    assert "On the section" in page
    assert "On the quiz" not in page
    assert "On the quiz" in _opens_with(beside, "talk?all=1")
    quiz = _opens_with(beside, f"talk?about={course.quiz_2}")
    assert "On the quiz" in quiz
    assert "On the task" not in quiz
    assert "On the task" in _opens_with(beside, "talk?section=Nowhere")


def _opens_with(who: Somebody, path: str) -> str:
    app = who.client.application
    who.token = seal(who.visit, app.extensions["regista"].settings)
    return who.opens(path).text


def test_a_page_that_asks_by_itself_hears_of_new_posts_and_is_not_somebody_here(
    as_: As, course: Course, db: Database, clock: StillClock
) -> None:
    ada, bruno = as_(course.ada), as_(course.bruno)
    thread = begins(ada)
    clock.offset = timedelta(minutes=30)
    page = bruno.opens(f"talk/{thread}").text
    asks = _address(page, "live")
    clock.offset = timedelta(minutes=50)
    seen = _seen(db, course.bruno)
    quiet = bruno.client.get(asks, headers={HEADER: bruno.token})
    assert quiet.status_code == 204
    assert HEADER not in quiet.headers
    assert _seen(db, course.bruno) == seen
    ada.sends(f"talk/{thread}/reply", body="Something **new**")
    assert bruno.client.get(asks, headers={HEADER: bruno.token}).status_code == 200
    fresh = bruno.client.get(_address(page, "fresh"), headers={HEADER: bruno.token})
    assert "<strong>new</strong>" in fresh.text
    assert "The <strong>mean</strong>" not in fresh.text
    assert HEADER not in fresh.headers
    assert _seen(db, course.bruno) == seen
    assert bruno.client.get(_address(fresh.text, "live"), headers={HEADER: bruno.token}).status_code == 204
    for who in (as_(course.dario), as_(course.eva)):
        assert who.client.get(asks, headers={HEADER: who.token}).status_code in (401, 404)
        assert who.client.get(_address(page, "fresh"), headers={HEADER: who.token}).status_code == 404
    assert bruno.client.get(asks).status_code == 401
    assert bruno.client.get(asks.replace("at=", "at=x"), headers={HEADER: bruno.token}).status_code == 200


def _address(page: str, name: str) -> str:
    found = re.search(rf'data-{name}="([^"]+)"', page)
    assert found is not None
    return found.group(1).replace("&amp;", "&")


def _seen(db: Database, member: int) -> Any:
    with db.reading() as session:
        return session.scalar(
            select(Person.seen_at).join(Membership, Membership.person_id == Person.id).where(Membership.id == member)
        )


def test_a_private_thread_tells_nothing_to_those_outside(as_: As, course: Course, db: Database) -> None:
    with db.writing() as session:
        ids = lively(session, course)
        private = session.scalars(select(Thread.id).where(Thread.match_id == ids["met"])).one()
        post = session.scalars(select(Post.id).where(Post.thread_id == private).limit(1)).one()
    for who in (as_(course.ada), as_(course.clara)):
        assert who.client.get(who.at(f"live/{private}/posts?after=0"), headers={HEADER: who.token}).status_code == 404
        assert who.sends(f"talk/post/{post}/sign", kind="heart").status_code == 404
        assert who.opens(f"talk/post/{post}").status_code == 404
    hugo = as_(ids["hugo"])
    assert f"live/{private}" in hugo.opens(f"peer/{ids['met']}").text
    inside = hugo.client.get(hugo.at(f"live/{private}/posts?after=0"), headers={HEADER: hugo.token})
    assert "duplicati" in inside.text


def test_a_page_asks_the_same_few_questions_however_long_the_thread(
    app: Flask, as_: As, course: Course, db: Database
) -> None:
    ada = as_(course.ada)
    thread = begins(ada, options="a\nb", body="Hello @Bruno M.")
    counted: list[str] = []

    def count(*args: Any) -> None:
        counted.append(args[2])

    event.listen(db.engine, "before_cursor_execute", count)
    as_(course.bruno).opens(f"talk/{thread}")
    few = len(counted)
    event.remove(db.engine, "before_cursor_execute", count)
    with db.writing() as session:
        for number in range(30):
            session.add(Post(thread_id=thread, author_id=course.others[number % 8], body=f"n {number}", created_at=NOW))
    as_(course.bruno).opens(f"talk/{thread}")
    event.listen(db.engine, "before_cursor_execute", count)
    counted.clear()
    as_(course.bruno).opens(f"talk/{thread}")
    event.remove(db.engine, "before_cursor_execute", count)
    assert len(counted) <= few


def test_news_of_an_old_post_open_the_thread_where_it_stands(as_: As, course: Course, db: Database) -> None:
    ada, bruno = as_(course.ada), as_(course.bruno, cookie=True)
    thread = begins(ada)
    with db.writing() as session:
        for number in range(90):
            at = NOW + timedelta(minutes=number + 1)
            session.add(Post(thread_id=thread, author_id=course.ada, body=f"Post no. {number}.", created_at=at))
    old = posts_of(db, thread)[6]
    with db.writing() as session:
        row = Notification(membership_id=course.bruno, key="m", kind="mention", thread_id=thread, post_id=old,
                           by_id=course.ada, made_at=NOW)  # fmt: skip
        session.add(row)
        session.flush()
        told = row.id
    where = bruno.opens(f"news/{told}").headers["Location"]
    assert where == f"/v/r1/talk/{thread}?post={old}#post-{old}"
    page = bruno.opens(where.removeprefix("/v/r1/").partition("#")[0]).text
    assert f'id="post-{old}"' in page
    assert "Post no. 24." in page
    assert "Post no. 26." not in page
    assert "Back to the newest" in page
    newest = posts_of(db, thread)[-1]
    assert "Back to the newest" not in bruno.opens(f"talk/{thread}?post={newest}").text
    # A number that is no post of this thread is none to look for.
    for strange in ("0", "99999999", "x", "1" * 40):
        assert "Post no. 89." in bruno.opens(f"talk/{thread}?post={strange}").text
