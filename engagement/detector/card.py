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
#: A feature's name and its bin for each learner, or a single one for all of them.
Bins = Mapping[str, NDArray[np.uint8]]
#: The two questions: silent for the next 14 days; leaving within 28 (or never back, and not passing).
HEADS = ("silent", "leaving")
#: No known feature lies below; what does is "nobody told us".
LOWEST = -1000
#: More bins or cells would not fit the small numbers that they are counted in.
MOST_BINS, MOST_CELLS = 2**8, 2**16


@dataclass(frozen=True, slots=True)
class Scale:
    """The bins of one feature: 0 is "nobody told us", then one below the first edge and one from each edge up."""

    edges: tuple[int, ...]
    by_value: NDArray[np.uint8]

    @classmethod
    def of(cls, edges: Sequence[int]) -> Scale:
        """The bins between these rising edges; raises ValueError for too many."""
        if len(edges) + 2 > MOST_BINS:
            raise ValueError(f"{len(edges) + 2} bins where {MOST_BINS} are the most")
        by_value = np.searchsorted(edges, np.arange(LOWEST - 1, edges[-1] + 1), side="right") + 1
        by_value[0] = 0
        return cls(tuple(edges), by_value.astype(np.uint8))

    @property
    def size(self) -> int:
        """How many bins there are."""
        return len(self.edges) + 2

    def bins(self, values: NDArray[np.int16]) -> NDArray[np.uint8]:
        """The bin of each value."""
        low, high = np.int16(LOWEST - 1), np.int16(self.edges[-1])
        found: NDArray[np.uint8] = self.by_value.take(np.minimum(values, high) - low, mode="clip")
        return found


@dataclass(frozen=True, slots=True)
class Table:
    """Log-odds over the bins of one to three features, flattened in their order."""

    features: tuple[str, ...]
    sizes: tuple[int, ...]
    weights: Floats

    @classmethod
    def read(cls, saved: Mapping[str, Any], scales: Mapping[str, Scale]) -> Table:
        """Spread a saved table, which names only the edges at which it changes, over all bins of its features.

        Raises ValueError for too many cells.
        """
        features = tuple(saved["of"])
        weights = np.array(saved["weights"], float).reshape([len(edges) + 2 for edges in saved["edges"]])
        places = []
        for feature, edges in zip(features, saved["edges"], strict=True):
            scale = scales[feature].edges
            starts = (scale[0] - 1, *scale)
            places.append(np.concatenate([[0], np.searchsorted(edges, starts, side="right") + 1]).astype(np.intp))
        spread = weights[np.ix_(*places)]
        if spread.size > MOST_CELLS:
            raise ValueError(f"{' by '.join(features)}: {spread.size} cells where {MOST_CELLS} are the most")
        return cls(features, spread.shape, np.ascontiguousarray(spread).ravel())

    def cells(self, bins: Bins) -> NDArray[np.unsignedinteger[Any]]:
        """The cell of each learner, or a single one for all of them."""
        place: NDArray[np.unsignedinteger[Any]] = bins[self.features[0]]
        for feature, size in zip(self.features[1:], self.sizes[1:], strict=True):
            place = place * np.uint16(size) + bins[feature]
        return place


@dataclass(frozen=True, slots=True)
class Head:
    """One question that a card answers: a baseline in log-odds and the tables that add to it."""

    baseline: float
    tables: tuple[Table, ...]

    def logits(self, bins: Bins, learners: int) -> Floats:
        """The sum for each learner, always in the same order, so that equal facts give equal bits."""
        total = np.full(learners, self.baseline)
        _add(total, self.tables, bins)
        return total


@dataclass(frozen=True, slots=True)
class Pair:
    """Both heads of a card at once: where both begin with the same tables, a cell is looked up once for two weights.

    ``common`` are these tables with both weights of each cell, silence real and leaving imaginary: complex numbers add
    up each part by itself.
    """

    baseline: complex
    common: tuple[tuple[Table, NDArray[np.complex128]], ...]
    rest: tuple[tuple[Table, ...], ...]

    @classmethod
    def of(cls, silent: Head, leaving: Head) -> Pair:
        """Pair them as far as their tables go together."""
        common = []
        for one, other in zip(silent.tables, leaving.tables, strict=False):
            if one.features != other.features:
                break
            common.append((one, one.weights + 1j * other.weights))
        rest = tuple(head.tables[len(common) :] for head in (silent, leaving))
        return cls(complex(silent.baseline, leaving.baseline), tuple(common), rest)

    def logits(self, bins: Bins, learners: int) -> tuple[Floats, ...]:
        """What each head says by itself, bit for bit."""
        both = np.full(learners, self.baseline)
        for table, weights in self.common:
            both += weights.take(table.cells(bins))
        found = both.real.copy(), both.imag.copy()
        for total, tables in zip(found, self.rest, strict=True):
            _add(total, tables, bins)
        return found


def _add(total: Floats, tables: Sequence[Table], bins: Bins) -> None:
    for table in tables:
        total += table.weights.take(table.cells(bins))


@dataclass(frozen=True, slots=True)
class Weights:
    """The shipped file: how features are cut, and a card with two heads for each degree of knowledge."""

    scales: Mapping[str, Scale]
    cards: Mapping[str, Mapping[str, Head]]
    pairs: Mapping[str, Pair]

    @classmethod
    def read(cls, text: str) -> Weights:
        """Read the file's text; a card that names an unknown feature is refused with a KeyError."""
        saved = json.loads(text)
        scales = {feature: Scale.of(edges) for feature, edges in saved["scales"].items()}
        cards = {
            card: {name: _head(head, scales) for name, head in heads.items()} for card, heads in saved["cards"].items()
        }
        whole = {card: heads for card, heads in cards.items() if set(heads) == set(HEADS)}
        return cls(scales, cards, {card: Pair.of(*(heads[name] for name in HEADS)) for card, heads in whole.items()})

    def bins(self, values: Mapping[str, NDArray[np.int16]]) -> Bins:
        """Every feature's bins; where all learners are alike, as in what the course does, only one bin."""
        return {feature: scale.bins(_once(values[feature])) for feature, scale in self.scales.items()}


def among(bins: Bins, rows: NDArray[np.intp]) -> Bins:
    """The bins of some of the learners."""
    return {feature: column if len(column) == 1 else column[rows] for feature, column in bins.items()}


def _once(values: NDArray[np.int16]) -> NDArray[np.int16]:
    return values[:1] if (values == values[:1]).all() else values


def _head(saved: Mapping[str, Any], scales: Mapping[str, Scale]) -> Head:
    tables: Sequence[Mapping[str, Any]] = saved["tables"]
    return Head(float(saved["baseline"]), tuple(Table.read(table, scales) for table in tables))


@cache
def shipped() -> Weights:
    """The weights that come with the product."""
    return Weights.read(files("engagement.detector").joinpath("weights.json").read_text(encoding="utf-8"))
