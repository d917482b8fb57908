"""Which WSGI server carries this app best: gunicorn and granian, measured against each other in one run.

    python -m benchmarks.server [--seconds 6] [--clients 16]

Both get one process and eight threads, the same app on the same SQLite database, and the same requests in turns
(A B B A), so that what else happens on the machine hits both. Read the ratios, not the numbers.
"""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import click

from lti_app.db import Database
from lti_app.migrations import upgrade
from tests.servers import free_port, wait_for_port

PATHS = ("/healthz", "/readyz", "/lti/jwks")
APP = """
import os
from lti_app import create_app
from lti_app.config import settings_from
app = create_app(settings_from(os.environ))
"""


def commands(port: int) -> dict[str, list[str]]:
    return {
        "gunicorn": [
            sys.executable, "-m", "gunicorn", "--workers", "1", "--threads", "8", "--worker-class", "gthread",
            "--bind", f"127.0.0.1:{port}", "--log-level", "error", "--keep-alive", "5", "bench_app:app",
        ],
        "granian": [
            sys.executable, "-m", "granian", "--interface", "wsgi", "--workers", "1", "--blocking-threads", "8",
            "--host", "127.0.0.1", "--port", str(port), "--log-level", "error", "bench_app:app",
        ],
    }  # fmt: skip


class Load:
    """Clients with kept connections that ask as fast as they are answered."""

    def __init__(self, port: int, path: str, clients: int, seconds: float) -> None:
        self.waits: list[float] = []
        self.faults = 0
        self._lock = threading.Lock()
        threads = [threading.Thread(target=self._ask, args=(port, path, seconds)) for _ in range(clients)]
        self.started = time.monotonic()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.seconds = time.monotonic() - self.started

    def _ask(self, port: int, path: str, seconds: float) -> None:
        waits, faults = [], 0
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        while time.monotonic() < self.started + seconds:
            began = time.monotonic()
            try:
                connection.request("GET", path)
                answer = connection.getresponse()
                answer.read()
                faults += answer.status >= 500
            except (OSError, http.client.HTTPException):
                faults += 1
                connection.close()
            waits.append(time.monotonic() - began)
        connection.close()
        with self._lock:
            self.waits += waits
            self.faults += faults


def memory_of(pid: int) -> float:
    """Return the resident megabytes of a process and its children."""
    total = 0.0
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            told = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
        except OSError:
            continue
        if pid in (int(told["Pid"]), int(told["PPid"])):
            total += int(told.get("VmRSS", "0 kB").split()[0]) / 1024
    return total


def run(name: str, folder: Path, env: dict[str, str], work: Callable[[int, int], None]) -> float:
    """Start one server, let ``work`` use it, stop it and return how long it took to stop."""
    port = free_port()
    server = subprocess.Popen(commands(port)[name], cwd=folder, env=env, stdout=subprocess.DEVNULL)
    wait_for_port(port, server)
    work(port, server.pid)
    server.terminate()
    began = time.monotonic()
    server.wait(20)
    return time.monotonic() - began


@click.command()
@click.option("--seconds", default=6.0, show_default=True)
@click.option("--clients", default=16, show_default=True)
def main(seconds: float, clients: int) -> None:
    """Measure both servers and print a table of ratios."""
    found: dict[tuple[str, str], list[tuple[float, float, float]]] = {}
    memory: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "bench_app.py").write_text(APP)
        database = Database(f"sqlite:///{folder}/regista.sqlite3")
        upgrade(database)
        database.close()
        env = dict(os.environ) | {
            "PYTHONPATH": f"{folder}{os.pathsep}{Path.cwd()}",
            "REGISTA_PUBLIC_URL": "http://127.0.0.1:8000",
            "REGISTA_SECRET_KEY": "x" * 40,
            "REGISTA_DATABASE_URL": f"sqlite:///{folder}/regista.sqlite3",
        }
        stops: dict[str, float] = {}
        for server in ("gunicorn", "granian", "granian", "gunicorn"):

            def work(port: int, pid: int, server: str = server) -> None:
                for path in PATHS:
                    Load(port, path, clients, 0.5)
                    load = Load(port, path, clients, seconds)
                    waits = sorted(load.waits)
                    numbers = (len(waits) / load.seconds, median(waits), waits[int(len(waits) * 0.99)])
                    found.setdefault((path, server), []).append(numbers)
                    if load.faults:
                        click.echo(f"{server} {path}: {load.faults} faults")
                memory[server] = max(memory.get(server, 0), memory_of(pid))

            stops[server] = run(server, folder, env, work)
    report(found, memory, stops)


def report(
    found: dict[tuple[str, str], list[tuple[float, float, float]]], memory: dict[str, float], stops: dict[str, float]
) -> None:
    click.echo("| path | requests/s granian : gunicorn | median wait | 99th percentile |\n|---|---|---|---|")
    for path in PATHS:
        one, other = (
            [sum(column) for column in zip(*found[path, name], strict=True)] for name in ("granian", "gunicorn")
        )
        ratios = [a / b for a, b in zip(one, other, strict=True)]
        click.echo(f"| {path} | {ratios[0]:.2f} | {ratios[1]:.2f} | {ratios[2]:.2f} |")
    click.echo(f"memory granian : gunicorn {memory['granian'] / memory['gunicorn']:.2f}")
    click.echo(f"seconds to stop: {', '.join(f'{name} {value:.1f}' for name, value in stops.items())}")
    absolute = {
        f"{name} {path}": round(sum(row[0] for row in rows) / len(rows)) for (path, name), rows in found.items()
    }
    click.echo(f"for the record (requests/s on this machine): {absolute}")


if __name__ == "__main__":
    main()
