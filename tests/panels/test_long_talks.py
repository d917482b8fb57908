"""What was said long ago in a private conversation can still be read, in the circle and between two people."""

# ruff: noqa: F811 (the fixtures of its neighbours)

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import expect
from sqlalchemy import select

from lti_app.db import Database
from lti_app.models import Post, Thread
from lti_app.store import circle_acts, posting
from tests.conftest import StillClock
from tests.panels.conftest import Somebody
from tests.panels.lively import ask_bruno
from tests.panels.test_circle import circle  # noqa: F401
from tests.panels.test_script import frame  # noqa: F401
from tests.sweep.course import NOW, Course

As = Callable[..., Somebody]
HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Talk:
    """A private conversation: the page that shows it, the two who talk, and somebody who must see nothing."""

    path: str
    me: int
    other: int
    stranger: int
    box: str


@pytest.fixture(params=["circle", "match"])
def talk(request: pytest.FixtureRequest, app: Flask, db: Database, course: Course, as_: As) -> Talk:
    """Forty-five things have been said, from "Word 00." on; the page shows forty at once."""
    if request.param == "match":
        with db.writing() as session:
            match_id = ask_bruno(session, course)
        as_(course.bruno).sends(f"peer/answer/{match_id}", say="yes")
        found = Talk(f"peer/{match_id}", course.ada, course.bruno, course.clara, "Write to Bruno")
    else:
        number, (first, second, third, _fourth) = request.getfixturevalue("circle")
        with db.writing() as session:
            for one in (first, second):
                circle_acts.accept(session, number, one, NOW, opening_words="")
        found = Talk("circle", first, second, third, "Write to your circle")
    with db.writing() as session:
        thread = session.scalars(select(Thread).where(Thread.kind == request.param)).one()
        for number in range(45):
            who = found.other if number % 2 else found.me
            posting.reply_in(session, thread, who, f"Word {number:02}.", NOW - 50 * HOUR + number * HOUR, None)
    return found


def words_in(page: str) -> list[str]:
    return re.findall(r"Word (\d\d)\.", page)


def way(page: str, path: str, words: str) -> str:
    """Where the link (or, without a cookie, the button) with these words leads."""
    found = re.search(rf'(?:href|formaction)="/v/r1/({path}[^"]*)"[^>]*>{words}<', page)
    assert found is not None, words
    return found.group(1).partition("#")[0]


@pytest.mark.parametrize("cookie", [True, False])
def test_what_was_said_long_ago_is_one_step_away_and_so_is_the_way_back(as_: As, talk: Talk, cookie: bool) -> None:
    me = as_(talk.me, cookie=cookie)
    newest = me.opens(talk.path).text
    shown = words_in(newest)
    assert shown[-1] == "44"
    earlier = me.opens(way(newest, talk.path, r"\d earlier posts?")).text
    assert [*words_in(earlier), *shown] == [f"{number:02}" for number in range(45)]
    # What comes in now belongs at the end, and this is not the end; what one writes goes there all the same.
    assert "data-live=" in newest
    assert "data-live=" not in earlier
    assert talk.box in earlier
    assert words_in(me.opens(way(earlier, talk.path, "Back to the newest")).text) == shown


def test_the_ways_have_their_words_in_italian(as_: As, talk: Talk) -> None:
    me = as_(talk.me, locale="it")
    earlier = me.opens(way(me.opens(talk.path).text, talk.path, r"\d messaggi precedenti")).text
    way(earlier, talk.path, "Torna ai più recenti")


def test_a_notification_of_an_old_post_opens_the_page_where_it_stands(as_: As, talk: Talk, db: Database) -> None:
    with db.reading() as session:
        first = session.scalars(select(Post.id).where(Post.body == "Word 00.")).one()
    page = as_(talk.me).opens(f"{talk.path}?post={first}").text
    assert f'id="post-{first}"' in page
    assert "Word 00." in page


def test_an_earlier_page_opens_to_nobody_else(as_: As, talk: Talk, course: Course, db: Database) -> None:
    with db.reading() as session:
        last = session.scalars(select(Post.id).where(Post.body == "Word 44.")).one()
    for stranger in (talk.stranger, course.clara, course.dario):
        for asked in (f"before={last}", f"post={last}"):
            answer = as_(stranger).opens(f"{talk.path}?{asked}")
            assert not words_in(answer.text)
            assert talk.path == "circle" or answer.status_code == 404


def test_an_address_that_means_nothing_shows_the_newest(as_: As, talk: Talk) -> None:
    me = as_(talk.me)
    shown = words_in(me.opens(talk.path).text)
    for asked in ("before=0", "before=x", "before=-1", f"before={9**18}", "post=0", "post=²", "before="):
        assert words_in(me.opens(f"{talk.path}?{asked}").text) == shown


@pytest.mark.browser
def test_by_keyboard_to_the_first_words_and_what_is_said_meanwhile_comes_at_the_end(
    frame: Callable[..., Any],
    as_: As,
    talk: Talk,
    db: Database,
    clock: StillClock,
) -> None:
    page, inside, faults = frame(as_(talk.me), talk.path, 280)
    inside.get_by_role("button", name="earlier post").press("Enter")
    expect(inside.get_by_text("Word 00.")).to_be_visible()
    expect(inside.get_by_text("Word 44.")).to_have_count(0)
    inside.get_by_role("button", name="Back to the newest").press("Enter")
    expect(inside.get_by_text("Word 44.")).to_be_visible()
    clock.offset = timedelta(minutes=1)
    with db.writing() as session:
        thread = session.scalars(select(Thread).where(Thread.kind.in_(("circle", "match")))).one()
        posting.reply_in(session, thread, talk.other, "One more thing.", NOW + timedelta(minutes=1), None)
    fresh = inside.get_by_text("One more thing.")
    expect(fresh).to_be_visible(timeout=20_000)
    assert inside.locator(".prose").last.inner_text() == "One more thing."
    assert faults == []
    page.close()
