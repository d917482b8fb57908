from __future__ import annotations

import pickle
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from huey.api import Huey
from huey.registry import Message
from sqlalchemy import func, select, update

from lti_app.config import Settings
from lti_app.db import Database
from lti_app.house import house as current_house
from lti_app.jobs import consumer as consumers
from lti_app.jobs.consumer import start_consumer
from lti_app.jobs.engine import JobSerializer, make_huey, make_jobs
from lti_app.models import Context, LmsConnection, SyncRun
from tests.jobs.recorded_moodle import RecordedMoodle
from tests.store.told import make_academy, make_course


@pytest.fixture(
    params=[
        "sqlite",
        pytest.param("postgres", marks=pytest.mark.postgres),
        pytest.param("redis", marks=pytest.mark.redis),
    ]
)
def queue_settings(request: pytest.FixtureRequest, settings: Settings, tmp_path: Path) -> Iterator[Settings]:
    """The same settings with the queue on each engine in turn."""
    if request.param == "redis":
        made = replace(settings, jobs_url=request.getfixturevalue("redis_url"))
    elif request.param == "postgres":
        made = replace(settings, jobs_url=f"{request.getfixturevalue('postgres_server')}/postgres")
    else:
        made = replace(settings, jobs_url=f"sqlite:///{tmp_path}/queue/jobs.sqlite3")
    huey = make_huey(made)
    huey.flush()
    huey.storage.close()
    yield made
    huey.flush()
    huey.storage.close()


#: The pairs that academies run: all on SQLite, all on PostgreSQL, and a queue of its own beside PostgreSQL.
TOGETHER = pytest.mark.parametrize(
    ("database_url", "queue_settings"),
    [
        ("sqlite", "sqlite"),
        pytest.param("postgres", "postgres", marks=pytest.mark.postgres),
        pytest.param("postgres", "redis", marks=(pytest.mark.postgres, pytest.mark.redis)),
    ],
    indirect=True,
)


def wait_for(what: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


def test_a_job_comes_out_of_the_queue_as_it_went_in(queue_settings: Settings) -> None:
    done: list[tuple[int, ...]] = []
    huey = make_huey(queue_settings)
    jobs = make_jobs(huey, {name: lambda *ids: done.append(ids) for name in ("turn", "sync", "sweep", "deliver")})
    jobs.turn(7)
    jobs.deliver()
    assert jobs.waiting() == 2
    for _ in range(2):
        huey.execute(huey.dequeue())
    assert done == [(7,), ()]
    assert jobs.waiting() == 0
    huey.storage.close()


class Harm:
    def __reduce__(self) -> tuple[Callable[..., Any], tuple[str]]:
        return (pytest.fail, ("somebody else's pickle was run",))


def test_what_was_not_signed_by_us_is_never_run(queue_settings: Settings) -> None:
    huey: Huey = make_huey(queue_settings)
    make_jobs(huey, {name: lambda *ids: pytest.fail("run") for name in ("turn", "sync", "sweep", "deliver")})
    foreign = JobSerializer("another key than ours, of good length")
    message = Message("1", "lti_app.jobs.engine.regista_turn", None, 0, 0, None, [7], {})
    for forged in (foreign.serialize(message), pickle.dumps(Harm()), b"[]", b"\xff\x00:"):
        huey.storage.enqueue(forged)
        with pytest.raises((ValueError, UnicodeDecodeError)):
            huey.dequeue()
    huey.storage.close()


@TOGETHER
def test_a_due_course_is_synced_and_swept_by_threads_of_the_same_process(
    app: Flask, db: Database, queue_settings: Settings, context_id: int
) -> None:
    before = set(threading.enumerate())
    stop = start_consumer(app, replace(queue_settings, tick_seconds=1))
    try:
        wait_for(lambda: synced(db, context_id))
    finally:
        stop()
    left = set(threading.enumerate()) - before
    assert not [t for t in left if t.name.startswith(("Worker-", "ticker", "lease-"))]


def synced(db: Database, context_id: int) -> bool:
    with db.reading() as session:
        return session.scalar(select(Context.synced_at).where(Context.id == context_id)) is not None


@TOGETHER
def test_five_workers_that_tick_together_sync_each_course_once(
    app: Flask, db: Database, queue_settings: Settings, moodle: RecordedMoodle, deployment_id: int
) -> None:
    moodle.pause = 0.001
    with db.writing() as session:
        others = [
            make_academy(session, n, connected_to=moodle.url, secret_key=queue_settings.secret_key) for n in (2, 3)
        ]
        sealed = moodle.sealed_token(queue_settings.secret_key)
        session.execute(update(LmsConnection).values(secret=sealed))
        ids = [make_course(session, platform) for platform in (deployment_id, *others)]
    stops = [start_consumer(app, replace(queue_settings, tick_seconds=1), threads=1) for _ in range(5)]
    try:
        wait_for(lambda: all(synced(db, context_id) for context_id in ids), 60)
    finally:
        for stop in stops:
            stop()
    with db.reading() as session:
        counts = session.execute(select(SyncRun.context_id, func.count()).group_by(SyncRun.context_id)).all()
        states = set(session.scalars(select(SyncRun.state)))
    assert {row[0]: row[1] for row in counts} == dict.fromkeys(ids, 1)
    assert states == {"done"}


def test_a_failing_platform_does_not_hold_up_the_others(
    app: Flask, db: Database, settings: Settings, moodle: RecordedMoodle, deployment_id: int
) -> None:
    with app.app_context(), db.writing() as session:
        secret_key = current_house().settings.secret_key
        broken = make_academy(session, 2, connected_to="http://127.0.0.1:9", secret_key=secret_key)
        for number in range(30):
            make_course(session, broken, number)
        good = make_course(session, deployment_id)
    stop = start_consumer(app, replace(settings, tick_seconds=1), threads=1)
    try:
        wait_for(lambda: synced(db, good), 30)
    finally:
        stop()
    with db.reading() as session:
        failed = session.scalar(select(func.count()).select_from(SyncRun).where(SyncRun.state == "failed"))
    # After the first failure the whole platform is left alone.
    assert failed is not None
    assert failed <= 2


def test_stopping_does_not_wait_for_ever(
    app: Flask,
    db: Database,
    settings: Settings,
    moodle: RecordedMoodle,
    context_id: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(consumers, "PATIENCE", 0.3)
    before = set(threading.enumerate())
    moodle.pause = 0.4
    stop = start_consumer(app, replace(settings, tick_seconds=1))
    wait_for(lambda: claimed(db, context_id))
    started = time.monotonic()
    stop()
    assert time.monotonic() - started < 3
    moodle.pause = 0.0
    left = [thread for thread in set(threading.enumerate()) - before if thread.name.startswith("Worker-")]
    wait_for(lambda: not any(thread.is_alive() for thread in left), 60)


def claimed(db: Database, context_id: int) -> bool:
    with db.reading() as session:
        return session.scalar(select(Context.sync_claimed_until).where(Context.id == context_id)) is not None


def test_a_tick_that_fails_is_not_the_last_one(
    app: Flask, settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    ticks: list[int] = []

    def failing(*_: object) -> None:
        ticks.append(1)
        raise OSError("the disk is full")

    monkeypatch.setattr(consumers.clock, "tick", failing)
    stop = start_consumer(app, replace(settings, tick_seconds=0))
    wait_for(lambda: len(ticks) > 2)
    stop()
    assert "a tick failed" in caplog.text
