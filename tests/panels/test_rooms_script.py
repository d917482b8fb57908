"""In a frame without cookies: answers come by themselves, help is there at once, focus goes to an old post."""

# ruff: noqa: F811 (the fixtures of test_script.py)

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from lti_app.db import Database
from lti_app.models import Context, Mute, Notification, Post
from tests.conftest import StillClock
from tests.panels.conftest import Somebody
from tests.panels.conversations import begins
from tests.panels.test_script import database_url, frame  # noqa: F401
from tests.sweep.course import NOW, Course

pytestmark = pytest.mark.browser
As = Callable[..., Somebody]


def test_an_answer_comes_to_the_open_page_of_a_question(
    frame: Callable[..., Any], as_: As, course: Course, db: Database, clock: StillClock
) -> None:
    ada, clara = as_(course.ada), as_(course.clara)
    ada.sends("ask/new", title="How do joins work?", checked="1")
    with db.reading() as session:
        thread = session.scalars(select(Post.thread_id)).one()
    page, inside, faults = frame(ada, f"ask/{thread}", 320)
    expect(inside.get_by_text("Nobody has answered yet")).to_be_visible()
    clock.offset = timedelta(minutes=1)
    clara.sends(f"ask/{thread}/answer", htmx=True, body="Two circles.")
    expect(inside.get_by_text("Two circles.")).to_be_visible(timeout=20_000)
    expect(inside.get_by_text("Nobody has answered yet")).to_be_hidden()
    expect(inside.locator("#live")).to_have_text("Something new was said.")
    # The answer works like every other: Ada says that it helped.
    inside.get_by_role("button", name="This helped me").click()
    expect(inside.get_by_text("this helped", exact=True)).to_be_visible()
    assert faults == []
    page.close()


def test_whoever_speaks_of_harm_sees_at_once_whom_to_turn_to(
    frame: Callable[..., Any], as_: As, course: Course, db: Database
) -> None:
    with db.writing() as session:
        context = session.get_one(Context, course.context)
        context.settings = {"community": {"help_contacts": "Sportello **800 123 456**"}}
    thread = begins(as_(course.bruno), body="How are you?")
    page, inside, faults = frame(as_(course.ada), f"talk/{thread}", 320)
    inside.get_by_label("Your reply").fill("I want to die.")
    inside.get_by_role("button", name="Reply").press("Enter")
    expect(inside.get_by_role("heading", name="You do not have to carry this alone.")).to_be_visible()
    expect(inside.get_by_text("800 123 456")).to_be_visible()
    expect(inside.locator(".post-own")).to_have_count(1)
    assert faults == []
    page.close()


def test_news_of_an_old_post_lead_the_keyboard_there(
    frame: Callable[..., Any], as_: As, course: Course, db: Database
) -> None:
    thread = begins(as_(course.ada))
    with db.writing() as session:
        for number in range(80):
            at = NOW + timedelta(minutes=number + 1)
            session.add(Post(thread_id=thread, author_id=course.ada, body=f"Post no. {number}.", created_at=at))
        session.flush()
        old = session.scalars(select(Post.id).where(Post.body == "Post no. 5.")).one()
        session.add(
            Notification(
                membership_id=course.bruno, key="m", kind="mention", thread_id=thread, post_id=old, by_id=course.ada,
                made_at=NOW,
            )
        )  # fmt: skip
    page, inside, faults = frame(as_(course.bruno), "news", 640)
    inside.get_by_role("button", name="names you").or_(inside.locator(".news .line-title button")).first.press("Enter")
    expect(inside.locator(f"#post-{old}")).to_be_focused()
    expect(inside.get_by_text("Post no. 5.", exact=True)).to_be_visible()
    assert faults == []
    page.close()


def test_a_voice_that_rests_keeps_its_words_and_sees_why(
    frame: Callable[..., Any], as_: As, course: Course, db: Database
) -> None:
    thread = begins(as_(course.bruno))
    with db.writing() as session:
        for number in range(39):
            at = NOW + timedelta(minutes=number + 1)
            session.add(Post(thread_id=thread, author_id=course.bruno, body=f"Post no. {number}.", created_at=at))
        session.add(Mute(membership_id=course.ada, reason="A week of peace.", at=NOW, until=NOW + timedelta(days=7)))
    page, inside, faults = frame(as_(course.ada), f"talk/{thread}", 320)
    box = inside.get_by_label("Your reply")
    box.fill("But I say")
    inside.get_by_role("button", name="Reply").press("Enter")
    expect(inside.get_by_text("A week of peace.")).to_be_in_viewport()
    expect(box).to_have_value("But I say")
    assert all("403" in fault for fault in faults), faults
    page.close()
