"""What a sync of a large course costs, and whether many courses get their turns.

    python -m benchmarks.sync [--learners 5000] [--activities 40] [--postgres] [--courses 1000]

Saving is compared with SQLAlchemy's own executemany of the same rows into the same tables, in the same run: read the
ratio. The fairness part lets 1, 2 and 4 workers sync many courses of twenty platforms whose LMS answers slowly.
"""

from __future__ import annotations

import multiprocessing
import resource
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import click
from sqlalchemy import create_engine, insert, select, text

from lms_clients.base import Capabilities, KnownState
from lms_clients.records import (
    Access,
    Activity,
    ActivityKind,
    ActivityState,
    Attempt,
    CourseRef,
    CourseSnapshot,
    Source,
)
from lti_app import create_app
from lti_app.config import Settings
from lti_app.db import Base, Database
from lti_app.house import House
from lti_app.jobs.clock import take_turn
from lti_app.jobs.engine import make_huey, make_jobs
from lti_app.migrations import upgrade
from lti_app.models import Context
from lti_app.store import runs
from lti_app.store.snapshots import save_snapshot
from tests import servers
from tests.store.told import ago, course, learner, make_academy, make_course, progress

NOW = datetime(2026, 11, 20, 10, 5, tzinfo=UTC)
TABLES = (
    "person", "membership", "course_group", "group_member", "activity", "activity_progress", "attempt", "active_day",
)  # fmt: skip


def large_course(learners: int, activities: int) -> CourseSnapshot:
    base = course()
    people = [str(10_000 + n) for n in range(learners)]
    works = tuple(
        Activity(
            str(n), ActivityKind.QUIZ, f"Quiz {n}", "quiz", "11", None, n, points_possible=Decimal(10), tracked=True
        )
        for n in range(activities)
    )
    states = (ActivityState.PASSED, ActivityState.FAILED, ActivityState.NOT_STARTED, ActivityState.IN_PROGRESS)
    return replace(
        base,
        learners=tuple(learner(who, f"Persona {who}") for who in people),
        activities=works,
        progress=tuple(
            progress(
                who, work.id, states[(at + n) % 4], attempts=n % 3, score=Decimal(n % 11), score_max=Decimal(10),
                completed_at=ago(days=n % 40, minutes=at % 600) if (at + n) % 4 == 0 else None,
            )
            for at, who in enumerate(people)
            for n, work in enumerate(works)
        ),
        attempts=tuple(
            Attempt(who, work.id, 1, ago(days=n + 1), ago(days=n), "finished", Decimal(n), Decimal(10), n > 5)
            for who in people
            for n, work in enumerate(works[:4])
        ),
        groups=(replace(base.groups[0], member_ids=frozenset(people)),),
        access=tuple(Access(who, ago(hours=at % 500), never=False) for at, who in enumerate(people)),
        grades=(),
        detailed=frozenset(people),
        marks=dict.fromkeys(people, "1"),
    )  # fmt: skip


@contextmanager
def fresh(server: str | None, folder: Path, name: str) -> Iterator[Database]:
    if server is None:
        database = Database(f"sqlite:///{folder}/{name}.sqlite3")
    else:
        url = server.replace("postgresql", "postgresql+psycopg")
        engine = create_engine(f"{url}/postgres", isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        engine.dispose()
        database = Database(f"{url}/{name}")
    upgrade(database)
    yield database
    database.close()


def _save_in_a_process(url: str, learners: int, activities: int, answers: Any) -> None:
    database = Database(url)
    with database.writing() as session:
        context_id = make_course(session, make_academy(session))
    snapshot = large_course(learners, activities)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    began = time.monotonic()
    with database.writing() as session:
        counts = save_snapshot(session, context_id, snapshot, NOW)
    first = time.monotonic() - began
    began = time.monotonic()
    with database.writing() as session:
        again = save_snapshot(session, context_id, snapshot, NOW + timedelta(minutes=15))
    second = time.monotonic() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    answers.put((counts.rows, first, again.rows, second, before, peak))


def bare(source: Database, target: Database) -> tuple[int, float]:
    """Insert the rows of ``source`` into ``target`` as SQLAlchemy does by itself; the reading is not timed."""
    seconds, count = 0.0, 0
    tables = [Base.metadata.tables[name] for name in TABLES]
    with target.writing() as session:
        make_course(session, make_academy(session))
    with source.engine.connect() as reader, target.writing() as session:
        for table in tables:
            rows = [dict(row._mapping) for row in reader.execute(select(table))]
            began = time.monotonic()
            for start in range(0, len(rows), 10_000):
                session.execute(insert(table), rows[start : start + 10_000])
            seconds += time.monotonic() - began
            count += len(rows)
        began = time.monotonic()
        session.commit()
        seconds += time.monotonic() - began
    return count, seconds


def saving(server: str | None, folder: Path, learners: int, activities: int) -> None:
    name = "SQLite" if server is None else "PostgreSQL"
    with fresh(server, folder, "ours") as ours, fresh(server, folder, "theirs") as theirs:
        answers: Any = multiprocessing.Queue()
        url = ours.engine.url.render_as_string(hide_password=False)
        process = multiprocessing.Process(target=_save_in_a_process, args=(url, learners, activities, answers))
        process.start()
        rows, first, rows_again, second, before, peak = answers.get()
        process.join()
        count, seconds = bare(ours, theirs)
    ours_rate, bare_rate = rows / first, count / seconds
    click.echo(
        f"| {name} | {rows:,} | {first:.1f} | {ours_rate:,.0f} | {bare_rate:,.0f} | {ours_rate / bare_rate:.2f} "
        f"| {rows_again} | {second:.1f} | {before:.0f} | {peak:.0f} |"
    )


class SlowLms:
    """An LMS that takes a while and then tells a small course."""

    calls = 3

    def __init__(self, seconds: float) -> None:
        self._seconds, self._course = seconds, course()

    def snapshot(
        self, course: CourseRef, cursor: Mapping[str, str], known: KnownState | None, now: datetime
    ) -> CourseSnapshot:
        """Tell the course after a while."""
        time.sleep(self._seconds)
        return self._course

    def capabilities(self, course: CourseRef | None = None) -> Capabilities:
        """Tell nothing."""
        return Capabilities(Source.MOODLE)

    def send_message(self, message: Any) -> Any:
        """Refuse."""
        raise NotImplementedError

    def create_event(self, event: Any) -> Any:
        """Refuse."""
        raise NotImplementedError

    def close(self) -> None:
        """Nothing is open."""
        return


def _work_until_done(database_url: str, jobs_url: str, seconds: float) -> None:
    settings = Settings(database_url, jobs_url, "http://127.0.0.1:8000", "a secret for the benchmark, long enough")
    app = create_app(settings)
    house = cast("House", app.extensions["regista"])
    huey = make_huey(settings)

    def turn(registration_id: int) -> None:
        take_turn(house, jobs, registration_id, lambda house, registration_id: SlowLms(seconds))

    jobs = make_jobs(huey, {"turn": turn, **dict.fromkeys(("sync", "sweep", "deliver"), turn)})
    idle = 0
    with app.app_context():
        while idle < 20:
            task = huey.dequeue()
            if task is None:
                # What the ticker does: put platforms with waiting courses into the queue again.
                with house.db.reading() as session:
                    waiting = runs.due_platforms(session, house.clock.now(), datetime.now(UTC), timedelta(minutes=3))
                for registration_id in waiting:
                    jobs.turn(registration_id)
                idle += not waiting
                time.sleep(0.05)
            else:
                idle = 0
                huey.execute(task)


def fairness(folder: Path, courses: int, platforms: int, seconds: float) -> None:
    base = None
    for workers in (1, 2, 4):
        with ExitStack() as stack:
            database = stack.enter_context(fresh(None, folder, f"many{workers}"))
            with database.writing() as session:
                homes = [make_academy(session, number) for number in range(1, platforms + 1)]
                due_at = datetime.now(UTC) - timedelta(minutes=5)
                for number in range(courses):
                    # One platform has half of all the courses.
                    home = homes[0] if number % 2 else homes[1 + number // 2 % (platforms - 1)]
                    make_course(session, home, number, due_at=due_at)
            url, jobs_url = f"sqlite:///{folder}/many{workers}.sqlite3", f"sqlite:///{folder}/jobs{workers}.sqlite3"
            began = time.monotonic()
            people = [
                multiprocessing.Process(target=_work_until_done, args=(url, jobs_url, seconds)) for _ in range(workers)
            ]
            for one in people:
                one.start()
            last = _watch(database, courses, began)
            for one in people:
                one.join()
        base = base or last["all"]
        click.echo(
            f"| {workers} | {courses / last['all']:.1f} | {base / last['all']:.2f} "
            f"| {last['small'] / last['all']:.2f} | {last['unread']} |"
        )


def _watch(database: Database, courses: int, began: float) -> dict[str, float]:
    """Return when all courses, and when those of the small platforms, had been read."""
    last: dict[str, float] = {}
    while "all" not in last:
        time.sleep(0.2)
        with database.reading() as session:
            open_now = session.scalars(select(Context.deployment_id).where(Context.synced_at.is_(None))).all()
        if "small" not in last and all(deployment_id == 1 for deployment_id in open_now):
            last["small"] = time.monotonic() - began
        if not open_now or time.monotonic() - began > 900:
            last["all"], last["unread"] = time.monotonic() - began, len(open_now)
    last.setdefault("small", last["all"])
    return last


@click.command()
@click.option("--learners", default=5000, show_default=True)
@click.option("--activities", default=40, show_default=True)
@click.option("--postgres", is_flag=True, help="Measure saving on PostgreSQL too (Debian's package).")
@click.option("--courses", default=1000, show_default=True, help="0 leaves the fairness part out.")
@click.option("--answer-seconds", default=0.05, show_default=True, help="How long the LMS takes for a course.")
def main(learners: int, activities: int, postgres: bool, courses: int, answer_seconds: float) -> None:
    """Print both tables."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        click.echo(
            "| database | rows | s | rows/s | bare rows/s | ratio | rows again | s again | MB before | MB peak |"
        )
        click.echo("|---|---|---|---|---|---|---|---|---|---|")
        saving(None, folder, learners, activities)
        if postgres:
            folder.joinpath("pg").mkdir()
            saving(stack.enter_context(servers.postgres(folder / "pg")), folder, learners, activities)
        if courses:
            click.echo(
                "\n| workers | courses/s | against one | small platforms done at | never read |\n|---|---|---|---|---|"
            )
            fairness(folder, courses, 20, answer_seconds)


if __name__ == "__main__":
    main()
