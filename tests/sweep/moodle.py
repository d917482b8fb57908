"""A Moodle that takes messages over HTTP, in the shapes recorded from Moodle 4.5, and remembers what it got."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

Answer = Callable[[dict[str, str]], Any]


class Mailbox:
    """What arrived, in order; ``answer`` may be replaced to let Moodle refuse, and ``slow`` holds each answer back."""

    def __init__(self) -> None:
        self.url = ""
        self.got: list[dict[str, str]] = []
        self.answer: Answer = self.accept
        self.status = 200
        self.slow = 0.0
        self._lock = threading.Lock()

    def take(self, fields: dict[str, str]) -> Any:
        with self._lock:
            self.got.append(fields)
        if self.slow:
            threading.Event().wait(self.slow)
        return self.answer(fields)

    def accept(self, fields: dict[str, str]) -> Any:
        return [
            {
                "msgid": 28 + len(self.got),
                "clientmsgid": fields["messages[0][clientmsgid]"],
                "text": fields["messages[0][text]"],
                "timecreated": 1795170618,
                "conversationid": 45,
                "useridfrom": 47,
                "candeletemessagesforallusers": False,
            }
        ]

    def refuse(self, fields: dict[str, str]) -> Any:
        return [{"msgid": -1, "errormessage": "You can't message this user", "candeletemessagesforallusers": False}]

    def forbid(self, fields: dict[str, str]) -> Any:
        return {
            "exception": "webservice_access_exception",
            "errorcode": "accessexception",
            "message": "Access control exception",
        }


@contextmanager
def moodle() -> Iterator[Mailbox]:
    """Serve a mailbox on a free loopback port."""
    mailbox = Mailbox()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["Content-Length"])).decode()
            body = json.dumps(mailbox.take({name: values[0] for name, values in parse_qs(raw).items()})).encode()
            self.send_response(mailbox.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            return

        def handle(self) -> None:
            # Whoever asked may have been killed while we answered.
            try:
                super().handle()
            except (BrokenPipeError, ConnectionResetError):
                return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    mailbox.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield mailbox
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
