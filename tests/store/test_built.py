"""Statements that are built once."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Select, func, select

from lti_app.db import Database
from lti_app.models import Membership
from lti_app.store.built import built
from tests.sweep.course import NOW, build


@built
def _since(now: datetime) -> Select[int]:
    return select(Membership.id).where(Membership.created_at > now - timedelta(days=1))


def test_a_statement_is_built_once_a_shape_and_filled_in_with_each_call(db: Database) -> None:
    with db.writing() as session:
        course = build(session)
    # A statement of the test's own: on the other database, in the same process, it begins with nothing built.
    shapes: list[bool] = []

    @built
    def active(context_id: int, enrolled_before: datetime, *, staff: bool) -> Select[int]:
        shapes.append(staff)
        query = select(func.count()).where(Membership.context_id == context_id, Membership.created_at < enrolled_before)
        return query.where(Membership.role != "learner") if staff else query

    later = NOW + timedelta(days=1)
    with db.reading() as session:
        everybody = session.scalar(*active(course.context, later, staff=False)) or 0
        staff = session.scalar(*active(course.context, later, staff=True)) or 0
        nobody = session.scalar(*active(course.context, NOW - timedelta(days=9000), staff=False))
        elsewhere = session.scalar(*active(course.context + 999, later, staff=False))
    assert (everybody > staff > 0, nobody, elsewhere) == (True, 0, 0)
    assert shapes == [False, True]


def test_a_value_that_is_not_there_yet_cannot_be_counted_with() -> None:
    with pytest.raises(TypeError, match="now has no value yet"):
        _since(NOW)
