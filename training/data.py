"""Recorded learners as rows: the product's own features at every seventh day, and what happened next."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engagement.detector.columns import Columns
from engagement.detector.course import Course
from engagement.detector.features import FEATURES, features
from engagement.detector.hiding import hide
from engagement.detector.history import FIRST_DAY, Presentation, Rows, presentations
from engagement.values import Knowledge

SILENT_DAYS, LEAVING_DAYS, STEP = 14, 28, 7


def reader(folder: Path) -> Rows:
    """A reader of the folder's tables, column by column name."""

    def rows(table: str, columns: Sequence[str]) -> Iterator[Sequence[str]]:
        path = folder / table
        with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as file:
            lines = csv.reader(file)
            header = next(lines)
            places = [header.index(column) for column in columns]
            for line in lines:
                yield [line[place] for place in places]

    return rows


@dataclass(frozen=True, slots=True)
class Table:
    """Rows to learn from: ``values`` is (features, rows), ``group`` the presentation's number; days are its own."""

    values: NDArray[np.int16]
    group: NDArray[np.int16]
    day: NDArray[np.int16]
    length: NDArray[np.int16]
    silent: NDArray[np.bool_]
    leaving: NDArray[np.bool_]

    def of(self, feature: str) -> NDArray[np.int16]:
        """One feature's values."""
        return self.values[FEATURES.index(feature)]

    def take(self, rows: NDArray[np.bool_]) -> Table:
        """Only these rows."""
        return Table(
            self.values[:, rows],
            self.group[rows],
            self.day[rows],
            self.length[rows],
            self.silent[rows],
            self.leaving[rows],
        )

    def usable(self, head: str) -> NDArray[np.bool_]:
        """Rows whose question ``head`` was answered before the course ended."""
        return self.day + (SILENT_DAYS if head == "silent" else LEAVING_DAYS) <= self.length


@dataclass(frozen=True, slots=True)
class Past:
    """The presentations and how each learner's ended: labels only, never a feature."""

    presentations: list[Presentation]
    left_on: list[NDArray[np.int64]]
    ended_badly: list[NDArray[np.bool_]]

    @classmethod
    def read(cls, folder: Path) -> Past:
        """Read a folder in the compact OULAD layout."""
        found = presentations(reader(folder))
        ends: dict[tuple[str, str, int], tuple[int, bool]] = {}
        for module, name, learner, left, result in reader(folder)(
            "learners.csv.gz", ("code_module", "code_presentation", "id_student", "date_unregistration", "final_result")
        ):
            ends[module, name, int(learner)] = (int(float(left)) if left else 9999, result in ("Withdrawn", "Fail"))
        each = [[ends[p.module, p.name, int(i)] for i in p.ids] for p in found]
        return cls(
            found, [np.array([e[0] for e in rows]) for rows in each], [np.array([e[1] for e in rows]) for rows in each]
        )

    def table(self, patterns: Sequence[tuple[Collection[Knowledge], int]] = (((), 0),), per_day: int = 1) -> Table:
        """All rows, day by day; the hidden ``patterns`` take turns, ``per_day`` of them a day."""
        parts: list[tuple[NDArray[np.int16], ...]] = []
        turn = 0
        for group, past in enumerate(self.presentations):
            for day in range(0, past.length - SILENT_DAYS + 1, STEP):
                columns = past.columns_at(day)
                pick = np.searchsorted(past.ids, columns.ids)
                here = self.left_on[group][pick] > day
                labels = self.labels(group, day, pick)
                for _ in range(per_day):
                    hidden, days = patterns[turn % len(patterns)]
                    turn += 1
                    parts.append(_rows(hide(columns, hidden, days), group, past.length, here, labels))
        joined = [np.concatenate([part[i] for part in parts], axis=-1) for i in range(6)]
        return Table(joined[0], joined[1], joined[2], joined[3], joined[4].astype(bool), joined[5].astype(bool))

    def labels(self, group: int, day: int, pick: NDArray[np.intp]) -> NDArray[np.int16]:
        """Whether these learners were silent for a fortnight after ``day``, and whether they left."""
        past = self.presentations[group]
        start = day - FIRST_DAY + 1
        silent = ~past.active[start : start + SILENT_DAYS][:, pick].any(0)
        back = past.active[start:][:, pick].any(0)
        left = self.left_on[group][pick]
        leaving = ((left > day) & (left <= day + LEAVING_DAYS)) | (~back & self.ended_badly[group][pick])
        return np.stack([silent, leaving]).astype(np.int16)


def _rows(
    columns: Columns, group: int, length: int, here: NDArray[np.bool_], labels: NDArray[np.int16]
) -> tuple[NDArray[np.int16], ...]:
    found = features(columns, Course.of(columns))
    values = np.stack([found[name] for name in FEATURES])[:, here]
    n = values.shape[1]
    numbers = (np.full(n, number, np.int16) for number in (group, columns.day, length))
    return (values, *numbers, *labels[:, here])
