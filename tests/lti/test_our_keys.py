"""Our own keys, platforms declared in a file, and the commands around them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from flask import Flask
from sqlalchemy import select, update

from lti_app.cli.platforms import invite, keys, platform
from lti_app.config import Settings
from lti_app.db import Database
from lti_app.models import Deployment, Registration, ToolKey
from lti_app.store.declared import BadConfig, import_config
from lti_app.store.keys import add_first_key, make_key, published_keys, rotate_keys, signing_key
from tests.conftest import NOW
from tests.lti.platform import private_key, rows

SECRET = "a secret for the tests and nothing else"
MIDDAY = datetime(2026, 11, 20, 12, tzinfo=UTC)


def test_a_rotation_publishes_first_and_signs_later(db: Database) -> None:
    old, new = make_key(), make_key()
    with db.writing() as session:
        assert add_first_key(session, old, SECRET, MIDDAY)
        assert not add_first_key(session, new, SECRET, MIDDAY)
    with db.writing() as session:
        assert rotate_keys(session, new, SECRET, MIDDAY + timedelta(days=1)) == MIDDAY + timedelta(days=2)

    def state(at: datetime) -> tuple[str, set[str]]:
        with db.reading() as session:
            key = signing_key(session, SECRET, at)
            assert key is not None
            return key.kid, {jwk["kid"] for jwk in published_keys(session, at)}

    both = {old.kid, new.kid}
    assert state(MIDDAY) == (old.kid, both)
    assert state(MIDDAY + timedelta(days=1, hours=23)) == (old.kid, both)
    assert state(MIDDAY + timedelta(days=2)) == (new.kid, both)
    assert state(MIDDAY + timedelta(days=8)) == (new.kid, both)
    assert state(MIDDAY + timedelta(days=10)) == (new.kid, {new.kid})


def test_the_private_part_is_sealed_and_never_published(app: Flask, db: Database) -> None:
    answer = app.test_client().get("/lti/jwks")
    assert answer.json is not None
    (key,) = answer.json["keys"]
    assert set(key) == {"kty", "n", "e", "kid", "alg", "use"}
    assert "max-age=3600" in answer.headers["Cache-Control"]
    with db.reading() as session:
        assert "PRIVATE" not in session.scalars(select(ToolKey)).one().private_pem


def config(folder: Path, **entry: object) -> Path:
    file = folder / "lti_config.json"
    said = {
        "client_id": "tool-1",
        "auth_login_url": "https://lms.example.org/auth",
        "auth_token_url": "https://lms.example.org/token",
        "auth_audience": None,
        "key_set_url": "https://lms.example.org/jwks",
        "key_set": None,
        "private_key_file": "keys/tool.pem",
        "deployment_ids": ["1", "2"],
        "academy": "Accademia",
        **entry,
    }
    file.write_text(json.dumps({"https://lms.example.org": [said]}))
    (folder / "keys").mkdir(exist_ok=True)
    pem = private_key("declared").private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "keys" / "tool.pem").write_bytes(pem)
    return file


def test_a_platform_declared_in_the_file_is_imported_as_often_as_one_likes(db: Database, tmp_path: Path) -> None:
    file = config(tmp_path)
    for _ in range(2):
        with db.writing() as session:
            assert import_config(session, file, NOW, secret_key=SECRET) == 1
    with db.reading() as session:
        assert session.scalars(select(Registration)).one().origin == "config"
        assert set(session.scalars(select(Deployment.id_on_platform))) == {"1", "2"}
        key = signing_key(session, SECRET, datetime.now(UTC))
        assert key is not None
        assert len(published_keys(session, datetime.now(UTC))) == 1


def test_the_file_that_is_shipped_declares_nothing(db: Database) -> None:
    with db.writing() as session:
        assert import_config(session, Path(__file__).parents[2] / "lti_config.json", NOW, secret_key=SECRET) == 0


def test_every_fault_of_the_file_is_told_at_once_and_nothing_changes(db: Database, tmp_path: Path) -> None:
    file = config(tmp_path, client_id="", key_set={"keys": []}, private_key_file="missing.pem")
    document = json.loads(file.read_text())
    document["https://other.example"] = [5, {"deployment_ids": [7]}]
    document["https://third.example"] = document["https://lms.example.org"][0] | {"client_id": "x", "key_set": None}
    file.write_text(json.dumps(document))
    before = rows(db)
    with pytest.raises(BadConfig) as told, db.writing() as session:
        import_config(session, file, NOW, secret_key=SECRET)
    assert len(told.value.faults) >= 5
    assert any("missing.pem" in fault for fault in told.value.faults)
    assert rows(db) == before


@pytest.mark.parametrize(
    "odd",
    [
        {"auth_audience": ["x"]},
        {"auth_audience": "x" * 3000},
        {"auth_login_url": "https://["},
        {"client_id": "a\0"},
        {"deployment_ids": ["x" * 300]},
        {"deployment_ids": ["\ud800"]},
    ],
)
def test_a_file_that_says_what_no_platform_would_is_told_so(db: Database, tmp_path: Path, odd: dict[str, Any]) -> None:
    before = rows(db)
    with pytest.raises(BadConfig) as told, db.writing() as session:
        import_config(session, config(tmp_path, **odd), NOW, secret_key=SECRET)
    assert len(told.value.faults) == 1
    assert rows(db) == before


def test_names_without_end_are_cut_short(db: Database, tmp_path: Path) -> None:
    names = {"name": "n" * 600, "academy": "a" * 600, "product": "p" * 60}
    for _ in range(2):
        with db.writing() as session:
            assert import_config(session, config(tmp_path, **names), NOW, secret_key=SECRET) == 1


@pytest.fixture
def operator(settings: Settings) -> CliRunner:
    return CliRunner(
        env={
            "REGISTA_DATABASE_URL": settings.database_url.replace("postgresql+psycopg", "postgresql"),
            "REGISTA_PUBLIC_URL": "https://regista.example.org",
            "REGISTA_SECRET_KEY": SECRET,
        }
    )


ADD = [
    *(
        "add",
        "--issuer",
        "https://lms.example.org",
        "--client-id",
        "tool-1",
        "--auth-url",
        "https://lms.example.org/auth",
    ),
    *("--token-url", "https://lms.example.org/token", "--jwks-url", "https://lms.example.org/jwks"),
    *("--deployment", "1", "--deployment", "2", "--academy", "Accademia"),
]


def test_the_operator_adds_lists_and_removes_a_platform(operator: CliRunner, db: Database) -> None:
    added = operator.invoke(platform, ADD)
    assert added.exit_code == 0, added.output
    assert "https://regista.example.org/lti/login" in added.output
    listed = operator.invoke(platform, ["list"]).output
    assert "tool-1" in listed
    assert "deployment 2: active" in listed
    args = ["remove", "--issuer", "https://lms.example.org", "--client-id", "tool-1", "--yes"]
    assert operator.invoke(platform, args).exit_code == 0
    assert operator.invoke(platform, args).exit_code == 1
    assert rows(db)["registration"] == 0


def test_the_operator_says_yes_to_an_installation_and_is_told_when_that_changes_nothing(
    operator: CliRunner, db: Database
) -> None:
    operator.invoke(platform, ADD)
    allow = ["allow", "--issuer", "https://lms.example.org", "--client-id", "tool-1", "--deployment"]
    assert operator.invoke(platform, [*allow, "9"]).exit_code == 0
    assert "deployment 9: active" in operator.invoke(platform, ["list"]).output
    with db.writing() as session:
        session.execute(update(Deployment).where(Deployment.id_on_platform == "9").values(status="blocked"))
    for odd, words in (("9", "kept out"), ("x" * 256, "1 to 255"), ("\u00e8", "1 to 255")):
        told = operator.invoke(platform, [*allow, odd])
        assert (told.exit_code, words in told.output) == (1, True), told.output
    assert "deployment 9: blocked" in operator.invoke(platform, ["list"]).output


def test_the_operator_is_told_what_is_wrong_with_an_address(operator: CliRunner, db: Database) -> None:
    bad = [word.replace("https://lms.example.org/jwks", "http://lms.example.org/jwks") for word in ADD]
    told = operator.invoke(platform, bad)
    assert told.exit_code == 1
    assert "https" in told.output
    assert rows(db)["registration"] == 0


def test_the_operator_rotates_keys_and_invites(operator: CliRunner, db: Database) -> None:
    assert "signs from" in operator.invoke(keys, ["rotate"]).output
    assert rows(db)["tool_key"] == 1
    assert operator.invoke(invite, ["--academy", "Accademia"]).output.startswith(
        "https://regista.example.org/lti/register?code="
    )
