"""An academy's own history bends the chances: an intercept and a slope on the log-odds, fitted, shown and undone.

Logistic recalibration (Cox 1958; Steyerberg 2019, chapter 15). A calibration is a value: undoing it is using
``Calibration()`` again.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

#: Evidence asked for before an academy's history overrules the shipped weights.
MIN_ROWS, MIN_EVENTS = 500, 50
#: Slopes outside are taken for a fault in the history, not for a finding.
SLOPES = (0.25, 4.0)
BINS = 10


@dataclass(frozen=True, slots=True)
class Calibration:
    """chance = 1 / (1 + exp(-(intercept + slope * logit))); as made, it changes nothing. The slope is above 0."""

    intercept: float = 0.0
    slope: float = 1.0

    def probability(self, logits: ArrayLike) -> Floats:
        """The chances, 0 to 1; order is kept."""
        scaled = self.intercept + self.slope * np.asarray(logits, float)
        return np.asarray(1 / (1 + np.exp(-np.clip(scaled, -700, 700))))


@dataclass(frozen=True, slots=True)
class Bin:
    """Rows whose chance lies in one tenth: how many, the mean chance, and the share that it happened to."""

    low: float
    high: float
    rows: int
    expected: float
    happened: float


@dataclass(frozen=True, slots=True)
class Recalibration:
    """A fit with its evidence; ``calibration`` is None, and ``refused`` says why, where there is too little."""

    calibration: Calibration | None
    before: tuple[Bin, ...]
    after: tuple[Bin, ...]
    ece_before: float
    ece_after: float
    rows: int
    events: int
    refused: str | None = None


def recalibrate(logits: ArrayLike, outcomes: ArrayLike) -> Recalibration:
    """Fit intercept and slope by maximum likelihood; ``refused`` is one of too_few_rows, too_few_events, no_slope.

    Raises ValueError for unequal lengths, log-odds that are not finite and outcomes other than 0 and 1.
    """
    x, y = _checked(logits, outcomes)
    before = reliability(Calibration().probability(x), y)
    events = int(y.sum())
    refused = None
    if len(x) < MIN_ROWS:
        refused = "too_few_rows"
    elif min(events, len(x) - events) < MIN_EVENTS:
        refused = "too_few_events"
    fitted = None if refused else fitted_line(x, y)
    if fitted is not None and not SLOPES[0] <= fitted.slope <= SLOPES[1]:
        fitted, refused = None, "no_slope"
    after = reliability((fitted or Calibration()).probability(x), y)
    return Recalibration(fitted, before, after, ece(before), ece(after), len(x), events, refused)


def reliability(chances: ArrayLike, outcomes: ArrayLike) -> tuple[Bin, ...]:
    """Expected against happened, tenth by tenth; empty tenths are left out."""
    p, y = np.asarray(chances, float), np.asarray(outcomes, float)
    tenth = np.minimum((p * BINS).astype(int), BINS - 1)
    return tuple(
        Bin(k / BINS, (k + 1) / BINS, int(here.sum()), float(p[here].mean()), float(y[here].mean()))
        for k in range(BINS)
        if (here := tenth == k).any()
    )


def ece(bins: tuple[Bin, ...]) -> float:
    """Expected calibration error: the mean gap between expected and happened, 0 to 1; 0 without rows."""
    rows = sum(bin.rows for bin in bins)
    return sum(bin.rows * abs(bin.expected - bin.happened) for bin in bins) / rows if rows else 0.0


def fitted_line(logits: ArrayLike, outcomes: ArrayLike) -> Calibration:
    """Intercept and slope by Newton's method with halved steps, whatever the evidence.

    A very light pull towards (0, 1) keeps a separable history finite.
    """
    x, y = np.asarray(logits, float), np.asarray(outcomes, float)
    design = np.stack([np.ones_like(x), x], 1)
    pull, start = np.array([1e-3, 1e-3]), np.array([0.0, 1.0])
    at = start.copy()

    def cost(b: Floats) -> float:
        z = design @ b
        return float((np.logaddexp(0, z) - y * z).sum() + (pull * (b - start) ** 2).sum() / 2)

    for _ in range(100):
        p = 1 / (1 + np.exp(-np.clip(design @ at, -700, 700)))
        slope = design.T @ (p - y) + pull * (at - start)
        curve = design.T @ (design * (p * (1 - p))[:, None]) + np.diag(pull)
        step = np.linalg.solve(curve, slope)
        size = 1.0
        while size > 1e-6 and cost(at - size * step) > cost(at):
            size /= 2
        at = at - size * step
        if np.abs(size * step).max() < 1e-9:
            break
    return Calibration(float(at[0]), float(at[1]))


def _checked(logits: ArrayLike, outcomes: ArrayLike) -> tuple[Floats, Floats]:
    x, y = np.asarray(logits, float).ravel(), np.asarray(outcomes, float).ravel()
    if len(x) != len(y):
        raise ValueError(f"{len(x)} log-odds but {len(y)} outcomes")
    if not np.isfinite(x).all():
        raise ValueError("log-odds must be finite")
    if not np.isin(y, (0.0, 1.0)).all():
        raise ValueError("outcomes must be 0 or 1")
    return x, y
