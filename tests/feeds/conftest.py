from __future__ import annotations

import json
from base64 import b64encode
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from lti_app.db import Database
from lti_app.models import Context, Deployment, EventFeed
from lti_app.store.feeds import save_feed, secret_digest
from tests.store.told import NOW, make_academy, make_course

SECRET = "a-long-secret-that-the-LMS-was-given"
PAYLOADS = Path(__file__).parent.parent / "payloads" / "feeds"


def payload(name: str) -> Any:
    return json.loads((PAYLOADS / f"{name}.json").read_text(encoding="utf-8"))


@dataclass
class Sender:
    """An LMS that sends events, with a course that Regista read an hour ago and reads again in eight hours."""

    client: FlaskClient
    db: Database
    ref: str
    context_id: int
    registration_id: int
    secret: str = SECRET

    def xapi(self, statements: Any, method: str = "POST", **more: Any) -> TestResponse:
        token = b64encode(f"regista:{self.secret}".encode()).decode()
        headers = {"Authorization": f"Basic {token}", "X-Experience-API-Version": "1.0.0"} | more.pop("headers", {})
        path = f"/feeds/{self.ref}/xapi/statements"
        return self.client.open(path, method=method, json=statements, headers=headers, **more)

    def caliper(self, envelope: Any, **headers: str) -> TestResponse:
        offered = {"Authorization": f"Bearer {self.secret}"} | headers
        return self.client.post(f"/feeds/{self.ref}/caliper", json=envelope, headers=offered)

    def course(self, context_id: int | None = None) -> Context:
        with self.db.reading() as session:
            found = session.get_one(Context, context_id or self.context_id)
            session.expunge(found)
        return found

    def counts(self) -> EventFeed:
        with self.db.reading() as session:
            found = session.scalars(select(EventFeed)).one()
            session.expunge(found)
        return found

    def rest(self, **more: Any) -> None:
        """Put the course back to rest, as after a sync."""
        with self.db.writing() as session:
            row = session.get_one(Context, self.context_id)
            row.sync_due_at, row.synced_at = NOW + timedelta(hours=8), NOW - timedelta(hours=1)
            for name, value in more.items():
                setattr(row, name, value)


@pytest.fixture
def sender(app: Flask, db: Database) -> Sender:
    with db.writing() as session:
        deployment_id = make_academy(session)
        context_id = make_course(session, deployment_id)
        registration_id = session.get_one(Deployment, deployment_id).registration_id
        ref = save_feed(session, registration_id, "feed-1", secret_digest(SECRET), NOW)
    made = Sender(app.test_client(), db, ref, context_id, registration_id)
    made.rest()
    return made
