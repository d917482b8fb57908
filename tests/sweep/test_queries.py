"""A sweep of one course reads in a constant number of queries, whatever the number of people."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask
from sqlalchemy import event

from lti_app.db import Database
from lti_app.jobs.sweep import decide_all, see
from tests.sweep.course import NOW, Builder, Course, build, stalls
from tests.sweep.test_loop import the_house


@contextmanager
def counted(db: Database) -> Iterator[list[str]]:
    """Collect the statements that run inside the block."""
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    yield statements
    event.remove(db.engine, "before_cursor_execute", note)


def reads(app: Flask, context_id: int) -> int:
    house = the_house(app)
    with counted(house.db) as statements, house.db.reading() as session:
        seen = see(session, context_id, NOW)
        decide_all(seen, NOW)
    return len([one for one in statements if one.lstrip().upper().startswith("SELECT")])


def crowd(db: Database, course: Course, people: int) -> None:
    with db.writing() as session:
        make = Builder(session)
        for number in range(people):
            who = make.member(course.registration, course.context, f"Person Number{number}")
            make.passes(who, course.quiz_1, 21 - number % 4)
            make.fails(who, course.quiz_2, [(9, "30"), (8, "31"), (7, "30")])
            make.came(who, [27, 24, 21, 18, 15, 12, 9, 8, 7])
            if number % 3 == 0:
                stalls(session, course, who)


def test_a_course_three_times_as_large_is_read_with_as_many_queries(app: Flask, db: Database) -> None:
    with db.writing() as session:
        course = build(session)
        stalls(session, course, course.ada, course.bruno)
    before = reads(app, course.context)
    crowd(db, course, 30)
    assert reads(app, course.context) == before
    assert before <= 35
