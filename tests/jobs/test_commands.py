from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select, text

from lti_app.cli import connections, main, work
from lti_app.db import Database
from lti_app.models import Context, LmsConnection
from lti_app.sealing import open_text
from tests.jobs.recorded_moodle import TOKEN, RecordedMoodle
from tests.servers import free_port, wait_for_port
from tests.store.told import make_academy, make_course

assert work, connections
SECRET = "a secret for the tests and nothing else"
ISSUER = "https://lms1.example.org"
COMMAND = "from lti_app.cli import main, work, connections; main(prog_name='regista')"


@pytest.fixture
def environment(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    told = {
        "REGISTA_DATABASE_URL": database_url.replace("+psycopg", ""),
        "REGISTA_DATA_DIR": str(tmp_path),
        "REGISTA_PUBLIC_URL": "http://127.0.0.1:8000",
        "REGISTA_SECRET_KEY": SECRET,
        "REGISTA_ALLOW_PRIVATE_ADDRESSES": "yes",
        "REGISTA_TICK_SECONDS": "1",
        "REGISTA_CONFIG": str(tmp_path / "lti_config.json"),
    }
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    return dict(os.environ) | told


@pytest.fixture
def context_id(db: Database, moodle: RecordedMoodle) -> int:
    with db.writing() as session:
        return make_course(session, make_academy(session, connected_to=moodle.url, secret_key=SECRET))


def regista(*words: str, typed: str = "") -> Result:
    return CliRunner().invoke(main, list(words), input=typed)


@contextmanager
def started(environment: dict[str, str], *words: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", COMMAND, *words]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def connect(moodle: RecordedMoodle, token: str = TOKEN) -> Result:
    words = ("lms", "connect", "--issuer", ISSUER, "--url", moodle.url, "--course", "2")
    return regista(*words, typed=f"{token}\n")


def test_a_token_is_tried_sealed_and_never_shown(
    db: Database, environment: dict[str, str], context_id: int, moodle: RecordedMoodle
) -> None:
    result = connect(moodle)
    assert result.exit_code == 0, result.output
    assert "It may:" in result.output
    assert TOKEN not in result.output.replace("Token", "")
    with db.reading() as session:
        row = session.scalars(select(LmsConnection)).one()
        assert TOKEN not in row.secret
        assert open_text(row.secret, SECRET) == TOKEN
    assert "moodle at" in regista("lms", "list").output


def test_a_token_that_the_lms_refuses_is_not_stored(db: Database, environment: dict[str, str], context_id: int) -> None:
    with db.reading() as session:
        before = session.scalars(select(LmsConnection.secret)).one()
    words = ("lms", "connect", "--issuer", ISSUER, "--url", "http://127.0.0.1:9")
    result = regista(*words, typed="a bad token\n")
    assert result.exit_code == 1
    assert "Not stored" in result.output
    with db.reading() as session:
        assert session.scalars(select(LmsConnection.secret)).one() == before


def test_an_unknown_platform_is_said_so(environment: dict[str, str], context_id: int) -> None:
    result = regista("lms", "connect", "--issuer", "https://elsewhere.example", typed="x\n")
    assert result.exit_code == 1
    assert "platform list" in result.output


def test_a_course_is_read_swept_and_delivered_by_hand(
    db: Database, environment: dict[str, str], context_id: int, moodle: RecordedMoodle
) -> None:
    assert connect(moodle).exit_code == 0
    read = regista("sync", str(context_id))
    assert read.exit_code == 0, read.output
    assert "43 people" in read.output
    assert "opened" in regista("sweep", "--all").output
    assert regista("deliver").exit_code == 0
    assert "read 20" in regista("courses").output


def test_a_command_says_what_it_lacks(environment: dict[str, str], context_id: int) -> None:
    assert "--all" in regista("sync").output
    assert "no course 999" in regista("sync", "999").output


@pytest.mark.parametrize("command", ["serve", "worker", "sync", "sweep", "deliver", "courses", "lms"])
def test_help_can_be_understood_without_the_source(command: str) -> None:
    result = regista(command, "--help")
    assert result.exit_code == 0
    assert len(result.output) > 120


def test_serve_refuses_a_schema_that_is_not_its_own(db: Database, environment: dict[str, str]) -> None:
    with db.writing() as session:
        session.execute(text("UPDATE alembic_version SET version_num = 'older'"))
    result = regista("serve")
    assert result.exit_code == 1
    assert "regista db upgrade" in result.output
    with db.writing() as session:
        session.execute(text("DELETE FROM alembic_version"))
    assert "empty" in regista("worker").output


def test_a_faulty_configuration_file_ends_serve_with_every_fault(environment: dict[str, str]) -> None:
    Path(environment["REGISTA_CONFIG"]).write_text('{"https://lms.example.org": [{"client_id": "x"}]}')
    result = regista("serve")
    assert result.exit_code == 1
    assert "auth_login_url" in result.output


def test_serve_answers_works_on_jobs_and_ends_cleanly(
    db: Database, environment: dict[str, str], context_id: int, moodle: RecordedMoodle
) -> None:
    assert connect(moodle).exit_code == 0
    port = free_port()
    with started(environment, "serve", "--port", str(port)) as process:
        wait_for_port(port)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=10) as answer:
            assert answer.status == 200
        wait_until_read(db, context_id)
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0


def test_a_worker_alone_works_on_jobs_and_ends_cleanly(
    db: Database, environment: dict[str, str], context_id: int, moodle: RecordedMoodle
) -> None:
    assert connect(moodle).exit_code == 0
    with started(environment, "worker") as process:
        wait_until_read(db, context_id)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0


def wait_until_read(db: Database, context_id: int) -> None:
    end = time.monotonic() + 40
    query = select(Context.synced_at).where(Context.id == context_id)
    while time.monotonic() < end:
        with db.reading() as session:
            if session.scalar(query) is not None:
                return
        time.sleep(0.1)
    raise AssertionError("the course was not read in time")


@pytest.mark.parametrize("number", ["999", "FDA-2026"])
def test_a_course_number_that_is_none_is_said_and_no_right_is_held_to_be_missing(
    db: Database, environment: dict[str, str], context_id: int, moodle: RecordedMoodle, number: str
) -> None:
    words = ("lms", "connect", "--issuer", ISSUER, "--url", moodle.url, "--course", number)
    result = regista(*words, typed=f"{TOKEN}\n")
    assert result.exit_code == 1
    assert f"course {number}" in result.output
    assert "view.php?id=" in result.output
    assert "may not" not in regista("lms", "list").output


def test_an_address_without_https_says_how_to_write_it(environment: dict[str, str], context_id: int) -> None:
    words = ("lms", "connect", "--issuer", ISSUER, "--url", "moodle.example.org")
    result = regista(*words, typed="x\n")
    assert (result.exit_code, "from https:// on" in result.output) == (1, True)
