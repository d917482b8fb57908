from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import pytest
from flask import Flask
from sqlalchemy import select

from lti_app.db import Database
from lti_app.house import House
from lti_app.models import LmsConnection
from tests.jobs.recorded_moodle import RecordedMoodle, recorded_moodle
from tests.store.told import make_academy, make_course


@pytest.fixture(scope="session")
def running_moodle() -> Iterator[RecordedMoodle]:
    with recorded_moodle() as moodle:
        yield moodle


@pytest.fixture
def moodle(running_moodle: RecordedMoodle) -> RecordedMoodle:
    """A Moodle that answers over HTTP from the recorded course; each test begins with a healthy one."""
    running_moodle.heal()
    return running_moodle


@pytest.fixture
def house(app: Flask) -> House:
    return cast("House", app.extensions["regista"])


@pytest.fixture
def deployment_id(db: Database, house: House, moodle: RecordedMoodle) -> int:
    """An academy whose Moodle is connected."""
    with db.writing() as session:
        made = make_academy(session, connected_to=moodle.url, secret_key=house.settings.secret_key)
        session.scalars(select(LmsConnection)).one().secret = moodle.sealed_token(house.settings.secret_key)
        return made


@pytest.fixture
def context_id(db: Database, deployment_id: int) -> int:
    """The recorded course, due now."""
    with db.writing() as session:
        return make_course(session, deployment_id)
