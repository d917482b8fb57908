"""Ada has too much at once: she sees one thing after the other, and asks her tutor for more time."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from engagement.episodes import Ending
from engagement.values import Outcome
from lti_app.db import Database
from lti_app.models import Activity, ActivityProgress, Episode, EpisodeEvent, Membership, Notification
from lti_app.store.desk import desk_case, desk_queue, tutor_acted, waiting_for
from lti_app.store.more_time import plan_of, waits_for_answer
from lti_app.store.sweep_changes import save_endings
from tests.panels.conftest import Somebody
from tests.sweep.course import NOW, Course, stalls

As = Callable[..., Somebody]


@pytest.fixture
def episode(db: Database, course: Course) -> int:
    """Ada's case: Quiz 1 is done, Quiz 2 was due yesterday, Compito 2 comes the day after tomorrow."""
    days = {course.quiz_1: 1, course.quiz_2: -1, course.task_2: 2}
    with db.writing() as session:
        stalls(session, course, course.ada)
        session.execute(update(Episode).values(kind="overloaded", activity_id=course.task_2, owner_id=course.clara))
        session.execute(update(Activity).values(due_at=None, opens_at=None, closes_at=None))
        for activity, number in days.items():
            due_at = NOW + timedelta(days=number)
            session.execute(update(Activity).where(Activity.id == activity).values(due_at=due_at))
        session.execute(
            update(ActivityProgress)
            .where(ActivityProgress.membership_id == course.ada, ActivityProgress.activity_id == course.quiz_1)
            .values(state="passed", due_at=None)
        )
        session.execute(
            update(ActivityProgress)
            .where(ActivityProgress.membership_id == course.ada, ActivityProgress.activity_id != course.quiz_1)
            .values(state="failed", due_at=None)
        )
        return session.scalars(select(Episode.id)).one()


def asks(who: Somebody, episode: int, activity: int, words: str = "", **more: bool) -> int:
    return who.sends(f"peer/more-time/{episode}", activity_id=str(activity), words=words, at="home", **more).status_code


def titles(text: str) -> list[str]:
    plan = text.partition('<ol class="plan">')[2].partition("</ol>")[0]
    return [title.strip() for title in re.findall(r"<li>(?:<a [^>]*>)?([^<]+)", plan)]


def test_what_comes_next_stands_first_and_what_is_done_or_hidden_is_no_part_of_the_plan(
    as_: As, course: Course, episode: int, db: Database
) -> None:
    page = as_(course.ada).opens("home").text
    assert [title[:9] for title in titles(page)] == ["Compito 2", "Quiz 2: P"]
    assert "can still be talked about" in page
    with db.writing() as session:
        session.execute(update(Activity).where(Activity.id == course.quiz_2).values(visible=False))
    assert [title[:9] for title in titles(as_(course.ada).opens("home").text)] == ["Compito 2"]


def test_ada_asks_for_more_time_once_and_clara_reads_it_first(
    as_: As, course: Course, episode: int, db: Database
) -> None:
    with db.writing() as session:
        tutor_acted(session, episode, course.clara, "voice", "Ci siamo sentite.", NOW - timedelta(days=1))
        assert waiting_for(session, course.context, NOW, course.clara) == 0
    ada = as_(course.ada)
    for _twice in range(2):
        assert asks(ada, episode, course.task_2, "Due giorni basterebbero.", htmx=True) == 200
    page = ada.opens("home").text
    assert "You asked your tutor for more time for Compito 2" in page
    assert "Ask for more time…" not in page
    with db.reading() as session:
        assert session.scalar(select(func.count()).where(EpisodeEvent.what == "asked_time")) == 1
        assert session.scalars(select(Notification.membership_id)).all() == [course.clara]
        assert waiting_for(session, course.context, NOW, course.clara) == 1
    case = as_(course.clara).opens(f"desk/{episode}").text
    assert "Ada asks for more time for Compito 2" in case
    assert "«Due giorni basterebbero.»" in case
    page = as_(course.clara).opens("news").text
    assert "asks for a little more time" in page


def test_when_clara_has_answered_the_request_is_no_longer_open(
    as_: As, course: Course, episode: int, db: Database
) -> None:
    asks(as_(course.ada), episode, course.task_2)
    with db.writing() as session:
        assert desk_case(session, course.context, episode, NOW).asks is not None
        tutor_acted(session, episode, course.clara, "message", "Certo: fino a lunedì.", NOW)
        assert desk_case(session, course.context, episode, NOW).asks is None
        queue = desk_queue(session, course.context, NOW, tutor_id=course.clara)
        assert ([item.face.name for item in queue.in_hand], queue.items) == (["Ada Rossi"], ())
    assert "Certo: fino a lunedì." in as_(course.ada).opens("home").text


def test_too_many_words_come_back_and_nothing_was_asked(as_: As, course: Course, episode: int, db: Database) -> None:
    answer = as_(course.ada).sends(
        f"peer/more-time/{episode}", htmx=True, activity_id=str(course.task_2), words="x" * 2001, at="home"
    )
    assert answer.status_code == 422
    assert "x" * 2001 in answer.text
    with db.reading() as session:
        assert session.scalar(select(func.count()).where(EpisodeEvent.what == "asked_time")) == 0


def test_nobody_else_may_ask_and_nothing_else_may_be_asked_for(
    as_: As, course: Course, episode: int, db: Database
) -> None:
    for who in (course.bruno, course.clara, course.dario, course.eva):
        assert asks(as_(who), episode, course.task_2) == 404
    ada = as_(course.ada)
    # Done already, or of no course of hers.
    assert asks(ada, episode, course.quiz_1) == 404
    assert asks(ada, episode, 99_999) == 404
    assert ada.sends(f"peer/more-time/{episode}", activity_id="x").status_code == 400
    with db.writing() as session:
        session.execute(update(Episode).values(state="ended", ended_at=NOW, outcome="came_back"))
    assert asks(ada, episode, course.task_2) == 409
    with db.reading() as session:
        assert plan_of(session, session.get_one(Membership, course.dario), NOW) == ()


def test_a_case_in_which_she_asked_stays_open_until_clara_has_answered_although_ada_came_by(
    as_: As, course: Course, episode: int, db: Database
) -> None:
    asks(as_(course.ada), episode, course.task_2)
    came_by = [Ending(episode, Outcome.CAME_BACK, NOW)]
    with db.writing() as session:
        assert save_endings(session, came_by, NOW) == 0
        tutor_acted(session, episode, course.clara, "message", "Certo: fino a lunedì.", NOW)
        assert save_endings(session, came_by, NOW) == 1


def test_a_request_ends_with_the_course_and_is_not_waited_for_longer_than_a_week(
    as_: As, course: Course, episode: int, db: Database
) -> None:
    asks(as_(course.ada), episode, course.task_2)
    with db.writing() as session:
        later = NOW + timedelta(days=8)
        assert not waits_for_answer(session, episode, later)
        assert save_endings(session, [Ending(episode, Outcome.LEFT)], NOW) == 1
