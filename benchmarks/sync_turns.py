"""Many courses due at once: whether more workers read more of them, and whether any platform starves."""

from __future__ import annotations

import multiprocessing
import os
import resource
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import click
from sqlalchemy import select

from benchmarks.sync_saving import fresh
from lms_clients.base import Capabilities, KnownState
from lms_clients.records import CourseRef, CourseSnapshot, Source
from lti_app import create_app
from lti_app.config import Settings
from lti_app.db import Database
from lti_app.house import House
from lti_app.jobs import consumer
from lti_app.jobs.clock import take_turn
from lti_app.jobs.engine import Jobs, make_huey, make_jobs
from lti_app.models import Context
from lti_app.store import runs
from tests import servers
from tests.store.told import course, make_academy, make_course

HEAD = (
    "| database, queue | workers | courses/s | against one | CPU ms a course | small platforms done at | never read "
    "| load |"
)
ENGINES = ("sqlite", "postgresql", "redis")
GIVE_UP = 3600
IDLE_AT_THE_END = 100


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
        while idle < IDLE_AT_THE_END:
            task = huey.dequeue()
            if task is not None:
                idle = 0
                huey.execute(task)
                continue
            idle += 1
            time.sleep(consumer.INITIAL_DELAY)
            if idle % 20 == 10 and _tick(house, jobs):
                idle = 0


def _tick(house: House, jobs: Jobs) -> bool:
    """Do what the ticker does, put platforms with waiting courses into the queue again; whether there were any."""
    with house.db.reading() as session:
        waiting = runs.due_platforms(session, house.clock.now(), datetime.now(UTC), timedelta(minutes=3))
    for registration_id in waiting:
        jobs.turn(registration_id)
    return bool(waiting)


@dataclass(frozen=True, slots=True)
class Many:
    """How many courses are due at once, of how many platforms, and how long an LMS takes; ``even``: none is larger."""

    courses: int
    platforms: int
    seconds: float
    even: bool


def fairness(folder: Path, many: Many, engine: str, workers: tuple[int, ...]) -> None:
    """Print a row for each number of workers; unless even, one platform has half of all the courses."""
    base = None
    with ExitStack() as stack:
        server, queue = _servers(folder, engine, stack)
        for count in workers:
            name = f"many_{engine}_{count}"
            database = stack.enter_context(fresh(server, folder, name))
            _fill(database, many)
            url = database.engine.url.render_as_string(hide_password=False)
            jobs_url = f"sqlite:///{folder}/jobs_{name}.sqlite3" if queue is None else f"{queue}/{count}"
            jobs_url = url if queue == server is not None else jobs_url
            last = _run(database, url, jobs_url, many, count)
            base = base or last["all"]
            read = many.courses - last["unread"]
            click.echo(
                f"| {engine} | {count} | {read / last['all']:.1f} | {base / last['all']:.2f} "
                f"| {last['cpu'] / many.courses * 1000:.0f} | {last['small'] / last['all']:.2f} "
                f"| {last['unread']:.0f} | {os.getloadavg()[1]:.0f} |"
            )


def _servers(folder: Path, engine: str, stack: ExitStack) -> tuple[str | None, str | None]:
    """Start what the engine needs and return the addresses of the database's server and of the queue's."""
    if engine == "sqlite":
        return None, None
    folder.joinpath(engine).mkdir()
    server = stack.enter_context(servers.postgres(folder / engine))
    return server, stack.enter_context(servers.redis(folder / engine)) if engine == "redis" else server


def _fill(database: Database, many: Many) -> None:
    with database.writing() as session:
        homes = [make_academy(session, number) for number in range(1, many.platforms + 1)]
        due_at = datetime.now(UTC) - timedelta(minutes=5)
        for number in range(many.courses):
            large = number % 2 and not many.even
            home = homes[0] if large else homes[1 + number // 2 % (many.platforms - 1)]
            make_course(session, home, number, due_at=due_at)


def _run(database: Database, url: str, jobs_url: str, many: Many, workers: int) -> dict[str, float]:
    spent, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    people = [
        multiprocessing.Process(target=_work_until_done, args=(url, jobs_url, many.seconds)) for _ in range(workers)
    ]
    for one in people:
        one.start()
    last = _watch(database, many.courses, began)
    for one in people:
        one.join()
    now = resource.getrusage(resource.RUSAGE_CHILDREN)
    return last | {"cpu": now.ru_utime + now.ru_stime - spent.ru_utime - spent.ru_stime}


def _watch(database: Database, courses: int, began: float) -> dict[str, float]:
    """Return when all courses, and when those of the small platforms, had been read."""
    last: dict[str, float] = {}
    while "all" not in last:
        time.sleep(0.2)
        with database.reading() as session:
            open_now = session.scalars(select(Context.deployment_id).where(Context.synced_at.is_(None))).all()
        if "small" not in last and all(deployment_id == 1 for deployment_id in open_now):
            last["small"] = time.monotonic() - began
        if not open_now or time.monotonic() - began > GIVE_UP:
            last["all"], last["unread"] = time.monotonic() - began, len(open_now)
    last.setdefault("small", last["all"])
    return last
