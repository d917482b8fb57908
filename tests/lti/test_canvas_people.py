"""Launches from Canvas tell the API's ids: known by both names is one person, and nobody is taken for another."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from lti_app.db import Database
from lti_app.models import Context, Membership, Person, Registration
from tests.lti.platform import Moodle, assert_enters, begin
from tests.store.told import NOW

CANVAS: dict[str, Any] = {"_tool_platform": {"guid": "g", "product_family_code": "canvas"}, "sub": "0f2c-ada"}
CUSTOM = {"canvas_user_id": "10000000000123", "canvas_course_id": "565"}


def launches(app: Flask, moodle: Moodle, **said: Any) -> None:
    assert_enters(begin(moodle, app).launch(**{**CANVAS, **said}), "home")


def people(db: Database) -> list[tuple[str | None, str | None]]:
    with db.reading() as session:
        return [tuple(row) for row in session.execute(select(Person.id_on_platform, Person.api_id).order_by(Person.id))]


def a_sync_made(db: Database, name: str, **more: Any) -> None:
    """Somebody whom only the API told of, with a place in the course."""
    with db.writing() as session:
        registration = session.scalars(select(Registration)).one()
        person = Person(registration_id=registration.id, api_id="10000000000123", name=name, created_at=NOW, **more)
        session.add(person)
        session.flush()
        context = session.scalars(select(Context)).one()
        session.add(
            Membership(
                context_id=context.id, person_id=person.id, role="learner", raw_roles=[], state="active", digest="d",
                settings={}, created_at=NOW,
            )
        )  # fmt: skip


def test_a_canvas_launch_tells_both_names_of_person_and_course(app: Flask, db: Database, moodle: Moodle) -> None:
    launches(app, moodle, _custom=CUSTOM)
    assert people(db) == [("0f2c-ada", "10000000000123")]
    with db.reading() as session:
        assert session.scalars(select(Context.api_id)).one() == "565"


def test_ada_who_launched_without_the_parameter_first_and_was_synced_meanwhile_becomes_one(
    app: Flask, db: Database, moodle: Moodle
) -> None:
    launches(app, moodle)
    a_sync_made(db, "Ada Rossi")
    assert len(people(db)) == 2
    launches(app, moodle, _custom=CUSTOM)
    assert people(db) == [("0f2c-ada", "10000000000123")]
    with db.reading() as session:
        member = session.scalars(select(Membership)).one()
        assert (member.digest, member.launched_at is not None) == ("d", True)


def test_a_parameter_that_names_somebody_else_joins_nobody(app: Flask, db: Database, moodle: Moodle) -> None:
    launches(app, moodle)
    a_sync_made(db, "Bruno Conti")
    launches(app, moodle, _custom=CUSTOM)
    assert people(db) == [("0f2c-ada", None), (None, "10000000000123")]


def test_somebody_with_launches_of_their_own_is_never_joined(app: Flask, db: Database, moodle: Moodle) -> None:
    launches(app, moodle)
    a_sync_made(db, "Ada Rossi", id_on_platform="another-sub")
    launches(app, moodle, _custom=CUSTOM)
    assert people(db) == [("0f2c-ada", None), ("another-sub", "10000000000123")]


@pytest.mark.parametrize("product", [None, "blackboardlearn", "sakai"])
def test_on_other_platforms_a_teacher_cannot_say_who_somebody_is(
    app: Flask, db: Database, moodle: Moodle, product: str | None
) -> None:
    platform = {"guid": "g", "product_family_code": product} if product else None
    launches(app, moodle, _custom=CUSTOM, _tool_platform=platform)
    assert people(db) == [("0f2c-ada", None)]
