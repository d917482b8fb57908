"""What people do with posts: change them, take them back, give warm signs, hide their name."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import func, select, update

from lti_app.db import Database
from lti_app.models import Membership, Post, PostRevision, Reaction, Thread
from lti_app.store import posting
from lti_app.store.inserts import insert_new
from tests.conftest import StillClock
from tests.panels.conftest import Somebody
from tests.panels.conversations import begins, only_looks, posts_of, told
from tests.sweep.course import NOW, Course

As = Callable[..., Somebody]


def test_ada_changes_her_words_and_what_they_were_is_kept_for_her_and_for_tutors(
    as_: As, course: Course, db: Database, clock: StillClock
) -> None:
    ada, bruno, clara = as_(course.ada), as_(course.bruno), as_(course.clara)
    thread = begins(ada, body="The **maen** is wrong.")
    post = posts_of(db, thread)[0]
    form = ada.sends(f"talk/post/{post}/edit", htmx=True)
    assert "The **maen** is wrong." in form.text
    clock.offset = timedelta(minutes=3)
    saved = ada.sends(f"talk/post/{post}/save", htmx=True, body="The **mean** is wrong.", look="first")
    assert saved.status_code == 200, saved.text
    assert "post-first" in saved.text
    assert "edited" in saved.text
    page = bruno.opens(f"talk/{thread}").text
    assert "<strong>mean</strong>" in page
    assert "edited" in page
    assert "What it said before" not in page
    for who in (ada, clara):
        assert "What it said before" in who.opens(f"talk/{thread}").text
        assert "<strong>maen</strong>" in who.opens(f"talk/post/{post}/history").text
    assert bruno.opens(f"talk/post/{post}/history").status_code == 404
    # The same words again are no change.
    ada.sends(f"talk/post/{post}/save", body="The **mean** is wrong.")
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(PostRevision)) == 1


def test_nobody_changes_or_takes_back_anothers_words(as_: As, course: Course, db: Database) -> None:
    thread = begins(as_(course.ada))
    post = posts_of(db, thread)[0]
    for who in (as_(course.bruno), as_(course.clara), as_(course.dario), as_(course.eva)):
        assert who.sends(f"talk/post/{post}/save", body="Mine").status_code == 404
        assert who.sends(f"talk/post/{post}/take-back").status_code == 404
        assert who.opens(f"talk/post/{post}/edit").status_code == 404
    for who in (as_(course.dario), as_(course.eva)):
        assert who.sends(f"talk/post/{post}/sign", kind="heart").status_code == 404
        assert who.sends(f"talk/post/{post}/vote", option="1").status_code == 404
        assert who.opens(f"talk/post/{post}").status_code == 404
    with db.reading() as session:
        assert session.get_one(Post, post).body == "The **mean** is wrong."


def test_too_long_a_change_keeps_the_draft_and_a_closed_discussion_takes_none(
    as_: As, course: Course, db: Database
) -> None:
    ada = as_(course.ada)
    thread = begins(ada)
    post = posts_of(db, thread)[0]
    answer = ada.sends(f"talk/post/{post}/save", htmx=True, body="x" * 8001)
    assert answer.status_code == 422
    assert "x" * 8001 in answer.text
    assert "<html" in ada.sends(f"talk/post/{post}/save", body="").text
    with db.writing() as session:
        session.execute(update(Thread).values(closed_at=NOW))
    assert ada.sends(f"talk/post/{post}/save", body="Late").status_code == 422


def test_what_is_taken_back_leaves_its_place(as_: As, course: Course, db: Database) -> None:
    ada, bruno = as_(course.ada), as_(course.bruno)
    thread = begins(ada)
    bruno.sends(f"talk/{thread}/reply", body="I regret this")
    post = posts_of(db, thread)[1]
    gone = bruno.sends(f"talk/post/{post}/take-back", htmx=True)
    assert "taken back by whoever wrote them" in gone.text
    page = as_(course.clara).opens(f"talk/{thread}").text
    assert "I regret this" not in page
    assert "taken back by whoever wrote them" in page
    assert bruno.sends(f"talk/post/{post}/take-back").status_code == 404
    assert "1 reply" not in ada.opens("talk").text


def test_a_discussion_that_nobody_answered_goes_with_its_only_post(as_: As, course: Course, db: Database) -> None:
    ada = as_(course.ada, cookie=True)
    thread = begins(ada, title="By mistake")
    answer = ada.sends(f"talk/post/{posts_of(db, thread)[0]}/take-back")
    assert answer.status_code == 303
    assert "By mistake" not in ada.opens("talk").text
    assert ada.opens(f"talk/{thread}").status_code == 404


def test_warm_signs_are_given_counted_and_taken_back(as_: As, course: Course, db: Database) -> None:
    ada, bruno, bice = as_(course.ada), as_(course.bruno), as_(course.bice)
    thread = begins(ada)
    post = posts_of(db, thread)[0]
    row = bruno.sends(f"talk/post/{post}/sign", htmx=True, kind="heart")
    assert 'aria-pressed="true"' in row.text
    bice.sends(f"talk/post/{post}/sign", kind="heart")
    bice.sends(f"talk/post/{post}/sign", kind="thanks")
    assert re.search(r"Warm thought</title>|aria-label=\"Warm thought\"", ada.opens(f"talk/{thread}").text)
    assert 'aria-label="Warm thought: 2"' in bruno.opens(f"talk/{thread}").text
    bruno.sends(f"talk/post/{post}/sign", htmx=True, kind="heart")
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(Reaction)) == 2
    assert ada.sends(f"talk/post/{post}/sign", kind="heart").status_code == 404
    assert bruno.sends(f"talk/post/{post}/sign", kind="poison").status_code == 404
    assert told(db, course.ada) == ["warm", "warm"]


def test_two_taps_at_once_leave_one_sign(db: Database, course: Course) -> None:
    with db.writing() as session:
        thread = posting.start_thread(session, course.context, course.ada, "T", "B", NOW)
        post = session.scalars(select(Post.id).where(Post.thread_id == thread)).one()
        values = {"membership_id": course.bruno, "post_id": post, "kind": "heart", "created_at": NOW}
        assert insert_new(session, Reaction, **values) is not None
        assert insert_new(session, Reaction, **values) is None


def test_what_waits_for_a_moderator_is_seen_and_told_only_when_it_is_let_out(
    as_: As, course: Course, db: Database
) -> None:
    ada, bruno = as_(course.ada), as_(course.bruno)
    thread = begins(ada)
    with db.writing() as session:
        member = session.get_one(Membership, course.bruno)
        member.settings = {**member.settings, "watched_until": "2027-01-01"}
    bruno.sends(f"talk/{thread}/reply", body="Listen, @Ada R.")
    assert told(db, course.ada) == []
    assert "Listen" not in ada.opens(f"talk/{thread}").text
    assert "waits for a moderator" in bruno.opens(f"talk/{thread}").text
    assert "waits for a moderator" in as_(course.clara).opens(f"talk/{thread}").text


def test_an_author_who_is_hidden_from_peers_is_seen_by_tutors(as_: As, course: Course, db: Database) -> None:
    ada = as_(course.ada)
    thread = begins(ada)
    with db.writing() as session:
        session.execute(update(Thread).values(anonymous=True))
        session.execute(update(Post).values(anonymous=True))
    for page in (as_(course.bruno).opens(f"talk/{thread}").text, as_(course.bruno).opens("talk").text):
        main = page[page.index("<main") :]
        assert "Ada" not in main
    assert "Somebody on the course" in as_(course.bruno).opens(f"talk/{thread}").text
    tutors = as_(course.clara).opens(f"talk/{thread}").text
    assert "Ada R" in tutors
    assert "hidden from peers" in tutors
    assert "hidden from peers" in ada.opens(f"talk/{thread}").text


def test_only_looking_changes_nothing(as_: As, course: Course, db: Database) -> None:
    thread = begins(as_(course.ada), options="a\nb")
    post = posts_of(db, thread)[0]
    looking = only_looks(as_(course.clara))
    page = looking.opens(f"talk/{thread}").text
    for name in ("take-back", "/sign", "/vote", "data-live"):
        assert name not in page.split("<main")[1]
    for path in ("sign", "vote", "save", "take-back"):
        assert looking.sends(f"talk/post/{post}/{path}", kind="heart", body="x").status_code == 403
