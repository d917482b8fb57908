"""Kind words on both databases: once, at most so many a day, also when two taps come at once."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import func, select

from lti_app.db import Database
from lti_app.models import Kudos, Membership
from lti_app.store import kudos, near, projects, remarks
from lti_app.store.refusals import NotYours
from tests.sweep.course import NOW, written


def test_a_kind_word_belongs_to_whoever_receives_it(db: Database) -> None:
    with written(db) as (session, course):
        first = kudos.give(session, course.ada, course.bruno, "clear", "Thanks", NOW, form_key="k")
        assert first is not None
        assert kudos.give(session, course.ada, course.bruno, "clear", "Thanks", NOW, form_key="k") is None
        assert session.scalar(select(kudos.new_kudos(course.bruno))) == 1
        assert kudos.shown(session, course.context, course.bice) == ()
        session.get_one(Membership, course.bruno).settings = {"shows_milestones": True}
        session.flush()
        assert [one.words for one in kudos.shown(session, course.context, course.bice)] == ["Thanks"]
        kudos.hide(session, first, course.bruno, True, NOW)
        assert kudos.shown(session, course.context, course.bice) == ()
        with pytest.raises(NotYours):
            kudos.hide(session, first, course.ada, True, NOW)
        with pytest.raises(ValueError, match="reason"):
            kudos.give(session, course.ada, course.bruno, "points", "", NOW)
        session.delete(session.get_one(Membership, course.ada))
        session.flush()
        session.expire_all()
        (left,) = kudos.received(session, course.bruno)
        assert (left.by, left.words) == (None, "Thanks")


def test_people_met_in_talk_are_near_and_projects_are_found(db: Database) -> None:
    with written(db) as (session, course):
        win = projects.show_project(session, course.context, course.ada, "Map", "Words", "", NOW, form_key="a")
        remarks.comment(session, course.context, win, course.bruno, "win", "Nice", NOW, form_key="b")
        assert [face.name for face in near.near(session, course.context, course.ada)] == ["Bruno M."]
        assert [face.name for face in near.named(session, course.context, course.ada, "bice c")] == ["Bice C."]
        assert near.named(session, course.context, course.ada, "b") == ()
        found = projects.latest_win(session, course.context)
        assert found is not None
        assert (found.thread_id, found.author and found.author.name) == (win, "Ada R.")
        (listed,) = projects.list_projects(session, course.context, course.bice)
        assert (listed.title, listed.comments) == ("Map", 1)
        assert projects.list_projects(session, course.dario_context, course.dario) == ()


def test_the_days_measure_holds_when_many_taps_come_at_once(db: Database) -> None:
    with written(db) as (_session, course):
        pass
    refused: list[Exception] = []

    def tap(number: int) -> None:
        try:
            with db.writing() as session:
                kudos.give(session, course.ada, course.others[number], "clear", "", NOW, form_key=f"t{number}")
        except kudos.EnoughToday as fault:
            refused.append(fault)

    taps = [threading.Thread(target=tap, args=(number,)) for number in range(7)]
    for one in taps:
        one.start()
    for one in taps:
        one.join()
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(Kudos)) == kudos.MOST_A_DAY
    assert len(refused) == 2
