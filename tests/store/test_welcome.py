"""What the welcome keeps, on both databases."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import func, select

from lti_app.db import Database
from lti_app.models import Academy, Context, Introductions, Membership, NormsAccepted, Person, Post, Thread
from lti_app.store import hello, norms, selves, welcome, why
from lti_app.store.copies import portable
from lti_app.store.refusals import NotYours
from tests.sweep.course import NOW, written


def test_ada_agrees_twice_says_why_twice_and_erases_it(db: Database) -> None:
    with written(db) as (session, course):
        for _twice in range(2):
            norms.accept(session, course.ada, norms.HOUSE, NOW)
            why.say_why(session, course.ada, "self", "Curiosity", "helpers", NOW)
        assert session.scalar(select(func.count()).select_from(NormsAccepted)) == 1
        assert norms.accepted_at(session, course.ada, norms.HOUSE) == NOW
        shared = why.shared_why(session, course.ada, with_helper=True)
        assert shared is not None
        assert (shared.motive, shared.words) == ("self", "Curiosity")
        why.say_why(session, course.ada, "self", "Curiosity", "tutors", NOW)
        assert why.shared_why(session, course.ada, with_helper=True) is None
        assert why.shared_why(session, course.ada) is not None
        why.say_why(session, course.ada, "", "", "tutors", NOW)
        assert why.shared_why(session, course.ada) is None
        for wrong in (("points", "", "nobody"), ("self", "x" * 601, "nobody"), ("self", "", "everybody")):
            with pytest.raises(ValueError, match="why"):
                why.say_why(session, course.ada, *wrong, NOW)


def test_a_copied_course_keeps_its_norms(db: Database) -> None:
    with written(db) as (session, course):
        assert norms.write_norms(session, course.context, course.clara, {"it": " Piano. ", "en": ""}, NOW)
        assert not norms.write_norms(session, course.context, course.clara, {"it": "Piano."}, NOW)
        settings = session.get_one(Context, course.context).settings
        copy = session.get_one(Context, course.dario_context)
        copy.settings = portable(settings)
        version = norms.version_of(copy, session.scalars(select(Academy).order_by(Academy.id).limit(1)).one())
        assert norms.words_of(session, version) == {"it": "Piano."}
        with pytest.raises(NotYours):
            norms.write_norms(session, course.context, course.ada, {"it": "Mie."}, NOW)
        with pytest.raises(NotYours):
            norms.write_norms(session, course.dario_context, course.clara, {"it": "Altrui."}, NOW)


def test_the_walk_reads_what_was_kept_and_survives_what_was_not(db: Database) -> None:
    with written(db) as (session, course):
        member = session.get_one(Membership, course.ada)
        assert welcome.walk_of(member).due("house-1") == "norms"
        for step in welcome.STEPS:
            welcome.pass_step(session, course.ada, step, "house-1")
        assert welcome.walk_of(member).due("house-1") is None
        assert welcome.walk_of(member).due("7") == "norms"
        member.settings = {"welcome": "nonsense"}
        assert welcome.walk_of(member).due("house-1") == "norms"


def test_two_who_greet_first_at_the_same_moment_meet_in_one_thread(db: Database) -> None:
    with written(db) as (session, course):
        pass
    faults: list[Exception] = []

    def greet(who: int) -> None:
        try:
            with db.writing() as session:
                hello.say_hello(
                    session, course.context, who, "Ciao", NOW, title="Chi siamo", opening="…", form_key=f"k{who}"
                )
        except Exception as fault:  # what happened in a thread must fail the test
            faults.append(fault)

    threads = [threading.Thread(target=greet, args=(who,)) for who in (course.ada, course.bruno)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert faults == []
    with db.reading() as session:
        counted = [session.scalar(select(func.count()).select_from(what)) for what in (Introductions, Thread, Post)]
    assert counted == [1, 1, 3]


def test_erasing_oneself_leaves_what_the_platform_told(db: Database) -> None:
    with written(db) as (session, course):
        selves.choose_name(session, course.ada, "Adina", NOW)
        selves.choose_look(session, course.ada, 3)
        selves.erase_oneself(session, course.ada, NOW)
        person = session.get_one(Person, session.get_one(Membership, course.ada).person_id)
        assert (person.display_name, person.tint, person.name) == (None, None, "Ada Rossi")
