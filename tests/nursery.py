"""Workers that are killed: born quickly from one process that has loaded what takes long."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress


class Nursery:
    """Where workers come from, and how they end: a process that forks one for each line and says its number."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._alive: set[int] = set()

    def born(self) -> int:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        worker = int(self._process.stdout.readline())
        self._alive.add(worker)
        return worker

    def kill(self, worker: int) -> None:
        self._alive.discard(worker)
        with suppress(ProcessLookupError):
            os.kill(worker, signal.SIGKILL)
        with suppress(ProcessLookupError):
            while True:
                os.kill(worker, 0)
                time.sleep(0.001)

    def close(self) -> None:
        for worker in list(self._alive):
            self.kill(worker)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()


def bear(work: Callable[[], None]) -> None:
    """Fork a worker for each line that comes in, and say its number; no connection may be open before.

    What takes long is done by then: whoever still had to load the house would die before they work.
    """
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for _ in sys.stdin:
        worker = os.fork()
        if worker == 0:
            work()
            os._exit(0)
        print(worker, flush=True)


@contextmanager
def nursery(*words: str) -> Iterator[Nursery]:
    """Start Python with these words; whoever still works in the end is killed."""
    command = [sys.executable, *words]
    made = Nursery(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
    try:
        yield made
    finally:
        made.close()
