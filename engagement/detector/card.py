"""The points cards: additive tables of log-odds, read from a small file and looked up, nothing more."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
#: The two questions: silent for the next 14 days; leaving within 28 (or never back, and not passing).
HEADS = ("silent", "leaving")
#: No known feature lies below; what does is "nobody told us".
LOWEST = -1000


@dataclass(frozen=True, slots=True)
class Scale:
    """The bins of one feature: 0 is "nobody told us", then one below the first edge and one from each edge up."""

    edges: tuple[int, ...]
    by_value: NDArray[np.intp]

    @classmethod
    def of(cls, edges: Sequence[int]) -> Scale:
        """The bins between these rising edges."""
        by_value = np.searchsorted(edges, np.arange(LOWEST - 1, edges[-1] + 1), side="right") + 1
        by_value[0] = 0
        return cls(tuple(edges), by_value.astype(np.intp))

    @property
    def size(self) -> int:
        """How many bins there are."""
        return len(self.edges) + 2

    def bins(self, values: NDArray[np.int16]) -> NDArray[np.intp]:
        """The bin of each value."""
        low, high = np.int16(LOWEST - 1), np.int16(self.edges[-1])
        found: NDArray[np.intp] = self.by_value.take(np.minimum(np.maximum(values, low), high) - low)
        return found


@dataclass(frozen=True, slots=True)
class Table:
    """Log-odds over the bins of one to three features, flattened in their order."""

    features: tuple[str, ...]
    sizes: tuple[int, ...]
    weights: Floats

    @classmethod
    def read(cls, saved: Mapping[str, Any], scales: Mapping[str, Scale]) -> Table:
        """Spread a saved table, which names only the edges at which it changes, over all bins of its features."""
        features = tuple(saved["of"])
        weights = np.array(saved["weights"], float).reshape([len(edges) + 2 for edges in saved["edges"]])
        places = []
        for feature, edges in zip(features, saved["edges"], strict=True):
            scale = scales[feature].edges
            starts = (scale[0] - 1, *scale)
            places.append(np.concatenate([[0], np.searchsorted(edges, starts, side="right") + 1]).astype(np.intp))
        spread = weights[np.ix_(*places)]
        return cls(features, spread.shape, np.ascontiguousarray(spread).ravel())

    def cells(self, bins: Mapping[str, NDArray[np.intp]]) -> NDArray[np.intp]:
        """The cell of each learner."""
        place = bins[self.features[0]]
        for feature, size in zip(self.features[1:], self.sizes[1:], strict=True):
            place = place * size + bins[feature]
        return place


@dataclass(frozen=True, slots=True)
class Head:
    """One question that a card answers: a baseline in log-odds and the tables that add to it."""

    baseline: float
    tables: tuple[Table, ...]

    def logits(self, bins: Mapping[str, NDArray[np.intp]], learners: int) -> Floats:
        """The sum for each learner, always in the same order, so that equal facts give equal bits."""
        total = np.full(learners, self.baseline)
        for table in self.tables:
            total += table.weights.take(table.cells(bins))
        return total


@dataclass(frozen=True, slots=True)
class Weights:
    """The shipped file: how features are cut, and a card with two heads for each degree of knowledge."""

    scales: Mapping[str, Scale]
    cards: Mapping[str, Mapping[str, Head]]

    @classmethod
    def read(cls, text: str) -> Weights:
        """Read the file's text; a card that names an unknown feature is refused with a KeyError."""
        saved = json.loads(text)
        scales = {feature: Scale.of(edges) for feature, edges in saved["scales"].items()}
        return cls(
            scales,
            {
                card: {name: _head(head, scales) for name, head in heads.items()}
                for card, heads in saved["cards"].items()
            },
        )

    def bins(self, values: Mapping[str, NDArray[np.int16]]) -> dict[str, NDArray[np.intp]]:
        """Every feature's bins."""
        return {feature: scale.bins(values[feature]) for feature, scale in self.scales.items()}


def _head(saved: Mapping[str, Any], scales: Mapping[str, Scale]) -> Head:
    tables: Sequence[Mapping[str, Any]] = saved["tables"]
    return Head(float(saved["baseline"]), tuple(Table.read(table, scales) for table in tables))


@cache
def shipped() -> Weights:
    """The weights that come with the product."""
    return Weights.read(files("engagement.detector").joinpath("weights.json").read_text(encoding="utf-8"))
