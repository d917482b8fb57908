"""Who launches whom in the benchmark of launches: a platform, the floor, and Regista with a database of its own."""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import jwt
from flask import Flask, redirect, request
from jwt.algorithms import RSAAlgorithm
from sqlalchemy import create_engine, text

from lti_app.clock import Clock
from lti_app.config import Settings
from lti_app.db import Database
from lti_app.migrations import upgrade
from lti_app.store.registrations import add_platform
from tests import servers

LTI = "https://purl.imsglobal.org/spec/lti/claim/"
ROLE = "http://purl.imsglobal.org/vocab/lis/v2/membership#"
ISSUER, CLIENT, KID = "https://lms.example.org", "tool-1", "first"
PEOPLE, COURSES = 300, 20


@dataclass(frozen=True, slots=True)
class Platform:
    """Signs what a platform signs; ``pem`` travels to the clients' processes."""

    tool: str
    pem: bytes

    def login(self) -> dict[str, str]:
        """Return the parameters of a login."""
        return {
            "iss": ISSUER, "login_hint": "3", "target_link_uri": f"{self.tool}/lti/launch", "client_id": CLIENT,
            "lti_message_hint": secrets.token_hex(8), "lti_deployment_id": "1",
        }  # fmt: skip

    def signed(self, key: Any, nonce: str, number: int, people: int = PEOPLE) -> str:
        """Return the id_token of the person and course with this number."""
        now, person, course = int(time.time()), number % people, number % COURSES
        claims = {
            "iss": ISSUER, "aud": CLIENT, "sub": str(person), "iat": now, "exp": now + 60, "nonce": nonce,
            "name": f"Persona {person}", "given_name": "Persona", "family_name": str(person),
            "email": f"p{person}@example.org",
            LTI + "version": "1.3.0", LTI + "message_type": "LtiResourceLinkRequest", LTI + "deployment_id": "1",
            LTI + "target_link_uri": f"{self.tool}/lti/launch", LTI + "roles": [ROLE + "Learner"],
            LTI + "resource_link": {"id": str(course), "title": "Comunità del corso"},
            LTI + "context": {"id": str(course), "label": f"C{course}", "title": f"Corso {course}"},
            LTI + "tool_platform": {"product_family_code": "moodle", "guid": "x", "version": "2024100706"},
            LTI + "launch_presentation": {"locale": "it", "document_target": "iframe", "return_url": f"{ISSUER}/back"},
            "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice": {
                "context_memberships_url": f"{ISSUER}/members/{course}", "service_versions": ["2.0"],
            },
        }  # fmt: skip
        return jwt.encode(claims, key, algorithm="RS256", headers={"kid": KID})


def bare_app(key: Any, tool: str) -> Flask:
    """The floor: a login that goes on, a launch that is verified, a page."""
    app = Flask("bare")
    required = ["exp", "iat", "iss", "aud", "sub", "nonce", LTI + "message_type", LTI + "deployment_id"]

    @app.route("/lti/login", methods=["GET", "POST"])
    def login() -> Any:
        said = request.values
        query = {
            "scope": "openid", "response_type": "id_token", "response_mode": "form_post", "prompt": "none",
            "client_id": said["client_id"], "redirect_uri": f"{tool}/lti/launch", "state": secrets.token_urlsafe(24),
            "nonce": secrets.token_urlsafe(24), "login_hint": said["login_hint"],
            "lti_message_hint": said["lti_message_hint"],
        }  # fmt: skip
        return redirect(f"{ISSUER}/auth?{urlencode(query)}")

    @app.post("/lti/launch")
    def launch() -> str:
        claims = jwt.decode(
            request.form["id_token"], key, algorithms=["RS256"], audience=CLIENT, issuer=ISSUER,
            options={"require": required},
        )  # fmt: skip
        return f"<!doctype html><title>Panel</title><p>Welcome, {claims['sub']}"

    return app


@contextmanager
def key_set(public: Any) -> Iterator[str]:
    """Serve the platform's JWKS and count nothing: it is asked once."""
    jwk = {**RSAAlgorithm.to_jwk(public, as_dict=True), "kid": KID, "alg": "RS256", "use": "sig"}
    jwk.pop("key_ops", None)
    body = json.dumps({"keys": [jwk]}).encode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Cache-Control", "max-age=86400")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/jwks"
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def database(kind: str, folder: Path) -> Iterator[str]:
    if kind == "sqlite":
        yield f"sqlite:///{folder}/regista.sqlite3"
        return
    with servers.postgres(folder) as url:
        address = url.replace("postgresql", "postgresql+psycopg")
        engine = create_engine(f"{address}/postgres", isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text("CREATE DATABASE regista"))
        engine.dispose()
        yield f"{address}/regista"


def settings_for(url: str, folder: Path, port: int) -> Settings:
    return Settings(
        database_url=url, jobs_url=f"sqlite:///{folder}/jobs.sqlite3", public_url=f"http://127.0.0.1:{port}",
        secret_key="a secret for the benchmark and nothing else", data_dir=str(folder), allow_private_addresses=True,
    )  # fmt: skip


def prepare(settings: Settings, jwks_url: str) -> None:
    database = Database(settings.database_url)
    upgrade(database)
    with database.writing() as session:
        add_platform(
            session, academy_name="Accademia", name="Moodle", issuer=ISSUER, client_id=CLIENT,
            auth_login_url=f"{ISSUER}/auth", auth_token_url=f"{ISSUER}/token", jwks_url=jwks_url,
            deployment_ids=["1"], product="moodle", now=datetime.now(UTC),
        )  # fmt: skip
    database.close()


class Hurrying(Clock):
    """A community's time in which a second passes at each launch, so that everybody comes back after five minutes."""

    def now(self) -> datetime:
        """Return the next second."""
        self.offset += timedelta(seconds=1)
        return super().now()
