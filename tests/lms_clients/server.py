"""A local LMS that misbehaves on order: it throttles, stalls, drips, redirects, lies about its type or hangs up."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Request:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Reply:
    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})
    drip_seconds: float = 0.0  # one byte, then a pause of this length
    stall_after: int | None = None  # bytes sent before going silent until the server stops
    cut_after: int | None = None  # bytes sent before hanging up
    drip_headers: bool = False

    @classmethod
    def of(cls, value: Any, status: int = 200, **headers: str) -> Reply:
        return cls(status, json.dumps(value).encode(), {"Content-Type": "application/json", **headers})


Script = Callable[[Request], Reply]


class LocalLms:
    """What was asked is in ``requests``; ``answer`` decides each reply, after the ones in ``queue``."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.queue: list[Reply] = []
        self.answer: Script = lambda request: Reply()
        self.url = ""
        self.stopping = threading.Event()

    def reply(self, request: Request) -> Reply:
        self.requests.append(request)
        return self.queue.pop(0) if self.queue else self.answer(request)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    lms: LocalLms

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_PUT(self) -> None:
        self._serve()

    def do_DELETE(self) -> None:
        self._serve()

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        reply = self.lms.reply(Request(self.command, self.path, dict(self.headers.items()), body))
        try:
            self._write(reply)
        except OSError:
            self.close_connection = True  # the client has gone, as the test wanted

    def _write(self, reply: Reply) -> None:
        if reply.drip_headers:
            self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
            while not self.lms.stopping.wait(0.05):
                self.wfile.write(b"a")
            self.close_connection = True
            return
        self.send_response(reply.status)
        for name, value in {**reply.headers, "Content-Length": str(len(reply.body))}.items():
            self.send_header(name, value)
        self.end_headers()
        if reply.drip_seconds:
            for number in range(len(reply.body)):
                self.wfile.write(reply.body[number : number + 1])
                time.sleep(reply.drip_seconds)
            return
        upto = reply.stall_after if reply.stall_after is not None else reply.cut_after
        self.wfile.write(reply.body if upto is None else reply.body[:upto])
        if reply.stall_after is not None:
            self.lms.stopping.wait(30)
        if upto is not None:
            self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass  # clients of these tests hang up on purpose


@contextmanager
def local_lms() -> Iterator[LocalLms]:
    """Run one on a free loopback port."""
    lms = LocalLms()
    server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"lms": lms}))
    lms.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield lms
    finally:
        lms.stopping.set()
        server.shutdown()
        server.server_close()
        thread.join()
