"""The ways by which rows get in say the same, whichever is taken for their number."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from lms_clients.records import Access, ActivityState, CourseSnapshot, Part
from lti_app.db import Base, Database
from lti_app.store import bulk
from lti_app.store.snapshots import save_snapshot
from tests.store.told import ADA, BRUNO, EVA, NOW, QUIZ, ago, changed, course, make_academy, make_course, progress

TABLES = ("person", "membership", "activity_progress", "attempt", "active_day", "group_member", "sync_gap")


def rounds() -> list[CourseSnapshot]:
    """A course, the same with what moved, and one of which only a part was read."""
    first = course()
    moved = changed(
        first,
        progress=(
            *first.progress[1:],
            progress(ADA, QUIZ, ActivityState.PASSED, score=Decimal("7.25"), score_max=Decimal(10)),
        ),
        access=(Access(ADA, ago(hours=1), never=False), *first.access[1:]),
        learners=(replace(first.learners[0], name='Ada "B", \\ D’Amico\t\n'), *first.learners[1:]),
    )
    part = changed(
        moved,
        read=moved.read - {Part.GRADES},
        progress=(progress(BRUNO, QUIZ, ActivityState.UNKNOWN, attempts=3), *moved.progress[1:2]),
        detailed=frozenset({BRUNO, EVA}),
    )
    return [first, moved, part]


def saved(db: Database, number: int) -> dict[str, list[Any]]:
    """Save the rounds into a course of its own and return its rows without what numbers them."""
    with db.writing() as session:
        context_id = make_course(session, make_academy(session, number))
    before = {name: set(ids(db, name)) for name in TABLES}
    for at, snapshot in enumerate(rounds()):
        with db.writing() as session:
            save_snapshot(session, context_id, snapshot, NOW + timedelta(hours=at))
    with db.reading() as session:
        found = {}
        for name in TABLES:
            table = Base.metadata.tables[name]
            columns = [column for column in table.columns if column.name != "id" and not column.name.endswith("_id")]
            keys = list(table.primary_key.columns)
            rows = session.execute(select(*keys, *columns).order_by(*keys)).all()
            found[name] = [tuple(row[len(keys) :]) for row in rows if tuple(row[: len(keys)]) not in before[name]]
    return found


def ids(db: Database, name: str) -> list[Any]:
    table = Base.metadata.tables[name]
    with db.reading() as session:
        return [tuple(row) for row in session.execute(select(*table.primary_key.columns))]


def test_many_rows_come_in_as_few_do(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    few = saved(db, 1)
    monkeypatch.setattr(bulk, "STAGED_FROM", 1)
    many = saved(db, 2)
    assert many == few
    assert all(few[name] for name in TABLES if name != "sync_gap")


def test_where_no_table_of_our_own_may_be_made_the_rows_come_in_all_the_same(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = saved(db, 1)
    monkeypatch.setattr(bulk, "STAGED_FROM", 1)
    monkeypatch.setattr(bulk, "_may_stage", lambda *_: False)
    assert saved(db, 2) == few
