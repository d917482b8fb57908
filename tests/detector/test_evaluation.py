"""Predictions for a folder of recorded courses: the right rows, from facts of the day only."""

from __future__ import annotations

import csv
import gzip

import pytest

from engagement.values import Knowledge
from lti_app.evaluation import TASKS, BadFolder, evaluate

ADA, BRUNO, CLARA = "11", "12", "13"
TABLES = {
    "courses.csv": [["code_module", "code_presentation", "length_days"], ["XXX", "2030B", "70"]],
    "assessments.csv": [
        ["code_module", "code_presentation", "id_assessment", "type", "due_day", "weight"],
        ["XXX", "2030B", "1", "TMA", "20", "50"],
        ["XXX", "2030B", "2", "CMA", "40", "50"],
        ["XXX", "2030B", "3", "Exam", "", "100"],
    ],
    "learners.csv.gz": [
        ["code_module", "code_presentation", "id_student", "date_registration", "date_unregistration"],
        ["XXX", "2030B", ADA, "-10", ""],
        ["XXX", "2030B", BRUNO, "-20", "30"],
        ["XXX", "2030B", CLARA, "33", ""],
    ],
    "submissions.csv.gz": [
        ["code_module", "code_presentation", "id_student", "id_assessment", "date_submitted", "is_banked", "score"],
        ["XXX", "2030B", ADA, "1", "18", "0", "80"],
        ["XXX", "2030B", BRUNO, "1", "-1", "1", "60"],
        ["XXX", "2030B", ADA, "1", "18", "0", "80"],
    ],
    "daily.csv.gz": [
        ["code_module", "code_presentation", "id_student", "day"],
        *(["XXX", "2030B", ADA, str(day)] for day in range(-3, 70, 2)),
        *(["XXX", "2030B", BRUNO, str(day)] for day in (0, 1, 1, 9)),
        ["XXX", "2030B", CLARA, "35"],
    ],
}


def write(folder, tables):
    for name, rows in tables.items():
        path = folder / name
        with gzip.open(path, "wt") if name.endswith(".gz") else path.open("w") as file:
            csv.writer(file).writerows(rows)
    return folder


@pytest.fixture
def folder(tmp_path):
    return write(tmp_path, TABLES)


def read(path):
    with path.open() as file:
        return list(csv.DictReader(file))


def test_each_registered_learner_has_a_row_each_week(folder, tmp_path):
    told = []
    done = evaluate(folder, "stall_onset", tmp_path / "out.csv", progress=lambda *step: told.append(step))
    rows = read(tmp_path / "out.csv")
    assert done.predictions == len(rows)
    assert {row["t"] for row in rows} == {str(day) for day in range(14, 57, 7)}
    assert [row["t"] for row in rows if row["id_student"] == CLARA] == ["35", "42", "49", "56"]
    assert all(0 <= float(row["prob"]) <= 1 for row in rows)
    assert told == [("XXX 2030B", 1, 1)]


def test_bruno_who_is_gone_is_at_more_risk_than_ada(folder, tmp_path):
    evaluate(folder, "stall", tmp_path / "out.csv")
    chance = {(row["id_student"], row["t"]): float(row["prob"]) for row in read(tmp_path / "out.csv")}
    assert chance[BRUNO, "28"] > 3 * chance[ADA, "28"]


def test_what_comes_later_changes_no_prediction(folder, tmp_path):
    evaluate(folder, "dropout", tmp_path / "before.csv")
    later = {**TABLES, "daily.csv.gz": [*TABLES["daily.csv.gz"], ["XXX", "2030B", BRUNO, "36"]]}
    later["submissions.csv.gz"] = [*TABLES["submissions.csv.gz"], ["XXX", "2030B", BRUNO, "2", "36", "0", "90"]]
    evaluate(write(folder, later), "dropout", tmp_path / "after.csv")
    before, after = read(tmp_path / "before.csv"), read(tmp_path / "after.csv")
    assert [row for row in before if int(row["t"]) < 36] == [row for row in after if int(row["t"]) < 36]
    assert before != after


@pytest.mark.parametrize("task", TASKS)
def test_every_task_can_be_predicted(folder, tmp_path, task):
    done = evaluate(folder, task, tmp_path / "out.csv.gz")
    assert done.predictions > 0


def test_all_enrolments_are_asked_about_where_the_task_says_so(folder, tmp_path):
    evaluate(folder, "final20_all", tmp_path / "out.csv")
    assert {row["id_student"] for row in read(tmp_path / "out.csv")} == {ADA, BRUNO, CLARA}


def test_columns_can_be_hidden(folder, tmp_path):
    evaluate(folder, "stall", tmp_path / "all.csv")
    evaluate(folder, "stall", tmp_path / "less.csv", hidden={Knowledge.DAYS, Knowledge.SCORES})
    assert read(tmp_path / "all.csv") != read(tmp_path / "less.csv")


def test_a_folder_without_a_table_or_a_column_is_refused(folder, tmp_path):
    (folder / "courses.csv").write_text("code_module,code_presentation\n")
    with pytest.raises(BadFolder, match="length_days"):
        evaluate(folder, "stall", tmp_path / "out.csv")
    (folder / "daily.csv.gz").unlink()
    (folder / "courses.csv").unlink()
    with pytest.raises(BadFolder, match=r"courses\.csv is missing"):
        evaluate(folder, "stall", tmp_path / "out.csv")


def test_an_unknown_task_is_refused(folder, tmp_path):
    with pytest.raises(ValueError, match="no such task"):
        evaluate(folder, "horoscope", tmp_path / "out.csv")
