"""The recorded Moodle behind a real HTTP server, which can be told to fail in the ways that servers do."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, cast

from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

from lti_app.sealing import seal_text
from tests.lms_clients.fake_moodle import FakeMoodle, recorded_course

TOKEN = "a-token"
StartResponse = Callable[..., Any]


class _Silent(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: object) -> None:
        return


@dataclass
class RecordedMoodle:
    """``trouble`` replaces every answer; ``pause`` is how long each answer takes; ``url`` is the site's address."""

    table: dict[str, Any]
    url: str = ""
    pause: float = 0.0
    trouble: Response | None = None

    def __post_init__(self) -> None:
        self.fake = FakeMoodle(self.table)
        self._lock = threading.Lock()

    def heal(self) -> None:
        self.pause, self.trouble = 0.0, None
        self.fake = FakeMoodle(self.table)

    def sealed_token(self, secret_key: str) -> str:
        return seal_text(TOKEN, secret_key)

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        time.sleep(self.pause)
        if self.trouble is not None:
            return self.trouble(environ, start_response)
        with self._lock:
            said = cast("Any", SimpleNamespace(body=request.get_data(), url=request.url))
            status, _, body = self.fake.answer(said)
        return Response(body, status, content_type="application/json; charset=utf-8")(environ, start_response)


@contextmanager
def recorded_moodle() -> Iterator[RecordedMoodle]:
    moodle = RecordedMoodle(recorded_course())
    server = make_server("127.0.0.1", 0, moodle, threaded=True, request_handler=_Silent)
    moodle.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield moodle
    server.shutdown()
    thread.join()
    server.server_close()
