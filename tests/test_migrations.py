"""An operator upgrades: everything that people wrote is still there, and the tables are those the program knows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, text

from lti_app.db import Database
from lti_app.migrations import HERE, upgrade
from lti_app.models import Base

OLD_ROWS = (
    "INSERT INTO academy (id, name, locale, time_zone, accent, settings, created_at)"
    " VALUES (1, 'A', 'it', 'Europe/Rome', '#1d6b57', '{}', '2026-11-20 10:00:00')",
    "INSERT INTO registration (id, academy_id, name, issuer, client_id, auth_login_url, auth_token_url, jwks_url,"
    " product, origin, accepts_new_deployments, status, scopes, origins, created_at) VALUES"
    " (1, 1, 'M', 'https://m', 'c', 'u', 'u', 'u', '', 'manual', false, 'active', '[]', '[]', '2026-11-20 10:00:00')",
    "INSERT INTO deployment (id, registration_id, academy_id, id_on_platform, status, created_at)"
    " VALUES (1, 1, 1, '1', 'active', '2026-11-20 10:00:00')",
    "INSERT INTO context (id, deployment_id, id_on_platform, title, state, settings, created_at, sync_failures,"
    " sync_cursor, parts_read) VALUES (1, 1, '7', 'Course', 'active', '{}', '2026-11-20 10:00:00', 0, '{}', '[]')",
    "INSERT INTO person (id, registration_id, id_on_platform, created_at) VALUES (1, 1, 'ada', '2026-11-20 10:00:00')",
    "INSERT INTO membership (id, context_id, person_id, role, raw_roles, state, settings, created_at)"
    " VALUES (1, 1, 1, 'learner', '[]', 'active', '{}', '2026-11-20 10:00:00')",
    "INSERT INTO thread (id, context_id, kind, title, author_id, created_at, moved_at)"
    " VALUES (1, 1, 'talk', 'Hello', 1, '2026-11-20 10:00:00', '2026-11-20 10:00:00')",
    "INSERT INTO post (id, thread_id, author_id, voice, body, created_at)"
    " VALUES (1, 1, 1, 'member', 'I am Ada.', '2026-11-20 10:00:00')",
    "INSERT INTO reaction (id, membership_id, post_id, created_at) VALUES (1, 1, 1, '2026-11-20 10:00:00')",
    "INSERT INTO thread_seen (thread_id, membership_id, seen_at) VALUES (1, 1, '2026-11-20 10:00:00')",
)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'old.sqlite3'}"
        return
    server = request.getfixturevalue("postgres_server").replace("postgresql", "postgresql+psycopg")
    admin = create_engine(f"{server}/postgres", isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text("CREATE DATABASE old_regista"))
    yield f"{server}/old_regista"
    with admin.connect() as connection:
        connection.execute(text("DROP DATABASE old_regista WITH (FORCE)"))
    admin.dispose()


def _insert(database: Database, statement: str) -> None:
    """Fill the columns of the first house that have no default and no meaning here."""
    table = statement.split()[2]
    with database.engine.begin() as connection:
        if connection.dialect.name == "sqlite":
            rows = connection.exec_driver_sql(f"PRAGMA table_info({table})").all()
            needed = {row[1]: row[2] for row in rows if row[3] and row[4] is None and not row[5]}
        else:
            rows = connection.execute(
                text(
                    "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = :table"
                    " AND is_nullable = 'NO' AND column_default IS NULL AND column_name <> 'id'"
                ),
                {"table": table},
            ).all()
            needed = {row[0]: row[1].upper() for row in rows}
        said = {name.strip() for name in statement[statement.index("(") + 1 : statement.index(")")].split(",")}
        for name, kind in needed.items():
            if name in said:
                continue
            value = "'{}'" if "JSON" in kind else "false" if "BOOL" in kind else "0" if "INT" in kind else "''"
            statement = statement.replace(")", f", {name})", 1)
            statement = f"{statement[:-1]}, {value})"
        connection.exec_driver_sql(statement)


def test_what_people_wrote_before_an_upgrade_is_there_after_it(empty_url: str) -> None:
    database = Database(empty_url)
    upgrade(database, "0001")
    for statement in OLD_ROWS:
        _insert(database, statement)
    upgrade(database)
    with database.engine.connect() as connection:
        counts = {
            table: connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()
            for table in ("academy", "membership", "thread", "post", "reaction", "thread_seen")
        }
        if connection.dialect.name == "sqlite":
            assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar_one() == 1
    database.close()
    assert set(counts.values()) == {1}, counts


def test_the_tables_are_those_the_program_knows(empty_url: str) -> None:
    database = Database(empty_url)
    upgrade(database)
    with database.engine.connect() as connection:
        different = compare_metadata(MigrationContext.configure(connection), Base.metadata)
    database.close()
    assert different == []


def test_the_history_is_one_line() -> None:
    numbers = sorted(path.name[:4] for path in (HERE / "versions").glob("0*.py"))
    assert numbers == [f"{number:04d}" for number in range(1, len(numbers) + 1)]
