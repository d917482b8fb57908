"""Saving a large snapshot, against SQLAlchemy's own executemany of the same rows into the same tables."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import click
from sqlalchemy import create_engine, insert, select, text

from benchmarks.sync_worker import peak_mb
from lms_clients.records import Access, Activity, ActivityKind, ActivityState, Attempt, CourseSnapshot
from lti_app.db import Base, Database
from lti_app.migrations import upgrade
from lti_app.store.snapshots import save_snapshot
from tests.store.told import ago, course, learner, make_academy, make_course, progress

HEAD = "| database | rows | s | rows/s | bare rows/s | ratio | rows again | s again | MB with the snapshot | MB peak |"
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
    before = peak_mb()
    began = time.monotonic()
    with database.writing() as session:
        counts = save_snapshot(session, context_id, snapshot, NOW)
    first = time.monotonic() - began
    began = time.monotonic()
    with database.writing() as session:
        again = save_snapshot(session, context_id, snapshot, NOW + timedelta(minutes=15))
    second = time.monotonic() - began
    peak = peak_mb()
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
        # Born fresh: a fork would begin with its parent's memory.
        spawn = multiprocessing.get_context("spawn")
        answers: Any = spawn.Queue()
        url = ours.engine.url.render_as_string(hide_password=False)
        process = spawn.Process(target=_save_in_a_process, args=(url, learners, activities, answers))
        process.start()
        rows, first, rows_again, second, before, peak = answers.get()
        process.join()
        count, seconds = bare(ours, theirs)
    ours_rate, bare_rate = rows / first, count / seconds
    click.echo(
        f"| {name} | {rows:,} | {first:.1f} | {ours_rate:,.0f} | {bare_rate:,.0f} | {ours_rate / bare_rate:.2f} "
        f"| {rows_again} | {second:.1f} | {before:.0f} | {peak:.0f} |"
    )
