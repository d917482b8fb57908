"""The demonstration: the practice LMS and Regista in one process, on two sites, with everything real between them."""

from __future__ import annotations

import json
import logging
import os
import secrets
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from flask import Flask
from sqlalchemy import select
from werkzeug.serving import BaseWSGIServer, make_server

from lti_app import create_app
from lti_app.clock import Clock
from lti_app.config import Settings
from lti_app.db import Database
from lti_app.invitations import invitation_address
from lti_app.jobs.consumer import start_consumer
from lti_app.migrations import upgrade
from lti_app.models import Academy, LmsConnection, Registration
from lti_app.rehearsal import rehearse
from lti_app.sandbox import PracticeLms, Tool, create_practice_lms
from lti_app.sealing import seal_text
from lti_app.store.registrations import add_platform

Say = Callable[[str], None]


class PortTaken(Exception):
    """Somebody else listens on a port that the demonstration wants."""


@dataclass(frozen=True, slots=True)
class Demo:
    """A running demonstration and its two addresses."""

    lms_url: str
    tool_url: str
    lms: PracticeLms
    app: Flask
    clock: Clock


def _secret_key(data_dir: Path) -> str:
    path = data_dir / "secret_key"
    if not path.exists():
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as f:
            f.write(secrets.token_urlsafe(48))
    return path.read_text()


def _ports(data_dir: Path, lms_port: int, tool_port: int) -> tuple[int, int]:
    """Keep the ports of an earlier start: the addresses are part of the registration."""
    path = data_dir / "ports.json"
    if path.exists():
        kept = json.loads(path.read_text())
        return int(kept["lms"]), int(kept["tool"])
    path.write_text(json.dumps({"lms": lms_port, "tool": tool_port}))
    return lms_port, tool_port


def demo_settings(data_dir: Path, tool_port: int) -> Settings:
    """Return the settings of a demonstration: everything on this machine, and quick turns of the clock."""
    return Settings(
        database_url=f"sqlite:///{data_dir}/regista.sqlite3",
        jobs_url=f"sqlite:///{data_dir}/jobs.sqlite3",
        public_url=f"http://127.0.0.1:{tool_port}",
        secret_key=_secret_key(data_dir),
        data_dir=str(data_dir),
        allow_private_addresses=True,
        sync_seconds=20,
        tick_seconds=1,
        default_locale="it",
        log_level="WARNING",
    )


def _introduce(app: Flask, database: Database, lms: PracticeLms, settings: Settings) -> None:
    """Do what an admin would do once: add the platform and connect its web services."""
    now = datetime.now(UTC)
    with database.writing() as session:
        if session.scalar(select(Registration.id).where(Registration.issuer == lms.issuer)) is not None:
            return
        registration = add_platform(
            session,
            academy_name=lms.academy_name,
            name=lms.academy_name,
            issuer=lms.issuer,
            client_id=lms.client_id,
            auth_login_url=lms.auth_login_url,
            auth_token_url=lms.auth_token_url,
            jwks_url=lms.jwks_url,
            deployment_ids=[lms.deployment_id],
            product="moodle",
            origin="demo",
            now=now,
        )
        academy = session.get_one(Academy, registration.academy_id)
        academy.locale, academy.settings = "it", {"managers": lms.manager_subs}
        session.add(
            LmsConnection(
                registration_id=registration.id,
                kind="moodle",
                base_url=lms.issuer,
                secret=seal_text(lms.ws_token, settings.secret_key),
                created_at=now,
            )
        )


def _serve(host: str, port: int, app: Flask) -> BaseWSGIServer:
    try:
        server = make_server(host, port, app, threaded=True)
    except (OSError, SystemExit) as e:
        raise PortTaken(f"port {port} on {host} is taken; choose others with --port and --tool-port") from e
    server.daemon_threads = True  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, name=f"serve-{port}", daemon=True).start()
    return server


@contextmanager
def running(data_dir: Path, *, lms_port: int, tool_port: int, fresh: bool = False, say: Say) -> Iterator[Demo]:
    """Run the demonstration until the block ends; ``say`` hears each step. Raises PortTaken."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    if fresh and data_dir.exists():
        shutil.rmtree(data_dir)
    data_dir.mkdir(parents=True, exist_ok=True)
    lms_port, tool_port = _ports(data_dir, lms_port, tool_port)
    settings = demo_settings(data_dir.resolve(), tool_port)
    say("Preparing the database")
    database = Database(settings.database_url)
    upgrade(database)
    clock = Clock()
    say("Waking the practice LMS and its recorded course")
    tool = Tool(
        login_url=f"{settings.public_url}/lti/login",
        launch_url=f"{settings.public_url}/lti/launch",
        jwks_url=f"{settings.public_url}/lti/jwks",
        public_url=settings.public_url,
    )
    lms_url = f"http://localhost:{lms_port}"
    lms = create_practice_lms(data_dir=data_dir.resolve(), public_url=lms_url, clock=clock, tool=tool)
    app = create_app(settings, database=database, clock=clock)
    _introduce(app, database, lms, settings)
    # What an admin would paste into the LMS to connect Regista once more; good for one time.
    lms.lms.tool = replace(tool, register_url=invitation_address(lms.academy_name, settings))
    servers = [_serve("localhost", lms_port, lms.app)]
    try:
        servers.append(_serve("127.0.0.1", tool_port, app))
        stop = start_consumer(app, settings)
        try:
            rehearse(lms, say=say)
            yield Demo(lms_url, settings.public_url, lms, app, clock)
        finally:
            stop()
    finally:
        for server in servers:
            server.shutdown()
            server.server_close()
        database.close()
