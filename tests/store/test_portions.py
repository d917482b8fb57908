from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from lms_clients.records import CourseSnapshot
from lti_app.db import Database
from lti_app.models import ActiveDay, ActivityProgress, Attempt, Membership, Person
from lti_app.store import portions
from lti_app.store.snapshots import save_snapshot
from tests.store.told import ADA, BRUNO, NOW, QUIZ, changed, course, make_academy, make_course


@pytest.fixture
def context_id(db: Database) -> int:
    with db.writing() as session:
        return make_course(session, make_academy(session))


def save(db: Database, context_id: int, snapshot: CourseSnapshot) -> Any:
    with db.writing() as session:
        return save_snapshot(session, context_id, snapshot, NOW)


def tell(db: Database) -> list[set[tuple[Any, ...]]]:
    """Everything that is known of people's work, by their names at the LMS."""
    with db.reading() as session:
        queries = [
            select(Person.api_id, table)
            .join(Membership, Membership.person_id == Person.id)
            .join(table, table.membership_id == Membership.id)
            for table in (ActivityProgress, Attempt, ActiveDay)
        ]
        hidden = ("_sa_instance_state", "id")
        return [
            {
                (who, *(str(value) for key, value in sorted(vars(row).items()) if key not in hidden))
                for who, row in session.execute(query)
            }
            for query in queries
        ]


def test_a_course_saved_one_learner_at_a_time_is_the_course_saved_at_once(
    db: Database, context_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once = save(db, context_id, course())
    whole = tell(db)
    monkeypatch.setattr(portions, "LEARNERS", 1)
    assert save(db, context_id, course()).rows == 0
    assert tell(db) == whole
    with db.writing() as session:
        for table in (ActivityProgress, Attempt, ActiveDay):
            for row in session.scalars(select(table)):
                session.delete(row)
    again = save(db, context_id, course())
    assert tell(db) == whole
    assert {again.written[name] for name in ("progress",)} == {at_once.written["progress"]}
    assert again.written["attempt"] == at_once.written["attempt"]
    assert again.written["active_day"] == at_once.written["active_day"]


def test_what_the_lms_forgot_of_one_learner_goes_and_the_others_keep_theirs(
    db: Database, context_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(portions, "LEARNERS", 1)
    save(db, context_id, course())
    left = tuple(row for row in course().progress if (row.learner_id, row.activity_id) != (ADA, QUIZ))
    tries = tuple(one for one in course().attempts if one.learner_id != BRUNO)
    counts = save(db, context_id, changed(course(), progress=left, attempts=tries))
    assert {name: count for name, count in counts.written.items() if count} == {"progress": 1, "attempt": 1}


def test_each_learner_is_in_exactly_one_portion_with_all_that_is_theirs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(portions, "LEARNERS", 1)
    told = course()
    ids = {one.id: at for at, one in enumerate(told.learners)}
    parts = list(portions.portions(told, ids))
    assert len(parts) == len(told.learners)
    assert sorted(who for part in parts for who in part.detailed) == sorted(told.detailed)
    for name in ("progress", "attempts", "access"):
        assert sorted((row for part in parts for row in getattr(part, name)), key=repr) == sorted(
            getattr(told, name), key=repr
        )
        assert all(len({row.learner_id for row in getattr(part, name)}) <= 1 for part in parts)
