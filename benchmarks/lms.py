"""A large course behind a real HTTP server that speaks Moodle's web services and Canvas's REST interface.

One quiz in ten activities and one assignment in twenty, the rest pages; four learners in five came, and did three
quarters of everything. It counts what it is asked.
"""

from __future__ import annotations

import multiprocessing
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec
import requests

from benchmarks.lms_canvas import CanvasCourse
from benchmarks.lms_moodle import MoodleCourse

ORDERS = "/orders/"


class _Handler(BaseHTTPRequestHandler):
    """Serves both protocols on one port; ``/orders/`` is the benchmark's own door."""

    protocol_version = "HTTP/1.1"
    # Small answers must not wait for each other.
    disable_nagle_algorithm = True
    wbufsize = -1
    moodle: MoodleCourse
    canvas: CanvasCourse
    asked: Counter[str]

    def do_POST(self) -> None:
        """Answer one of Moodle's functions."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        params = dict(parse_qsl(body, keep_blank_values=True))
        self.asked[params["wsfunction"]] += 1
        self._send(self.moodle.answer(params["wsfunction"], params))

    def do_GET(self) -> None:
        """Answer one of Canvas's pages, or an order."""
        parts = urlsplit(self.path)
        query = parse_qsl(parts.query, keep_blank_values=True)
        if parts.path.startswith(ORDERS):
            self._send(self._obey(parts.path.removeprefix(ORDERS), dict(query)))
            return
        self.asked[parts.path.rpartition("/")[2]] += 1
        self._send(*self.canvas.answer(parts.path, query, f"http://{self.headers['Host']}"))

    def _obey(self, order: str, query: Mapping[str, str]) -> Any:
        if order == "move":
            self.moodle.move(int(query["people"]))
            self.canvas.move(int(query["people"]))
            return {}
        asked = dict(self.asked)
        self.asked.clear()
        return asked

    def _send(self, answer: Any, following: str | None = None) -> None:
        body = msgspec.json.encode(answer)
        self.send_response(200)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        if following is not None:
            self.send_header("Link", f'<{following}>; rel="next"')
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, format: str, *args: Any) -> None:
        """Keep silent."""


def _run(learners: int, activities: int, answers: Any) -> None:
    started = int(time.time())
    told = {
        "moodle": MoodleCourse(learners, activities, started),
        "canvas": CanvasCourse(learners, activities, started),
        "asked": Counter[str](),
    }
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), told))
    server.daemon_threads = True
    answers.put(f"http://127.0.0.1:{server.server_port}")
    server.serve_forever()


@contextmanager
def running(learners: int, activities: int) -> Iterator[str]:
    """Run the server in a process of its own, so that it shares no memory with who asks, and give its address."""
    spawn = multiprocessing.get_context("spawn")
    answers = spawn.Queue()
    process = spawn.Process(target=_run, args=(learners, activities, answers), daemon=True)
    process.start()
    try:
        yield answers.get(timeout=60)
    finally:
        process.terminate()
        process.join()


def asked(url: str) -> Counter[str]:
    """Return what the server was asked since this was called last."""
    return Counter(requests.get(f"{url}{ORDERS}asked", timeout=60).json())


def move(url: str, people: int) -> None:
    """Let that many learners come by now, and do something."""
    requests.get(f"{url}{ORDERS}move", params={"people": people}, timeout=60).raise_for_status()
