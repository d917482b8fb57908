"""Many courses due at once: whether more workers read more of them, and whether any platform starves."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Mapping
from contextlib import ExitStack
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
from lti_app.jobs.clock import take_turn
from lti_app.jobs.engine import make_huey, make_jobs
from lti_app.models import Context
from lti_app.store import runs
from tests.store.told import course, make_academy, make_course

HEAD = "| workers | courses/s | against one | small platforms done at | never read |"


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


def fairness(folder: Path, courses: int, platforms: int, seconds: float, even: bool) -> None:
    """Print a row for 1, 2 and 4 workers; unless ``even``, one platform has half of all the courses."""
    base = None
    for workers in (1, 2, 4):
        with ExitStack() as stack:
            database = stack.enter_context(fresh(None, folder, f"many{workers}"))
            with database.writing() as session:
                homes = [make_academy(session, number) for number in range(1, platforms + 1)]
                due_at = datetime.now(UTC) - timedelta(minutes=5)
                for number in range(courses):
                    large = number % 2 and not even
                    home = homes[0] if large else homes[1 + number // 2 % (platforms - 1)]
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
