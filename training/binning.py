"""Rows as bins, and tables over bins: the common ground of both ways of fitting."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from engagement.detector.card import Scale
from training.data import Table
from training.scales import COARSE, FINE

Floats = NDArray[np.float64]
Key = tuple[str, ...]


@dataclass(slots=True)
class Binned:
    """A table's features in fine bins, made once."""

    table: Table
    fine: dict[str, NDArray[np.uint8]] = field(default_factory=dict)

    def bins(self, feature: str) -> NDArray[np.uint8]:
        """The fine bin of every row."""
        if feature not in self.fine:
            self.fine[feature] = Scale.of(FINE[feature]).bins(self.table.of(feature)).astype(np.uint8)
        return self.fine[feature]


def size(feature: str) -> int:
    """How many fine bins a feature has, with the one for "nobody told us"."""
    return len(FINE[feature]) + 2


def to_coarse(feature: str) -> NDArray[np.intp]:
    """The coarse bin of each fine bin."""
    edges = COARSE[feature]
    if not set(edges) <= set(FINE[feature]):
        raise ValueError(f"{feature}: coarse edges must be fine ones: {sorted(set(edges) - set(FINE[feature]))}")
    starts = np.array((FINE[feature][0] - 1, *FINE[feature]))
    return np.concatenate([[0], np.searchsorted(edges, starts, side="right") + 1]).astype(np.intp)


def shape(key: Key) -> tuple[int, ...]:
    """The fine shape of a table."""
    return tuple(size(feature) for feature in key)
