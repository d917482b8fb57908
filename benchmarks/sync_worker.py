"""A worker as ``regista worker`` runs it, in a process of its own: it syncs one course whenever a line comes in.

It loads what a worker loads and no more, so that its memory is a worker's.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from sqlalchemy import Engine, event

from lti_app import create_app
from lti_app.config import Settings
from lti_app.house import House
from lti_app.jobs import consumer
from lti_app.jobs.sync import sync_context

SECRET = "a secret for the benchmark, long enough"
STATUS = Path("/proc/self/status")


def peak_mb() -> float:
    """Return the most memory this process ever held, in MB.

    ``ru_maxrss`` of a new process begins with what its parent held when it was born; Linux tells our own apart.
    """
    if STATUS.exists():
        lines = dict(line.split(":", 1) for line in STATUS.read_text().splitlines() if ":" in line)
        return int(lines["VmHWM"].split()[0]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def settings_for(database_url: str, jobs_url: str) -> Settings:
    """Return settings that may ask a server on this machine."""
    return Settings(database_url, jobs_url, "http://127.0.0.1:8000", SECRET, allow_private_addresses=True)


class Touched:
    """Counts the rows that the database says it wrote, apart from the run's own row and the course's."""

    def __init__(self, engine: Engine) -> None:
        self.rows = 0
        event.listen(engine, "after_cursor_execute", self._note)

    def _note(self, connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        words = statement.split(None, 3)
        writes = words[0] in ("INSERT", "UPDATE", "DELETE")
        if writes and not any(word in ("sync_run", "context") for word in words[1:3]):
            self.rows += max(cursor.rowcount, 0)


def main(database_url: str, jobs_url: str, context_id: int) -> None:
    """Sync once for each line and print how it went as a line of JSON."""
    settings = settings_for(database_url, jobs_url)
    app = create_app(settings)
    house = cast("House", app.extensions["regista"])
    # What a worker has loaded when its first job comes.
    consumer.make_jobs(app, settings)
    touched = Touched(house.db.engine)
    for _ in sys.stdin:
        touched.rows = 0
        before, began = peak_mb(), time.monotonic()
        with app.app_context():
            done = sync_context(house, context_id)
        seconds = time.monotonic() - began
        assert done is not None, "nobody else syncs here"
        told: dict[str, Any] = {
            "state": done.state, "error": f"{done.error or ''} {done.detail}".strip(), "calls": done.calls,
            "asking": done.seconds, "seconds": seconds, "before": before, "peak": peak_mb(),
        }  # fmt: skip
        if done.counts is not None:
            told |= {"counted": done.counts.rows, "gaps": done.counts.gaps, "rows": touched.rows}
        print(json.dumps(told), flush=True)


class Worker:
    """The process, as the benchmark sees it."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def sync(self) -> dict[str, Any]:
        """Let it sync once and return what it says."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return cast("dict[str, Any]", json.loads(self._process.stdout.readline()))


@contextmanager
def working(database_url: str, folder: Path, context_id: int) -> Iterator[Worker]:
    """Start one worker for one course."""
    command = [sys.executable, "-m", "benchmarks.sync_worker", database_url, f"sqlite:///{folder}/queue.sqlite3"]
    with subprocess.Popen([*command, str(context_id)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as one:
        yield Worker(one)
        assert one.stdin is not None
        one.stdin.close()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
