"""The detector on recorded courses: what the product would have said, for a folder in the compact OULAD layout.

The folder's tables and the file of predictions are described in ``docs/model-card.md``.
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from engagement.detector import Weights, assess, hide
from engagement.detector.history import Presentation, Rows, presentations
from engagement.values import Knowledge

WEEKLY = {"stall": 14, "stall_onset": 14, "dropout": 28, "dropout_active": 28}
FINAL = {f"final{share}{who}": share for share in (20, 40, 60) for who in ("", "_all")}
TASKS = (*WEEKLY, *FINAL)
FIRST_DAY, STEP = 14, 7

Progress = Callable[[str, int, int], None]


class BadFolder(ValueError):
    """The folder is not what was described: says which table or column is missing."""


@dataclass(frozen=True, slots=True)
class Evaluated:
    """What was written: how many courses and predictions, and to which file."""

    task: str
    presentations: int
    predictions: int
    out_file: Path


def evaluate(
    data_dir: Path | str,
    task: str,
    out_file: Path | str,
    weights: Weights | None = None,
    hidden: Collection[Knowledge] = (),
    progress: Progress | None = None,
) -> Evaluated:
    """Write code_module, code_presentation, id_student, t, score and prob for ``task``, from facts dated up to t only.

    ``score`` is in log-odds; ``prob`` is left out for the final* tasks, which ask another question than the detector
    answers. ``progress`` is told the course, its number and how many there are. Raises BadFolder and ValueError.
    """
    if task not in TASKS:
        raise ValueError(f"no such task: {task!r}; there are {', '.join(TASKS)}")
    folder, path = Path(data_dir), Path(out_file)
    found = presentations(rows_of(folder))
    count = 0
    with gzip.open(path, "wt", encoding="utf-8") if path.suffix == ".gz" else path.open("w", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(
            ["code_module", "code_presentation", "id_student", "t", "score", *(["prob"] * (task in WEEKLY))]
        )
        for number, one in enumerate(found, 1):
            for row in _predictions(one, task, weights, hidden):
                writer.writerow(row)
                count += 1
            if progress is not None:
                progress(f"{one.module} {one.name}", number, len(found))
    return Evaluated(task, len(found), count, path)


def _predictions(
    one: Presentation, task: str, weights: Weights | None, hidden: Collection[Knowledge]
) -> Iterator[tuple[object, ...]]:
    for day in _days(one.length, task):
        columns = hide(one.columns_at(day, everyone=task.endswith("_all")), hidden)
        found = assess(columns, weights)
        silent = task.startswith("stall")
        scores = (found.logit if silent else found.leaving_logit).tolist()
        chances = (found.probability if silent else found.leaving).tolist()
        for learner, score, chance in zip(columns.ids.tolist(), scores, chances, strict=True):
            row = (one.module, one.name, learner, day, round(score, 4))
            yield (*row, round(chance, 6)) if task in WEEKLY else row


def _days(length: int, task: str) -> Sequence[int]:
    if task in FINAL:
        return [round(FINAL[task] / 100 * length)]
    return range(FIRST_DAY, length - WEEKLY[task] + 1, STEP)


def rows_of(folder: Path) -> Rows:
    """A reader of the folder's tables, column by column name; raises BadFolder."""

    def rows(table: str, columns: Sequence[str]) -> Iterator[Sequence[str]]:
        path = folder / table
        if not path.is_file():
            raise BadFolder(f"{table} is missing in {folder}")
        with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as file:
            lines = csv.reader(file)
            header = next(lines, [])
            missing = [column for column in columns if column not in header]
            if missing:
                raise BadFolder(f"{table} has no column {', '.join(missing)}")
            places = [header.index(column) for column in columns]
            for line in lines:
                yield [line[place] for place in places]

    return rows
