"""An academy fits the detector to its own people, looks, applies it and takes it back; and evaluates it."""

from __future__ import annotations

import csv
import gzip
import math
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select

from engagement.values import Knowledge
from lti_app import evaluation as product
from lti_app.cli import calibrate, evaluation, main
from lti_app.db import Database
from lti_app.models import Academy, ActiveDay, AuditEntry, Context, Membership
from lti_app.store.calibrations import calibration_from, calibration_of
from tests.sweep.course import Builder

assert calibrate
SECRET = "a secret for the tests and nothing else"
NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def environment(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "REGISTA_DATABASE_URL": database_url.replace("+psycopg", ""),
        "REGISTA_DATA_DIR": str(tmp_path),
        "REGISTA_PUBLIC_URL": "http://127.0.0.1:8000",
        "REGISTA_SECRET_KEY": SECRET,
        "REGISTA_CONFIG": str(tmp_path / "lti_config.json"),
        "COLUMNS": "160",
    }.items():
        monkeypatch.setenv(name, value)


def regista(*words: str) -> Result:
    return CliRunner().invoke(main, list(words))


def lived(db: Database, people: int, weeks: int = 16) -> tuple[int, int]:
    """A course in which people come and go; returns the academy and the course."""
    chance = random.Random(7)
    with db.writing() as session:
        make = Builder(session)
        registration, deployment = make.academy("Dati")
        context_id = make.context(deployment, "Fondamenti")
        context = session.get_one(Context, context_id)
        start = NOW - timedelta(weeks=weeks)
        context.starts_at, context.ends_at, context.synced_at = start, NOW + timedelta(weeks=4), NOW
        context.days_known_from = start.date()
        for number in range(people):
            member = make.member(registration, context_id, f"Person Number{number}")
            row = session.get_one(Membership, member)
            row.enrolled_at, row.launched_at, row.lms_read_at = start, None, NOW
            came, often = [], chance.choice((0.15, 0.3, 0.5))
            away = False
            for day in range(weeks * 7, -1, -1):
                # Whoever stops has often stopped for good; some come back.
                away = chance.random() < 0.97 if away else chance.random() < 0.02
                if not away and chance.random() < often:
                    came.append((NOW - timedelta(days=day)).date())
            session.add_all(ActiveDay(membership_id=member, day=day, proofs=1) for day in came)
            row.last_access_at = NOW - timedelta(days=(NOW.date() - max(came)).days) if came else None
            row.never_accessed = not came
        academy_id = session.scalars(select(Academy.id)).one()
    return academy_id, context_id


@pytest.mark.usefixtures("environment")
def test_an_academy_fits_its_own_history_looks_applies_and_takes_it_back(db: Database) -> None:
    _academy, context_id = lived(db, 70)
    looked = regista("calibrate")
    assert looked.exit_code == 0, looked.output
    assert "As shipped: mean gap" in looked.output
    assert "Fitted to this academy: mean gap" in looked.output
    assert "Nothing was changed" in looked.output
    before, after = (float(part.split()[0]) for part in looked.output.split("mean gap ")[1:])
    assert after <= before
    with db.reading() as session:
        assert calibration_of(session, context_id) is None

    applied = regista("calibrate", "--apply")
    assert applied.exit_code == 0, applied.output
    with db.reading() as session:
        calibration = calibration_of(session, context_id)
        assert calibration is not None
        assert 0.25 <= calibration.slope <= 4
        kept = calibration_from(session.scalars(select(Academy)).one().settings)
        assert kept is not None
        assert (kept.on, kept.rows > 500) == (NOW.date(), True)
        assert session.scalars(select(AuditEntry.what)).all() == ["calibration_applied"]

    undone = regista("calibrate", "--undo")
    assert "as shipped again" in undone.output
    with db.reading() as session:
        assert calibration_of(session, context_id) is None
        assert session.scalars(select(AuditEntry.what)).all() == ["calibration_applied", "calibration_undone"]
    assert "nothing to undo" in regista("calibrate", "--undo").output


@pytest.mark.usefixtures("environment")
def test_too_little_history_is_said_and_nothing_is_fitted(db: Database) -> None:
    lived(db, 4, weeks=6)
    refused = regista("calibrate", "--apply")
    assert refused.exit_code == 1
    assert "too little history" in refused.output
    with db.reading() as session:
        assert session.scalars(select(AuditEntry)).all() == []


@pytest.mark.usefixtures("environment")
def test_with_several_academies_one_must_be_named(db: Database) -> None:
    with db.writing() as session:
        make = Builder(session)
        make.academy("Dati")
        make.academy("Arti")
    asked = regista("calibrate")
    assert asked.exit_code == 2
    assert "1 Dati; 2 Arti" in asked.output
    assert regista("calibrate", "--academy", "2").exit_code == 1
    assert regista("calibrate", "--academy", "3").exit_code == 2
    assert regista("calibrate", "--apply", "--undo").exit_code == 2


@pytest.mark.parametrize(
    "told",
    [None, {}, {"intercept": "x"}, {"intercept": 0, "slope": -1, "on": "2026-11-20", "rows": 1, "events": 1}, [1],
     {"intercept": math.inf, "slope": 1, "on": "2026-11-20", "rows": 1, "events": 1}],
)  # fmt: skip
def test_a_calibration_that_cannot_be_read_is_none(told: object) -> None:
    assert calibration_from({"calibration": told}) is None
    assert calibration_from(None) is None


def test_the_plot_is_a_bar_with_a_mark() -> None:
    assert calibrate.bar_of(0.5, 1.0) == "#" * 15 + "|" + "#" * 14
    assert calibrate.bar_of(1.0, 0.0) == "." * 29 + "|"


# --- evaluate ------------------------------------------------------------------------------------------------------


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    """A tiny course in the layout of the recordings: three people over forty days."""
    folder = tmp_path / "recorded"
    folder.mkdir()
    course = ["AAA", "2026B"]
    tables: dict[str, list[list[object]]] = {
        "courses.csv": [["code_module", "code_presentation", "length_days"], [*course, 60]],
        "learners.csv.gz": [
            ["code_module", "code_presentation", "id_student", "date_registration"],
            *([*course, who, -10] for who in (1, 2, 3)),
        ],
        "assessments.csv": [
            ["code_module", "code_presentation", "id_assessment", "type", "due_day"],
            [*course, 11, "TMA", 20], [*course, 12, "CMA", 45],
        ],
        "submissions.csv.gz": [
            ["code_module", "code_presentation", "id_student", "id_assessment", "date_submitted", "is_banked", "score"],
            [*course, 1, 11, 18, 0, 77],
        ],
        "daily.csv.gz": [
            ["code_module", "code_presentation", "id_student", "day"],
            *([*course, 1, day] for day in range(0, 60, 2)), *([*course, 2, day] for day in range(10)),
        ],
    }  # fmt: skip
    for name, rows in tables.items():
        path = folder / name
        with gzip.open(path, "wt") if name.endswith(".gz") else path.open("w") as file:
            csv.writer(file).writerows(rows)
    return folder


def test_evaluate_writes_what_the_product_would_have_said(recorded: Path, tmp_path: Path) -> None:
    out = tmp_path / "said.csv"
    done = regista("evaluate", "--data", str(recorded), "--task", "stall", "--out", str(out))
    assert done.exit_code == 0, done.output
    rows = list(csv.DictReader(out.read_text().splitlines()))
    assert {int(row["t"]) for row in rows} == {14, 21, 28, 35, 42}
    assert {row["id_student"] for row in rows} == {"1", "2", "3"}
    said = {(row["id_student"], row["t"]): float(row["prob"]) for row in rows}
    assert said["1", "35"] < said["2", "35"]
    hidden = tmp_path / "hidden.csv.gz"
    less = regista("evaluate", "--data", str(recorded), "--task", "stall", "--out", str(hidden), "--hide", "days",
                   "--hide", "scores")  # fmt: skip
    assert less.exit_code == 0, less.output
    with gzip.open(hidden, "rt") as file:
        assert len(list(csv.DictReader(file))) == len(rows)


def test_a_folder_that_is_not_one_says_what_is_missing(recorded: Path, tmp_path: Path) -> None:
    (recorded / "daily.csv.gz").unlink()
    out = str(tmp_path / "said.csv")
    refused = regista("evaluate", "--data", str(recorded), "--task", "stall", "--out", out)
    assert refused.exit_code == 1
    assert "daily.csv.gz" in refused.output
    assert regista("evaluate", "--data", str(recorded), "--task", "luck", "--out", out).exit_code == 2


def test_the_command_offers_every_task_and_hides_what_can_be_hidden() -> None:
    assert set(evaluation.TASKS) == set(product.TASKS)
    assert set(evaluation.HIDEABLE) <= {str(one) for one in Knowledge}
