"""Whom peer support leaves out, as the community manager says."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask
from sqlalchemy import select

from lti_app.house import House
from lti_app.jobs.sweep import sweep_context
from lti_app.models import AuditEntry, CourseGroup, GroupMember, Match, Membership
from lti_app.store.policies import policy_of
from tests.panels.conftest import Somebody
from tests.sweep.course import Course, offers_help

As = Callable[..., Somebody]


def person_of(house: House, membership_id: int) -> int:
    with house.db.reading() as session:
        return session.get_one(Membership, membership_id).person_id


def proposed(house: House) -> set[tuple[int, str]]:
    with house.db.reading() as session:
        return {(one.helper_id, one.state) for one in session.scalars(select(Match))}


def test_marta_leaves_bruno_out_by_name_and_his_proposal_is_taken_back(
    app: Flask, course: Course, marta: int, as_: As
) -> None:
    house: House = app.extensions["regista"]
    with house.db.writing() as session:
        offers_help(session, course.bruno, course.quiz_2)
    sweep_context(house, course.context)
    assert proposed(house) == {(course.bruno, "proposed")}
    bruno = person_of(house, course.bruno)
    page = as_(marta).sends("control/left-out", sought="marchi").text
    assert "Bruno Marchi" in page
    assert as_(marta).sends(f"control/left-out/person/{bruno}", out="1").status_code == 200
    # A double click says it once.
    as_(marta).sends(f"control/left-out/person/{bruno}", out="1")
    page = as_(marta).opens("control/left-out").text
    assert "Bruno Marchi" in page
    assert "Let in again" in page
    sweep_context(house, course.context)
    assert proposed(house) == {(course.bruno, "withdrawn")}
    as_(marta).sends(f"control/left-out/person/{bruno}", out="0")
    sweep_context(house, course.context)
    assert proposed(house) == {(course.bruno, "proposed")}
    with house.db.reading() as session:
        rows = session.execute(select(AuditEntry.what, AuditEntry.about_id).order_by(AuditEntry.id)).all()
    assert [tuple(row) for row in rows] == [("left_out", bruno), ("let_in", bruno)]


def test_a_group_and_a_role_are_left_out_and_what_was_written_is_kept(
    app: Flask, course: Course, marta: int, as_: As
) -> None:
    house: House = app.extensions["regista"]
    with house.db.writing() as session:
        group = CourseGroup(context_id=course.context, api_id="77", name="Minori")
        session.add(group)
        session.flush()
        session.add(GroupMember(group_id=group.id, membership_id=course.bruno))
        session.get_one(Membership, course.bice).raw_roles = ["http://x/membership/Learner#GuestLearner"]
    page = as_(marta).sends("control/left-out/keep", groups="  minori \n\nClasse <b>", roles=["GuestLearner"])
    assert page.status_code == 200
    assert "1 person now" in page.text
    assert "Classe &lt;b&gt;" in page.text
    with house.db.reading() as session:
        assert policy_of(session, course.context).excluded == {course.bruno, course.bice}
        assert policy_of(session, course.dario_context).excluded == frozenset()
        assert session.scalars(select(AuditEntry.what)).all() == ["left_out_changed"]
    long = as_(marta).sends("control/left-out/keep", groups="x" * 2001)
    assert long.status_code == 422
    assert "x" * 2001 in long.text
    assert "Nothing was lost" in long.text


def test_people_of_another_academy_are_neither_found_nor_left_out_and_learners_see_no_page(
    app: Flask, course: Course, marta: int, as_: As
) -> None:
    house: House = app.extensions["regista"]
    eva = person_of(house, course.eva)
    assert "No learner of the academy" in as_(marta).sends("control/left-out", sought="eva").text
    assert as_(marta).sends(f"control/left-out/person/{eva}", out="1").status_code == 404
    # A percent sign looks for a percent sign.
    assert "No learner of the academy" in as_(marta).sends("control/left-out", sought="%").text
    for who in (course.ada, course.clara, course.dario, course.eva):
        assert as_(who).opens("control/left-out").status_code == 404
        assert as_(who).sends("control/left-out/keep", groups="x").status_code == 404
