"""A learning platform for the tests: real keys, a key set served over HTTP, launches signed as a platform signs."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from flask import Flask
from flask.testing import FlaskClient
from jwt.algorithms import RSAAlgorithm
from sqlalchemy import text
from werkzeug.test import TestResponse

from lti_app.db import Base, Database
from lti_app.store.registrations import add_platform
from tests.conftest import NOW

LTI = "https://purl.imsglobal.org/spec/lti/claim/"
MEMBERSHIP = "http://purl.imsglobal.org/vocab/lis/v2/membership#"
PUBLIC = "http://127.0.0.1:8000"
LAUNCH = f"{PUBLIC}/lti/launch"
Answer = tuple[int, dict[str, str], bytes]
Claims = dict[str, Any]


class Web:
    """A small web server: ``answers`` maps a path to a function of the request body and headers."""

    def __init__(self) -> None:
        self.answers: dict[str, Callable[[bytes, Mapping[str, str]], Answer]] = {}
        self.asked: list[tuple[str, str, dict[str, str], bytes]] = []
        web = self

        class Handler(BaseHTTPRequestHandler):
            def _serve(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                web.asked.append((self.command, self.path, dict(self.headers), body))
                answer = web.answers.get(urlsplit(self.path).path)
                status, headers, content = answer(body, dict(self.headers)) if answer else (404, {}, b"")
                self.send_response(status)
                for name, value in {"Content-Length": str(len(content)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_PUT = _serve

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()

    def paths(self) -> list[str]:
        return [path for _, path, _, _ in self.asked]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@contextmanager
def web_server() -> Iterator[Web]:
    web = Web()
    try:
        yield web
    finally:
        web.close()


_KEYS: dict[str, rsa.RSAPrivateKey] = {}


def private_key(name: str) -> rsa.RSAPrivateKey:
    """One key a name for the whole test run: making one takes a while."""
    if name not in _KEYS:
        _KEYS[name] = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return _KEYS[name]


def jwk(name: str, **said: Any) -> dict[str, Any]:
    public = RSAAlgorithm.to_jwk(private_key(name).public_key(), as_dict=True)
    return {"kty": "RSA", "n": public["n"], "e": public["e"], "kid": name, "alg": "RS256", "use": "sig", **said}


class Moodle:
    """The platform ``https://lms.example.org`` with client id ``tool-1`` and deployment ``1``."""

    issuer = "http://localhost:8900"
    client_id = "tool-1"
    auth_login_url = "http://localhost:8900/mod/lti/auth.php"

    def __init__(self, web: Web) -> None:
        self.web = web
        self.jwks_url = f"{web.url}/certs.php"
        self.keys = [jwk("first")]
        self.headers = {"Content-Type": "application/json", "Cache-Control": "max-age=3600"}
        web.answers["/certs.php"] = lambda body, headers: (
            200,
            self.headers,
            json.dumps({"keys": self.keys}).encode(),
        )

    def register(self, db: Database, **said: Any) -> int:
        values: dict[str, Any] = {
            "academy_name": "Accademia Dati",
            "name": "Moodle",
            "issuer": self.issuer,
            "client_id": self.client_id,
            "auth_login_url": self.auth_login_url,
            "auth_token_url": "http://localhost:8900/mod/lti/token.php",
            "jwks_url": self.jwks_url,
            "deployment_ids": ["1"],
            "now": NOW,
        }
        with db.writing() as session:
            return add_platform(session, **{**values, **said}).id

    def login_values(self, **said: Any) -> dict[str, str]:
        values = {
            "iss": self.issuer,
            "login_hint": "3",
            "target_link_uri": LAUNCH,
            "lti_message_hint": '{"cmid":45,"launchid":"ltilaunch1_1459690635"}',
            "client_id": self.client_id,
            "lti_deployment_id": "1",
            **said,
        }
        return {name: value for name, value in values.items() if value is not None}

    def claims(self, nonce: str, /, **said: Any) -> Claims:
        """A learner's claims; a keyword sets a claim (``_`` before a name of the LTI vocabulary), None drops it."""
        now = int(time.time())
        claims: Claims = {
            "iss": self.issuer,
            "aud": self.client_id,
            "sub": "3",
            "iat": now,
            "exp": now + 60,
            "nonce": nonce,
            "name": "Ada Rossi",
            "given_name": "Ada",
            "family_name": "Rossi",
            "email": "ada@example.com",
            LTI + "version": "1.3.0",
            LTI + "message_type": "LtiResourceLinkRequest",
            LTI + "deployment_id": "1",
            LTI + "target_link_uri": LAUNCH,
            LTI + "resource_link": {"id": "1", "title": "Comunità del corso"},
            LTI + "roles": [MEMBERSHIP + "Learner"],
            LTI + "context": {"id": "2", "label": "FDA-2026", "title": "Fondamenti di Data Analysis"},
            LTI + "launch_presentation": {"locale": "en", "return_url": "http://localhost:8900/back?course=2"},
        }
        for name, value in said.items():
            full = LTI + name[1:] if name.startswith("_") else name
            if value is None:
                claims.pop(full, None)
            else:
                claims[full] = value
        return claims

    def sign(
        self, claims: Any, *, key: str = "first", headers: dict[str, Any] | None = None, alg: str = "RS256"
    ) -> str:
        # As bytes: the library would refuse to sign some of the nonsense that a platform may send.
        payload = json.dumps(claims).encode()
        return jwt.api_jws.encode(payload, private_key(key), algorithm=alg, headers={"kid": key, **(headers or {})})


class Login:
    """One login begun in one browser."""

    def __init__(self, moodle: Moodle, browser: FlaskClient, **said: Any) -> None:
        self.moodle, self.browser = moodle, browser
        self.response = browser.post("/lti/login", data=moodle.login_values(**said))
        assert self.response.status_code == 302, self.response.text
        self.query = {k: v[0] for k, v in parse_qs(urlsplit(self.response.headers["Location"]).query).items()}
        self.state, self.nonce = self.query["state"], self.query["nonce"]

    def claims(self, **said: Any) -> Claims:
        return self.moodle.claims(self.nonce, **said)

    def post(self, token: str, *, browser: FlaskClient | None = None, **form: str) -> TestResponse:
        data = {"id_token": token, "state": self.state, **form}
        return (browser or self.browser).post("/lti/launch", data=data)

    def launch(self, **said: Any) -> TestResponse:
        return self.post(self.moodle.sign(self.claims(**said)))


def begin(moodle: Moodle, app: Flask, **said: Any) -> Login:
    return Login(moodle, app.test_client(), **said)


def rows(db: Database) -> dict[str, int]:
    """How many rows every table has, without the key set that a refused launch may rightly have fetched."""
    names = [table.name for table in Base.metadata.sorted_tables if table.name != "platform_key_set"]
    counted = " UNION ALL ".join(f"SELECT '{name}', count(*) FROM {name}" for name in names)
    with db.reading() as session:
        return {row[0]: row[1] for row in session.execute(text(counted))}


def assert_refused(response: TestResponse, db: Database, before: dict[str, int]) -> None:
    """4xx, a plain page with a support code, no session, no row."""
    assert 400 <= response.status_code < 500, (response.status_code, response.text[:500])
    assert response.mimetype == "text/html"
    assert "Support code" in response.text or "Codice di assistenza" in response.text
    assert "Traceback" not in response.text
    assert "/v/" not in response.headers.get("Location", "")
    assert "regista_visit" not in " ".join(response.headers.getlist("Set-Cookie"))
    assert "visit_token" not in response.text
    assert rows(db) == before


def refused(moodle: Moodle, app: Flask, db: Database, **said: Any) -> None:
    """Launch with these claims and see that it is refused."""
    login, before = begin(moodle, app), rows(db)
    assert_refused(login.launch(**said), db, before)


def refused_token(moodle: Moodle, app: Flask, db: Database, make: Callable[[Login], str]) -> None:
    """Launch with the token that ``make`` makes for a login and see that it is refused."""
    login, before = begin(moodle, app), rows(db)
    assert_refused(login.post(make(login)), db, before)


def assert_enters(response: TestResponse, panel: str = "home") -> str:
    """The hand-over to the panel; gives the visit's ref."""
    assert response.status_code == 303, (response.status_code, response.text[:2000])
    _, v, ref, last = response.headers["Location"].split("/")
    assert v == "v"
    assert last == panel
    return ref
