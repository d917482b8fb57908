"""Everything over TLS (B32): our own address, a platform's addresses, and the way back; 1.2 at least."""

from __future__ import annotations

import ssl
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import update

from lms_clients.errors import RefusedAddress, Unreachable
from lms_clients.http import fetch_json
from lms_clients.options import Options
from lti_app import create_app
from lti_app.config import BadSettings, settings_from
from lti_app.db import Database
from lti_app.models import Registration
from tests.browser.doors import Certificates, make_certificates
from tests.lti.platform import Login, Moodle, assert_enters, rows

SECURE = "https://regista.example.org"


@pytest.fixture
def strict(app: Flask, db: Database) -> Flask:
    """The app as it runs in the world: an https address, and no private ones asked."""
    settings = replace(app.extensions["regista"].settings, public_url=SECURE, allow_private_addresses=False)
    return create_app(settings, database=db, clock=app.extensions["regista"].clock)


@pytest.mark.parametrize(
    "jwks_url", ["http://lms.example.org/jwks", "http://127.0.0.1:9/jwks", "https://127.0.0.1:9/jwks"]
)
def test_b32_keys_are_asked_for_over_https_and_never_at_a_private_address(
    strict: Flask, db: Database, moodle: Moodle, jwks_url: str
) -> None:
    with db.writing() as session:
        session.execute(update(Registration).values(jwks_url=jwks_url))
    target = f"{SECURE}/lti/launch"
    login = Login(moodle, strict.test_client(), target_link_uri=target)
    before = rows(db)
    answer = login.launch(_target_link_uri=target)
    assert answer.status_code == 503
    assert "Support code" in answer.text
    assert rows(db) == before
    assert moodle.web.asked == []


def test_b32_our_own_address_is_https_except_on_this_machine() -> None:
    env = {"REGISTA_SECRET_KEY": "x" * 40}
    for url in ("http://regista.example.org", "ftp://regista.example.org", "regista.example.org"):
        with pytest.raises(BadSettings):
            settings_from({**env, "REGISTA_PUBLIC_URL": url})
    assert settings_from({**env, "REGISTA_PUBLIC_URL": SECURE}).is_https
    assert not settings_from({**env, "REGISTA_PUBLIC_URL": "http://127.0.0.1:8000"}).is_https


def test_b32_a_target_of_ours_without_https_is_not_ours(strict: Flask, db: Database, moodle: Moodle) -> None:
    for target in ("http://regista.example.org/lti/launch", "https://regista.example.org:8443/lti/launch"):
        answer = strict.test_client().post("/lti/login", data=moodle.login_values(target_link_uri=target))
        assert answer.status_code == 400


@contextmanager
def tls_server(made: Certificates, newest: ssl.TLSVersion) -> Iterator[str]:
    class Keys(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", "11")
            self.end_headers()
            self.wfile.write(b'{"keys":[]}')

        def log_message(self, format: str, *args: object) -> None:
            pass

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        # Python warns of old versions, which is what this server is for.
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = newest
    context.load_cert_chain(made.chain, made.key)
    server = HTTPServer(("127.0.0.1", 0), Keys)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"https://127.0.0.1:{server.server_address[1]}/jwks"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_b32_a_platform_speaks_tls_1_2_at_least_with_a_certificate_that_is_trusted(tmp_path: Path) -> None:
    made = make_certificates(tmp_path)
    trusting = Options(allow_private=True, ca_bundle=str(made.authority), tries=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        old = ssl.TLSVersion.TLSv1_1
    with tls_server(made, ssl.TLSVersion.TLSv1_2) as url:
        assert fetch_json(url, options=trusting) == {"keys": []}
        with pytest.raises(Unreachable, match="certificate"):
            fetch_json(url, options=Options(allow_private=True, tries=1))
        with pytest.raises(RefusedAddress):
            fetch_json(url, options=Options(tries=1))
    with tls_server(made, old) as url, pytest.raises(Unreachable):
        fetch_json(url, options=trusting)


def test_b32_cookies_are_for_secure_connections_only(app: Flask, db: Database, moodle: Moodle) -> None:
    login = Login(moodle, app.test_client())
    answer = login.launch()
    assert_enters(answer)
    for cookie in [*login.response.headers.getlist("Set-Cookie"), *answer.headers.getlist("Set-Cookie")]:
        assert "; Secure" in cookie
