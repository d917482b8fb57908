"""A practice LMS and Regista on two real ports, joined by LTI alone: no web services."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.serving import make_server

from lti_app.config import Settings
from lti_app.db import Database
from lti_app.house import House
from lti_app.models import Context
from lti_app.rehearsal import Actor
from lti_app.sandbox import PracticeLms, Tool, create_practice_lms
from lti_app.sandbox.platform.links import links
from lti_app.store.registrations import add_platform
from tests.conftest import StillClock, app_as_built
from tests.servers import free_port


@dataclass(slots=True)
class Pair:
    """Both sides, running; ``registration_id`` is the practice LMS's entry here."""

    app: Flask
    db: Database
    lms: PracticeLms
    clock: StillClock
    registration_id: int

    @property
    def house(self) -> House:
        found: House = self.app.extensions["regista"]
        return found

    def enter(self, person: int, panel: int = 0) -> Actor:
        """Let somebody open a panel of the course page."""
        actor = Actor(self.lms, person)
        actor.enter(links(self.lms.lms)[panel].cmid)
        assert "/v/" in actor.address, actor.page[:500]
        return actor

    def course(self) -> int:
        with self.db.reading() as session:
            return session.scalars(select(Context.id)).one()


@pytest.fixture
def pair(db: Database, settings: Settings, clock: StillClock, tmp_path: Path) -> Iterator[Pair]:
    lms_port, tool_port = free_port(), free_port()
    settings = replace(settings, public_url=f"http://127.0.0.1:{tool_port}", sync_seconds=60)
    url = settings.public_url
    tool = Tool(f"{url}/lti/login", f"{url}/lti/launch", f"{url}/lti/jwks", url)
    lms = create_practice_lms(
        data_dir=tmp_path / "lms", public_url=f"http://localhost:{lms_port}", clock=clock, tool=tool
    )
    app = app_as_built(settings, db, clock)
    with db.writing() as session:
        registration_id = add_platform(
            session,
            academy_name=lms.academy_name,
            name="Practice",
            issuer=lms.issuer,
            client_id=lms.client_id,
            auth_login_url=lms.auth_login_url,
            auth_token_url=lms.auth_token_url,
            jwks_url=lms.jwks_url,
            deployment_ids=[lms.deployment_id],
            product="moodle",
            now=clock.now(),
        ).id
    servers = [
        make_server("localhost", lms_port, lms.app, threaded=True),
        make_server("127.0.0.1", tool_port, app, threaded=True),
    ]
    threads = [threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True) for server in servers]
    for thread in threads:
        thread.start()
    yield Pair(app, db, lms, clock, registration_id)
    for server, thread in zip(servers, threads, strict=True):
        server.shutdown()
        thread.join()
        server.server_close()
