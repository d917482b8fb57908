"""``python -m training.report --data FOLDER --weights FILE --on 2013J --out DIR``: the model card's tables and plot."""

from __future__ import annotations

import argparse
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engagement.detector import Weights, assess, hide
from engagement.detector.calibration import reliability
from engagement.values import Knowledge
from training.data import LEAVING_DAYS, SILENT_DAYS, STEP, Past
from training.figures import Bools, Figures, Floats
from training.plot import plot

HEAD = "rows | happened | ROC-AUC | PR-AUC | precision at 5% | ECE"
FIRST_DAY, ACTIVE_DAYS = 14, 14
NOTHING: tuple[Knowledge, ...] = ()
PATTERNS: tuple[tuple[str, tuple[Knowledge, ...]], ...] = (
    ("everything", NOTHING),
    ("no scores", (Knowledge.SCORES,)),
    ("no due dates", (Knowledge.DUE_DATES,)),
    ("no submissions", (Knowledge.SUBMISSIONS,)),
    ("no submissions, no due dates", (Knowledge.SUBMISSIONS, Knowledge.DUE_DATES)),
    ("last access, submissions, due dates, scores", (Knowledge.DAYS,)),
    ("last access, submissions, due dates", (Knowledge.DAYS, Knowledge.SCORES)),
    ("last access and submissions only", (Knowledge.DAYS, Knowledge.SCORES, Knowledge.DUE_DATES)),
    ("last access only", (Knowledge.DAYS, Knowledge.SUBMISSIONS, Knowledge.DUE_DATES)),
    ("submissions and due dates only", (Knowledge.DAYS, Knowledge.ACCESS, Knowledge.SCORES)),
)


@dataclass(frozen=True, slots=True)
class Judged:
    """Predictions beside what happened, row by row."""

    course: Sequence[str]
    group: Floats
    day: Floats
    share: Floats
    since: Floats
    silent: Bools
    leaving: Bools
    may_leave: Bools
    chance: Floats
    chance_leaving: Floats

    def rows(self, task: str) -> tuple[Bools, Floats, Bools]:
        """What happened, the chance, and which rows the task asks about."""
        leaving = task.startswith("dropout")
        asked = self.may_leave if leaving else np.ones(len(self.day), bool)
        if task in ("stall_onset", "dropout_active"):
            asked = asked & (self.since < ACTIVE_DAYS)
        return (self.leaving, self.chance_leaving, asked) if leaving else (self.silent, self.chance, asked)

    def figures(self, task: str, among: Bools | None = None) -> Figures:
        """The figures of a task, among some of the rows."""
        happened, chance, asked = self.rows(task)
        asked = asked if among is None else asked & among
        week = (self.group * 1000 + self.day).astype(np.int64)
        return Figures.of(happened[asked], chance[asked], week[asked])


def judge(past: Past, weights: Weights, groups: Sequence[int], hidden: Collection[Knowledge] = ()) -> Judged:
    """Let the product's detector foretell each week of these presentations."""
    parts = []
    for group in groups:
        one = past.presentations[group]
        for day in range(FIRST_DAY, one.length - SILENT_DAYS + 1, STEP):
            columns = one.columns_at(day)
            pick = np.searchsorted(one.ids, columns.ids)
            rows = np.flatnonzero((columns.seen > -1000) & (past.left_on[group][pick] > day))
            silent, leaving = past.labels(group, day, pick)[:, rows]
            found = assess(hide(columns, hidden), weights)
            size = len(rows)
            numbers = [np.full(size, value) for value in (group, day, day / one.length)]
            parts.append(
                (*numbers, day - columns.seen[rows].astype(int), silent, leaving,
                 np.full(size, day + LEAVING_DAYS <= one.length), found.probability[rows], found.leaving[rows])
            )  # fmt: skip
    joined = [np.concatenate(column) for column in zip(*parts, strict=True)]
    names = [f"{one.module} {one.name}" for one in past.presentations]
    return Judged(names, *joined[:4], *(column.astype(bool) for column in joined[4:7]), *joined[7:])


def tables(past: Past, weights: Weights, groups: Sequence[int]) -> tuple[str, Judged]:
    """The tables in Markdown, and what they were made of."""
    judged = judge(past, weights, groups)
    lines = ["### The four questions", "", f"task | {HEAD}", "---|" + "---:|" * 6]
    lines += [
        f"{task} | {judged.figures(task).cells()}" for task in ("stall_onset", "stall", "dropout_active", "dropout")
    ]
    for task in ("stall_onset", "dropout_active"):
        lines += ["", f"### By course: {task}", "", f"course | {HEAD}", "---|" + "---:|" * 6]
        lines += [f"{judged.course[g]} | {judged.figures(task, judged.group == g).cells()}" for g in groups]
        lines += [
            "",
            f"### By progress through the course: {task}",
            "",
            f"share of the course | {HEAD}",
            "---|" + "---:|" * 6,
        ]
        for low in (0.0, 0.2, 0.4, 0.6, 0.8):
            among = (judged.share > low) & (judged.share <= low + 0.2)
            if (among & judged.rows(task)[2]).any():
                lines.append(f"{low:.0%} to {low + 0.2:.0%} | {judged.figures(task, among).cells()}")
    lines += [
        "",
        "### With columns hidden",
        "",
        f"what the LMS tells | task | {HEAD} | skill",
        "---|---|" + "---:|" * 7,
    ]
    for name, hidden in PATTERNS:
        less = judge(past, weights, groups, hidden) if hidden else judged
        for task in ("stall_onset", "stall"):
            figures = less.figures(task)
            lines.append(f"{name} | {task} | {figures.cells()} | {figures.skill:.3f}")
    return "\n".join(lines) + "\n", judged


def main() -> None:
    """Write figures.md and the calibration plots."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--on", help="only presentations of this name, such as 2013J")
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_args()
    past = Past.read(asked.data)
    weights = Weights.read(asked.weights.read_text(encoding="utf-8"))
    groups = [i for i, one in enumerate(past.presentations) if asked.on in (None, one.name)]
    text, judged = tables(past, weights, groups)
    where = f"Fitted on the weights of `{asked.weights.name}`, scored on {asked.on or 'every presentation'}."
    (asked.out / "figures.md").write_text(
        f"# Figures\n\n{where} Made by `training.report`.\n\n{text}", encoding="utf-8"
    )
    for task in ("stall_onset", "dropout_active"):
        happened, chance, rows = judged.rows(task)
        svg = plot(reliability(chance[rows], happened[rows]), task)
        (asked.out / f"calibration-{task}.svg").write_text(svg, encoding="utf-8")


if __name__ == "__main__":
    main()
