"""What every test may ask for: databases, an app, a clock that stands still, and the people."""

from __future__ import annotations

import gc
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from jinja2 import FileSystemBytecodeCache
from playwright.sync_api import Browser, Playwright, sync_playwright
from sqlalchemy import create_engine, text

from lti_app import create_app
from lti_app.addresses import Application
from lti_app.clock import Clock
from lti_app.config import Settings
from lti_app.db import Database
from lti_app.house import House
from lti_app.migrations import upgrade
from tests import browsers, databases, pointer, servers
from tests.sweep.course import Course
from tests.turns import Turns

NOW = datetime(2026, 11, 20, 10, 5, tzinfo=UTC)
MUST_RUN = bool(os.environ.get("REGISTA_TESTS_MUST_RUN"))
# Where the processes of one run keep their compiled templates.
TEMPLATES = "REGISTA_TESTS_TEMPLATES"


def skip_or_fail(reason: str) -> None:
    """Skip a test for want of a service; in CI that is a failure."""
    if MUST_RUN:
        pytest.fail(f"{reason} (and CI may not skip)")
    pytest.skip(reason)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Turns:
    """Share the tests among processes as tests/turns.py says."""
    return Turns(config, log)


def pytest_configure(config: pytest.Config) -> None:
    """Compile each template once for all test processes and all applications that they build.

    For this run alone: what is kept does not know when our own way of compiling has changed.
    """
    folder = os.environ.get(TEMPLATES)
    if folder is None:
        folder = os.environ[TEMPLATES] = tempfile.mkdtemp(prefix="regista-templates-")
        config.add_cleanup(lambda: shutil.rmtree(os.environ.pop(TEMPLATES), ignore_errors=True))
    kept, make = FileSystemBytecodeCache(folder), Application.create_jinja_environment

    def with_cache(self: Application) -> Any:
        environment = make(self)
        environment.bytecode_cache = kept
        return environment

    Application.create_jinja_environment = with_cache  # type: ignore[method-assign]


def pytest_collection_finish() -> None:
    """Leave what was loaded for good to itself: the collector need not walk through it again and again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def only_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse every connection that would leave this machine."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in ("127.0.0.1", "::1", "localhost"):
            raise AssertionError(f"a test may not reach {address[0]}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


class StillClock(Clock):
    """A clock that a test moves by hand."""

    def __init__(self, at: datetime = NOW) -> None:
        super().__init__()
        self.at = at

    def now(self) -> datetime:
        return self.at + self.offset


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "regista.sqlite3"
    database = Database(f"sqlite:///{path}")
    upgrade(database)
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return path


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """A PostgreSQL server whose database `template_regista` has the schema; gives its URL without a name."""
    if servers.postgres_bin() is None:
        skip_or_fail("PostgreSQL is not installed")
    # Outside pytest's own folder: another run may tidy that one up while this server is using it.
    with tempfile.TemporaryDirectory(prefix="regista-postgres-") as folder, servers.postgres(Path(folder)) as url:
        _admin(url, "CREATE DATABASE template_regista")
        database = Database(f"{url.replace('postgresql', 'postgresql+psycopg')}/template_regista")
        upgrade(database)
        database.close()
        _admin(url, f"CREATE DATABASE {databases.ONE} TEMPLATE template_regista STRATEGY FILE_COPY")
        yield url
        databases.close_all()


def _admin(url: str, statement: str) -> None:
    engine = create_engine(f"{url.replace('postgresql', 'postgresql+psycopg')}/postgres", isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if shutil.which("redis-server") is None:
        skip_or_fail("Redis is not installed")
    with servers.redis(tmp_path_factory.mktemp("redis")) as url:
        yield url


@pytest.fixture(scope="session")
def chromium_path() -> str:
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        skip_or_fail("Chromium is not installed")
    return str(path)


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """The one driver of a test process: a second one cannot run beside it."""
    pointer.steady()
    with sync_playwright() as p:
        yield p


@pytest.fixture(scope="session")
def chromium(playwright: Playwright, chromium_path: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """The running browser of this test process; whoever comes opens a context of their own in it."""
    with browsers.started(playwright, chromium_path, tmp_path_factory.mktemp("profile") / "one") as context:
        assert context.browser
        yield context.browser


@pytest.fixture(scope="session")
def sqlite_place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file that every test of this process finds made anew."""
    return tmp_path_factory.mktemp("database") / "regista.sqlite3"


@pytest.fixture
def sqlite_url(sqlite_template: Path, sqlite_place: Path) -> str:
    """A fresh SQLite database with the schema."""
    url = f"sqlite:///{sqlite_place}"
    databases.let_go(url)
    for ending in ("-wal", "-shm"):
        Path(f"{sqlite_place}{ending}").unlink(missing_ok=True)
    # A new file, not new bytes in the old one: whoever a test left behind keeps what they had open.
    sqlite_place.unlink(missing_ok=True)
    shutil.copy(sqlite_template, sqlite_place)
    return url


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest) -> str:
    """A fresh database with the schema, on each engine in turn."""
    if request.param == "sqlite":
        return str(request.getfixturevalue("sqlite_url"))
    server = request.getfixturevalue("postgres_server")
    url = f"{server.replace('postgresql', 'postgresql+psycopg')}/{databases.ONE}"
    databases.let_go(url)
    databases.empty(url)
    return url


@pytest.fixture
def db(database_url: str) -> Iterator[Database]:
    database = databases.opened(database_url)
    yield database
    databases.let_go(database_url)


@pytest.fixture
def course(db: Database) -> Course:
    """The course of Ada and the others, as tests/sweep/course.py builds it."""
    return databases.with_course(db)


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return Settings(
        database_url=database_url,
        jobs_url=f"sqlite:///{tmp_path}/jobs.sqlite3",
        public_url="http://127.0.0.1:8000",
        secret_key="a secret for the tests and nothing else",
        data_dir=str(tmp_path),
        allow_private_addresses=True,
    )


_apps: dict[tuple[object, ...], tuple[Flask, dict[str, Any], dict[str, Any]]] = {}


def app_as_built(settings: Settings, db: Database, clock: Clock) -> Flask:
    """The app as it was just after it was built, with these settings, database and clock.

    It is built once a process: routes and templates are the same for every test, and cost more than most tests do.
    """
    built_from = (settings.default_locale, settings.default_time_zone, settings.max_request_bytes)
    if built_from not in _apps:
        new = create_app(settings, database=db, clock=clock)
        _apps[built_from] = new, dict(new.config), dict(new.extensions)
    app, config, extensions = _apps[built_from]
    app.config.clear()
    app.config.update(config)
    app.extensions.clear()
    app.extensions.update(extensions, regista=House(settings, db, clock))
    app.testing = True
    # Unexpected errors must fail the test, not turn into a calm page.
    app.config["PROPAGATE_EXCEPTIONS"] = False
    return app


@pytest.fixture
def app(settings: Settings, db: Database, clock: StillClock) -> Flask:
    return app_as_built(settings, db, clock)
