"""`regista lms feed` in a terminal."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select

from lti_app.cli import main
from lti_app.db import Database
from lti_app.models import EventFeed
from tests.store.told import make_academy

ISSUER = "https://lms1.example.org"


def regista(*words: str) -> Result:
    return CliRunner().invoke(main, list(words))


def test_a_feed_is_made_renewed_listed_and_closed(
    db: Database, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (
        ("DATABASE_URL", database_url.replace("+psycopg", "")),
        ("DATA_DIR", str(tmp_path)),
        ("PUBLIC_URL", "http://127.0.0.1:8000"),
        ("SECRET_KEY", "a secret for the tests and nothing else"),
    ):
        monkeypatch.setenv(f"REGISTA_{name}", value)
    with db.writing() as session:
        make_academy(session)
    made = regista("lms", "feed", "--issuer", ISSUER)
    assert made.exit_code == 0, made.output
    address = re.search(r"http://127\.0\.0\.1:8000/feeds/([\w-]+)/xapi", made.output)
    secret = re.search(r"shown this once: ([\w-]{40,})", made.output)
    assert address is not None
    assert secret is not None
    with db.reading() as session:
        row = session.scalars(select(EventFeed)).one()
        assert (row.ref, secret[1] in row.secret_digest) == (address[1], False)
    renewed = regista("lms", "feed", "--issuer", ISSUER).output
    assert address[0] in renewed
    assert secret[1] not in renewed
    listed = regista("lms", "feed").output
    assert "last heard from: never" in listed
    assert secret[1] not in listed
    assert "closed" in regista("lms", "feed", "--issuer", ISSUER, "--remove").output
    assert "There was none" in regista("lms", "feed", "--issuer", ISSUER, "--remove").output
    assert regista("lms", "feed", "--issuer", "https://nobody.example.org").exit_code == 1
