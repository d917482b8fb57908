"""Files go up beneath a post and are fetched by the addresses on its page."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from sqlalchemy import select

from lti_app.db import Database
from lti_app.models import Upload
from tests.panels.conftest import Somebody


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """What a file is does not depend on the database; the rows have a test on both (test_apart.py)."""
    return sqlite_url


def says(who: Somebody, thread: int, *files: tuple[bytes, str], body: str = "Look", **more: Any) -> Any:
    data = [(io.BytesIO(content), name) for content, name in files]
    return who.sends(f"talk/{thread}/reply", body=body, files=data, **more)


def addresses(page: str) -> list[str]:
    found = re.findall(r'(?:src|href)="(/v/[^"]+/files/[^"]+)"', page)
    return [one.replace("&amp;", "&") for one in dict.fromkeys(found)]


def fetch(who: Somebody, address: str, **headers: str) -> Any:
    got = who.client.get(address, headers={name.replace("_", "-"): value for name, value in headers.items()})
    assert got.data is not None
    got.close()
    return got


def only(db: Database) -> Upload:
    with db.reading() as session:
        row = session.scalars(select(Upload)).one()
        session.expunge_all()
        return row
