from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import responses

from lms_clients.moodle.client import MoodleClient
from lms_clients.options import Options
from lms_clients.records import CourseRef
from tests.lms_clients import fake_moodle
from tests.lms_clients.fake_moodle import FakeMoodle
from tests.lms_clients.server import LocalLms, local_lms

# The moment at which the course was recorded.
RECORDED_AT = datetime.fromtimestamp(1795169537, UTC)
COURSE = CourseRef(api_id="2")


@pytest.fixture
def waits() -> list[float]:
    """The pauses that a client made."""
    return []


@pytest.fixture
def options(waits: list[float]) -> Options:
    return Options(sleep=waits.append, jitter=lambda: 0.5, rotation=0)


@pytest.fixture
def local_options(waits: list[float]) -> Options:
    return Options(
        allow_private=True, sleep=waits.append, jitter=lambda: 0.5, connect_seconds=1, read_seconds=1, total_seconds=1
    )


@pytest.fixture
def lms() -> Iterator[LocalLms]:
    with local_lms() as running:
        yield running


@pytest.fixture(scope="session")
def recorded() -> dict[str, Any]:
    return fake_moodle.recorded_course()


@pytest.fixture
def moodle(recorded: dict[str, Any]) -> Iterator[FakeMoodle]:
    fake = FakeMoodle(recorded)
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        fake.serve(mock)
        yield fake


@pytest.fixture
def client(moodle: FakeMoodle, options: Options) -> Iterator[MoodleClient]:
    made = MoodleClient(fake_moodle.SITE, "a-token", options)
    yield made
    made.close()
