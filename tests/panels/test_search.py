"""What was said is found again, by any ending of its words; what is not for everybody is found by nobody."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, select, update

from lti_app.db import Database
from lti_app.jobs import clock as ticks
from lti_app.models import Event, Material, Post, Thread
from lti_app.panels.search.marking import marked, snippet
from lti_app.store import posting
from tests.conftest import StillClock
from tests.panels.conftest import Somebody
from tests.panels.lively import lively
from tests.sweep.course import NOW, Course

As = Callable[..., Somebody]


def main_of(page: str) -> str:
    return page[page.index("<main") : page.index("</main")]


def said(db: Database, course: Course, title: str, body: str, *, who: int = 0, hours: float = 2, **more: Any) -> int:
    with db.writing() as session:
        author = who or course.bruno
        thread = posting.start_thread(session, course.context, author, title, body, NOW - timedelta(hours=hours))
        if more:
            session.execute(update(Thread).where(Thread.id == thread).values(**more))
    return thread


def titles(page: str) -> list[str]:
    found = re.findall(r'<h3 class="line-title">(.*?)</h3>', page, re.S)
    return [" ".join(re.sub(r"<[^>]+>", "", one).split()) for one in found]


def test_ada_finds_by_another_ending_and_without_accents_and_the_words_are_marked(
    as_: As, course: Course, db: Database
) -> None:
    thread = said(db, course, "Come si tolgono?", "Ho trovato dei **duplicati** nella colonna età, <b>ovunque</b>.")
    said(db, course, "Altro", "Niente che somigli.")
    ada = as_(course.ada, cookie=True)
    page = ada.opens("search?q=duplicato").text
    assert titles(page) == ["Come si tolgono?"]
    assert "<mark>duplicati</mark>" in page
    assert "&lt;b&gt;" in page
    assert "<b>" not in main_of(page)
    assert f"/talk/{thread}?post=" in page
    assert "#post-" in page
    assert titles(ada.opens("search?q=ETA").text) == ["Come si tolgono?"]
    assert "Bruno M." in main_of(page)


def test_without_a_cookie_the_form_carries_the_token(as_: As, course: Course, db: Database) -> None:
    said(db, course, "Missing values", "They are coded as -999.")
    ada = as_(course.ada)
    page = ada.opens("search").text
    assert 'role="search"' in page
    assert 'method="post"' in page[page.index('role="search"') :]
    assert titles(ada.sends("search", q="missing value").text) == ["Missing values"]


@pytest.mark.parametrize("gone", ["hidden_at", "held_at", "deleted_at", "thread", "merged"])
def test_what_is_hidden_held_deleted_or_merged_is_found_by_nobody(
    as_: As, course: Course, db: Database, gone: str
) -> None:
    thread = said(db, course, "Secret plan", "The zebra is loose.")
    with db.writing() as session:
        if gone == "thread":
            session.execute(update(Thread).values(hidden_at=NOW))
        elif gone == "merged":
            other = posting.start_thread(session, course.context, course.ada, "Other", "Words", NOW)
            session.execute(update(Thread).where(Thread.id == thread).values(merged_into_id=other))
        else:
            session.execute(update(Post).values({gone: NOW}))
    for who in (course.ada, course.clara):
        assert titles(as_(who, cookie=True).opens("search?q=zebra").text) == []
        assert titles(as_(who, cookie=True).opens("search?q=secret").text) == []


def test_a_hidden_answer_is_not_the_piece_that_is_shown(as_: As, course: Course, db: Database) -> None:
    thread = said(db, course, "Zebra", "First words.")
    with db.writing() as session:
        posting.reply(session, course.context, thread, course.bice, "The zebra lives in Rome.", NOW)
        session.execute(update(Post).where(Post.author_id == course.bice).values(hidden_at=NOW))
    page = main_of(as_(course.ada, cookie=True).opens("search?q=zebra").text)
    assert "lives in Rome" not in page
    assert "First words." in page


def test_private_threads_and_other_courses_stay_where_they_are(as_: As, course: Course, db: Database) -> None:
    said(db, course, "Zebra at large", "A zebra.")
    with db.writing() as session:
        ids = lively(session, course)
    for who in (course.dario, course.eva):
        assert titles(as_(who, cookie=True).opens("search?q=zebra").text) == []
    # Hugo and Gaia wrote about duplicates to each other alone.
    for who in (course.ada, ids["hugo"], course.clara):
        assert "Ciao Gaia" not in as_(who, cookie=True).opens("search?q=duplicati").text


def test_an_anonymous_author_is_named_to_staff_and_to_nobody_else(as_: As, course: Course, db: Database) -> None:
    said(db, course, "Zebra", "I am too shy to ask.", anonymous=True)
    assert "Bruno" not in main_of(as_(course.ada, cookie=True).opens("search?q=zebra").text)
    assert "Bruno Marchi" in main_of(as_(course.clara, cookie=True).opens("search?q=zebra").text)


def test_meetings_and_materials_are_found_after_a_tick_and_leave_when_they_are_gone(
    as_: As, app: Flask, course: Course, db: Database, clock: StillClock
) -> None:
    house = app.extensions["regista"]
    with db.writing() as session:
        session.add(Event(context_id=course.context, kind="qa", title="Zebra hour", words="We meet.", starts_at=NOW,
                          ends_at=NOW, created_at=NOW, changed_at=NOW, timed_at=NOW))  # fmt: skip
        session.add(Material(context_id=course.context, kind="link", state="waiting", title="Zebra atlas",
                             url="https://example.org", created_at=NOW, changed_at=NOW))  # fmt: skip
    ticks._index_words(house, clock.now())
    ada = as_(course.ada, cookie=True)
    assert titles(ada.opens("search?q=zebras").text) == ["Zebra hour"]
    with db.writing() as session:
        later = NOW + timedelta(minutes=1)
        session.execute(update(Event).values(title="Giraffe hour", changed_at=later))
    assert ticks._index_words(house, clock.now()) == 1
    assert ticks._index_words(house, clock.now()) == 0
    assert titles(ada.opens("search?q=giraffe").text) == ["Giraffe hour"]
    with db.writing() as session:
        session.execute(update(Event).values(state="declined"))
    assert titles(ada.opens("search?q=giraffe").text) == []


def test_by_kind_by_activity_and_page_by_page(as_: As, course: Course, db: Database) -> None:
    for number in range(14):
        said(
            db,
            course,
            f"Zebra {number}",
            "One more.",
            hours=100 - number,
            activity_id=course.quiz_2 if number < 2 else None,
        )
    said(db, course, "Why a zebra?", "Really?", kind="ask")
    ada = as_(course.ada, cookie=True)
    first, second = ada.opens("search?q=zebra").text, ada.opens("search?q=zebra&page=2").text
    assert len(titles(first)) == 12
    assert len(titles(second)) == 3
    assert set(titles(first)).isdisjoint(titles(second))
    assert titles(ada.opens("search?q=zebra&kind=questions").text) == ["Why a zebra?"]
    assert sorted(titles(ada.opens(f"search?q=zebra&about={course.quiz_2}").text)) == ["Zebra 0", "Zebra 1"]
    for odd in ("kind=nonsense", "page=-3", "page=99999999999999999999", "about=x", "page=x"):
        assert ada.opens(f"search?q=zebra&{odd}").status_code == 200


def test_nothing_found_invites_to_ask_and_carries_the_words_over(as_: As, course: Course) -> None:
    ada = as_(course.ada, cookie=True)
    page = ada.opens("search?q=okapi+%3Cscript%3E").text
    assert "Nothing about “okapi &lt;script&gt;” yet." in page
    link = re.search(r'href="/v/r1/(ask\?words=[^"]+)"', page)
    assert link is not None
    assert ">\nokapi &lt;script&gt;</textarea>" in ada.opens(link.group(1).replace("&amp;", "&")).text


@pytest.mark.parametrize("words", ["", "   ", "e il di", "%", "_", "'; DROP TABLE post; --", "\x00\u202e", "x" * 5000])
def test_odd_words_find_nothing_and_break_nothing(as_: As, course: Course, db: Database, words: str) -> None:
    said(db, course, "Zebra", "A zebra.")
    page = as_(course.ada).sends("search", q=words)
    assert page.status_code == 200
    assert titles(page.text) == []


def test_a_search_costs_the_same_few_queries_however_much_is_found(as_: As, course: Course, db: Database) -> None:
    ada = as_(course.ada, cookie=True)
    asked: list[str] = []
    event.listen(db.engine, "before_cursor_execute", lambda *call: asked.append(call[2]))

    def queries() -> int:
        asked.clear()
        ada.opens("search?q=zebra")
        return len(asked)

    said(db, course, "Zebra", "One.", activity_id=course.quiz_2)
    ada.opens("search?q=zebra")
    few = queries()
    for number in range(20):
        said(db, course, f"Zebra {number}", "More.", hours=100 - number, activity_id=course.quiz_1)
    assert queries() == few


def test_marks_are_made_of_words_alone() -> None:
    assert marked("<i>Duplicati</i> & co", "duplicato") == "&lt;i&gt;<mark>Duplicati</mark>&lt;/i&gt; &amp; co"
    long = "parola " * 60 + "duplicati **forti** " + "fine " * 60
    piece = snippet(long, "duplicato")
    assert piece.startswith("…")
    assert piece.endswith("…")
    assert "<mark>duplicati</mark> forti" in piece


def test_the_student_view_may_search(as_: As, course: Course, db: Database) -> None:
    said(db, course, "Zebra", "A zebra.")
    assert titles(as_(course.clara, cookie=True).opens("search?q=zebra").text) == ["Zebra"]
    with db.reading() as session:
        assert session.scalar(select(Thread.title)) == "Zebra"
