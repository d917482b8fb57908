"""A practice LMS whose clock stands at the moment of its recording, and a tiny tool with real keys on a real port."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from flask import Flask, jsonify
from flask.testing import FlaskClient
from werkzeug.serving import make_server

from lti_app.sandbox import PracticeLms, Tool, create_practice_lms, keys
from lti_app.sandbox.recorded import RECORDED_AT, RECORDED_URL
from tests.conftest import StillClock


@lru_cache(maxsize=8)
def _key(name: str) -> rsa.RSAPrivateKey:
    """A key of this run: making one takes longer than most tests."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


class TinyTool:
    """A tool of a few lines: keys, a JWKS on a port, and hands that sign."""

    def __init__(self) -> None:
        self.keys: dict[str, rsa.RSAPrivateKey] = {}
        self.new_key("first")
        self.fetched = 0
        self.app = Flask("tiny tool")
        self.app.get("/lti/jwks")(self._jwks)
        self.url = ""

    def _jwks(self) -> Any:
        self.fetched += 1
        public = [
            {**jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key(), as_dict=True), "kid": kid, "alg": "RS256"}
            for kid, key in self.keys.items()
        ]
        return jsonify({"keys": public})

    def new_key(self, kid: str) -> None:
        self.keys[kid] = _key(kid)

    def signed(self, claims: dict[str, Any], kid: str = "first") -> str:
        return jwt.encode(claims, self.keys[kid], algorithm="RS256", headers={"kid": kid})

    def assertion(self, practice: PracticeLms, kid: str = "first", **other: Any) -> str:
        now = int(time.time())
        claims = {"iss": practice.client_id, "sub": practice.client_id, "aud": practice.auth_token_url}
        return self.signed({**claims, "iat": now - 5, "exp": now + 60, "jti": uuid.uuid4().hex, **other}, kid)


@pytest.fixture
def tiny() -> Iterator[TinyTool]:
    tool = TinyTool()
    server = make_server("127.0.0.1", 0, tool.app, threaded=True)
    tool.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield tool
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def still() -> StillClock:
    return StillClock(datetime.fromtimestamp(RECORDED_AT, UTC))


Start = Callable[[], PracticeLms]


@pytest.fixture
def start(tmp_path: Path, still: StillClock, tiny: TinyTool, monkeypatch: pytest.MonkeyPatch) -> Start:
    """Starts the practice LMS, as often as one likes, on the same file."""
    pem = _key("practice").private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    monkeypatch.setattr(keys, "_new_key", pem.decode)
    tool = Tool(f"{tiny.url}/lti/login", f"{tiny.url}/lti/launch", f"{tiny.url}/lti/jwks", tiny.url)
    return lambda: create_practice_lms(data_dir=tmp_path, public_url=RECORDED_URL, clock=still, tool=tool)


@pytest.fixture
def practice(start: Start) -> PracticeLms:
    return start()


@pytest.fixture
def browser(practice: PracticeLms) -> FlaskClient:
    practice.app.testing = True
    return practice.app.test_client()


@pytest.fixture
def ask(practice: PracticeLms) -> Callable[..., Any]:
    """Ask a web service as Moodle's REST protocol wants it."""
    client = practice.app.test_client()

    def call(function: str, token: str | None = None, **params: Any) -> Any:
        form = {"wstoken": practice.ws_token if token is None else token, "wsfunction": function}
        answer = client.post(
            "/webservice/rest/server.php",
            data={**form, "moodlewsrestformat": "json", **params.pop("form", {}), **params},
        )
        assert answer.status_code == 200
        return answer.json

    return call


def be(browser: FlaskClient, person: int) -> None:
    assert browser.post("/practice/be", data={"person": person}).status_code == 303
