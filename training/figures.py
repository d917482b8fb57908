"""How good predictions are: ranking, precision within a weekly budget, calibration. numpy only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engagement.detector.calibration import ece, reliability

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Figures:
    """One row of a table: how many rows, how often it happened, and how well it was foretold."""

    rows: int
    base: float
    auc: float
    pr_auc: float
    precision: float
    ece: float
    skill: float

    @classmethod
    def of(cls, happened: Bools, chance: Floats, week: NDArray[np.int64]) -> Figures:
        """Measure; ``week`` numbers the course and week that a row belongs to, for the budget."""
        mean = float(happened.mean()) if len(happened) else float("nan")
        clipped = np.clip(chance, 1e-9, 1 - 1e-9)
        loss = -np.where(happened, np.log(clipped), np.log(1 - clipped)).mean()
        known = -(mean * np.log(mean) + (1 - mean) * np.log(1 - mean)) if 0 < mean < 1 else float("nan")
        return cls(
            len(happened),
            mean,
            auc(happened, chance),
            average_precision(happened, chance),
            precision_in_budget(happened, chance, week),
            ece(reliability(chance, happened)),
            float(1 - loss / known),
        )

    def cells(self) -> str:
        """As cells of a Markdown table."""
        shares = (self.base, self.auc, self.pr_auc, self.precision, self.ece)
        return " | ".join([f"{self.rows:,}", *(f"{share:.3f}" for share in shares)])


def auc(happened: Bools, score: Floats) -> float:
    """The chance that somebody it happens to ranks above somebody it does not (ties count half)."""
    values, place, counts = np.unique(score, return_inverse=True, return_counts=True)
    rank = (np.cumsum(counts) - (counts - 1) / 2)[place]
    yes = int(happened.sum())
    no = len(happened) - yes
    if not yes or not no or not len(values):
        return float("nan")
    return float((rank[happened].sum() - yes * (yes + 1) / 2) / (yes * no))


def average_precision(happened: Bools, score: Floats) -> float:
    """Area under precision and recall, step by step over distinct scores."""
    order = np.argsort(-score, kind="stable")
    hits = np.cumsum(happened[order])
    last = np.append(np.flatnonzero(np.diff(score[order])), len(score) - 1)
    gained = np.diff(np.append(0, hits[last]))
    return float((gained * hits[last] / (last + 1)).sum() / hits[-1]) if hits[-1] else float("nan")


def precision_in_budget(happened: Bools, score: Floats, week: NDArray[np.int64], budget: float = 0.05) -> float:
    """The share of true alerts when in each course and week the riskiest ``budget`` of the learners are listed."""
    tie = np.random.default_rng(7).random(len(score))
    order = np.lexsort((tie, -score, week))
    _, starts, counts = np.unique(week[order], return_index=True, return_counts=True)
    listed = [order[s : s + max(1, round(n * budget))] for s, n in zip(starts, counts, strict=True)]
    return float(happened[np.concatenate(listed)].mean())
