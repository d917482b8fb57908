"""A Canvas behind HTTP with its academy: the course of tests/lms_clients/fake_canvas, as launches name it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import select

from lms_clients.canvas.oauth import CanvasSecret
from lti_app.db import Database
from lti_app.house import House
from lti_app.models import Context, Deployment, LmsConnection, Registration
from lti_app.sealing import seal_text
from tests.lms_clients.fake_canvas import FakeCanvas
from tests.lms_clients.server import LocalLms, local_lms
from tests.store.told import NOW, make_academy, make_course

SECRET = CanvasSecret("a-token", "refresh-1", "10000001", "key")


@dataclass
class CanvasHouse:
    """An academy whose Canvas is connected, and its course."""

    db: Database
    house: House
    fake: FakeCanvas
    lms: LocalLms
    registration_id: int
    deployment_id: int
    context_id: int

    def keep(self, secret: CanvasSecret) -> None:
        """Store another secret."""
        with self.db.writing() as session:
            row = session.scalars(select(LmsConnection)).one()
            row.secret = seal_text(secret.text, self.house.settings.secret_key)


@contextmanager
def canvas_house(db: Database, house: House, *, connected: bool = True) -> Iterator[CanvasHouse]:
    """Run a Canvas for one test."""
    with local_lms() as lms:
        fake = FakeCanvas(lms)
        with db.writing() as session:
            deployment_id = make_academy(session)
            registration = session.scalars(select(Registration)).one()
            registration.product = "canvas"
            registration_id = registration.id
            context_id = make_course(session, deployment_id)
            session.get_one(Context, context_id).id_on_platform = "ctx"
            assert session.get_one(Deployment, deployment_id).registration_id == registration_id
            if connected:
                sealed = seal_text(SECRET.text, house.settings.secret_key)
                session.add(
                    LmsConnection(
                        registration_id=registration_id, kind="canvas", base_url=lms.url, secret=sealed, created_at=NOW
                    )
                )
        yield CanvasHouse(db, house, fake, lms, registration_id, deployment_id, context_id)
