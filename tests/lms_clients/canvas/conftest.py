"""A Canvas that answers with sample payloads, a client that reads it, and what all tests of it ask."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from lms_clients import connect
from lms_clients.canvas.client import CanvasClient
from lms_clients.options import Options
from lms_clients.records import CourseRef, CourseSnapshot, LearnerProgress
from tests.lms_clients.fake_canvas import FakeCanvas
from tests.lms_clients.server import LocalLms

NOW = datetime(2026, 2, 4, 9, tzinfo=UTC)
COURSE = CourseRef(api_id="565")
FAR = "10000000000125"


@pytest.fixture
def canvas(lms: LocalLms) -> FakeCanvas:
    return FakeCanvas(lms)


@pytest.fixture
def client(canvas: FakeCanvas, lms: LocalLms, local_options: Options) -> Iterator[CanvasClient]:
    made = connect("canvas", lms.url, "a-token", options=local_options)
    assert isinstance(made, CanvasClient)
    yield made
    made.close()


def read(client: CanvasClient) -> CourseSnapshot:
    return client.snapshot(COURSE, {}, None, NOW)


def row(snapshot: CourseSnapshot, learner: str, activity: str) -> LearnerProgress:
    return next(r for r in snapshot.progress if (r.learner_id, r.activity_id) == (learner, activity))
