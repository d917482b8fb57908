"""What a large course costs its LMS, over HTTP: calls against the plan, memory, and a second sync of the unchanged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from sqlalchemy import select

from benchmarks import lms
from benchmarks.sync_worker import SECRET, Worker, working
from lms_clients.moodle.work import BULK_GRADES
from lti_app.db import Database
from lti_app.models import LmsConnection
from lti_app.sealing import seal_text
from tests.store.told import make_academy, make_course

MOVED = 50
# These tell about one learner each; all others about the course.
ONE_BY_ONE = (
    "core_completion_get_activities_completion_status", "gradereport_user_get_grade_items",
    "mod_quiz_get_user_attempts",
)  # fmt: skip
HEAD = "| LMS | reading | passes | calls: course | calls: one learner each | planned | seconds | rows | MB peak |"


@dataclass(frozen=True, slots=True)
class Course:
    """How large, and what of it the plan counts."""

    learners: int
    activities: int

    @property
    def came(self) -> int:
        """Learners who were ever there."""
        return sum(1 for who in range(10_000, 10_000 + self.learners) if who % 5)

    @property
    def quizzes(self) -> int:
        """Quizzes, on Moodle."""
        return (self.activities + 9) // 10

    def one_by_one(self, learners: int, came: int) -> int:
        """Calls that Moodle needs for so many learners: completion and gradebook of each, quizzes of who came."""
        per_learner = 2 if self.learners > BULK_GRADES else 1
        return per_learner * learners + self.quizzes * came


def connected(db: Database, kind: str, url: str) -> int:
    """Add an academy with one course whose LMS is at ``url`` and return the course's id."""
    with db.writing() as session:
        home = make_academy(session, connected_to=url, secret_key=SECRET)
        connection = session.scalars(select(LmsConnection)).one()
        connection.kind, connection.secret = kind, seal_text("a-token", SECRET)
        return make_course(session, home)


def readings(url: str, worker: Worker) -> Iterator[tuple[str, list[dict[str, Any]], Counter[str]]]:
    """Yield the first reading (all its passes), one with nothing new, and one after some came."""
    lms.asked(url)
    passes = [worker.sync()]
    # Whoever is beyond what one pass takes is read in the next.
    while passes[-1]["state"] == "done" and passes[-1]["gaps"] and len(passes) < 100:
        passes.append(worker.sync())
    yield "first", passes, lms.asked(url)
    yield "nothing new", [worker.sync()], lms.asked(url)
    lms.move(url, MOVED)
    yield f"{MOVED} came", [worker.sync()], lms.asked(url)


def asking(db: Database, kind: str, url: str, course: Course, folder: Path) -> None:
    """Print the rows of one LMS."""
    context_id = connected(db, kind, url)
    address = db.engine.url.render_as_string(hide_password=False)
    with working(address, folder, context_id) as worker:
        for name, passes, asked in readings(url, worker):
            failed = [one["error"] for one in passes if one["state"] != "done"]
            single = sum(asked[function] for function in ONE_BY_ONE)
            # One call for the whole gradebook, where the course is small enough.
            single -= len(passes) if kind == "moodle" and course.learners <= BULK_GRADES and single else 0
            click.echo(
                f"| {kind.capitalize()} | {name} | {len(passes)} | {sum(asked.values()) - single:,} | {single:,} "
                f"| {_planned(kind, name, course, len(passes))} | {sum(one['seconds'] for one in passes):.0f} "
                f"| {sum(one.get('rows', 0) for one in passes):,} | {max(one['peak'] for one in passes):.0f} |"
                + "".join(f" {error}" for error in failed)
            )


def _planned(kind: str, name: str, course: Course, passes: int) -> str:
    """What the plan allows: pages of a thousand (Moodle) or a hundred (Canvas), and single calls where due."""
    if kind == "moodle":
        pages = 2 * (course.learners // 1000 + 1)
        if name == "nothing new":
            return f"{pages + 3} + 0"
        whole = pages + 8
        # Each of them came; five of the others are looked at again by turns.
        first = name == "first"
        single = course.one_by_one(course.learners, course.came) if first else course.one_by_one(MOVED + 5, MOVED + 4)
        return f"{passes * whole + (course.quizzes if first else 0):,} + {single:,}"
    people = -(-course.learners // 100)
    rows = {"first": people * -(-course.activities * 100 // 100), "nothing new": 2}
    work = rows.get(name, 2 + -(-MOVED * course.activities // 100))
    return f"{2 * people + 4 + work:,} + 0"
