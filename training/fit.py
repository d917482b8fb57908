"""``python -m training.fit --data FOLDER --out FILE``: the weights, from the recorded learners, bit for bit."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engagement.detector.calibration import fitted_line
from engagement.detector.card import HEADS
from engagement.detector.features import FEATURES
from training import boosted, smooth
from training.binning import Binned, Floats, Key
from training.cards import ACCESS_FEATURES, ACCESS_HIDDEN, ACCESS_TOGETHER, PARTIAL_HIDDEN, PARTIAL_TOGETHER, TOGETHER
from training.data import Past, Table
from training.scales import FINE

SEEDS = (1, 2)
#: Pairs that the boosted half may use: those of most gain when all were allowed.
PAIRS = 80
#: Presentations are left out by turns in as many folds, to see how sure of itself a card may be.
FOLDS = 3
#: Learners seen within as many days are "present"; the question is most useful of them, and the evidence differs.
PRESENT_DAYS = 14
Fitted = tuple[float, dict[Key, Floats]]
Parts = Sequence[tuple[float, Mapping[Key, Floats]]]


def full_card(binned: Binned, rows: NDArray[np.bool_], head: str) -> Fitted:
    """A card for full data: half smooth tables, half boosted ones, added up and levelled."""
    pairs = _pairs(binned, rows, head)
    return _levelled(
        binned,
        rows,
        outcomes(binned.table, head),
        _halves(binned, rows, head, pairs, SEEDS),
        lambda some: _halves(binned, some, head, pairs, SEEDS[:1]),
    )


def plain_card(binned: Binned, rows: NDArray[np.bool_], head: str) -> Fitted:
    """The same with one seed and not levelled: for cross-validation."""
    return _halves(binned, rows, head, _pairs(binned, rows, head), SEEDS[:1])


def _pairs(binned: Binned, rows: NDArray[np.bool_], head: str) -> Sequence[Key]:
    _, gains = boosted.fit(binned, rows, outcomes(binned.table, head), FEATURES, seed=0)
    return sorted(gains, key=lambda key: -gains[key])[:PAIRS]


def _halves(binned: Binned, rows: NDArray[np.bool_], head: str, pairs: Sequence[Key], seeds: Sequence[int]) -> Fitted:
    outcome = outcomes(binned.table, head)
    parts: list[tuple[float, Mapping[Key, Floats]]] = [
        (0.5, smooth.fit(binned, rows, outcome, [*((f,) for f in FEATURES), *TOGETHER[head]]))
    ]
    for seed in seeds:
        parts.append((0.5 / len(seeds), boosted.fit(binned, rows, outcome, FEATURES, seed, pairs)[0]))
    return _added(binned, rows, outcome, parts)


def smaller_card(
    binned: Binned, rows: NDArray[np.bool_], head: str, features: Sequence[str], keys: Sequence[Key]
) -> Fitted:
    """A card for less than full data: smooth tables only."""
    outcome = outcomes(binned.table, head)

    def fit(some: NDArray[np.bool_]) -> Fitted:
        tables = smooth.fit(binned, some, outcome, [*((f,) for f in features), *keys])
        return _added(binned, some, outcome, [(1.0, tables)])

    return _levelled(binned, rows, outcome, fit(rows), fit)


def outcomes(table: Table, head: str) -> NDArray[np.bool_]:
    """What happened."""
    return table.silent if head == "silent" else table.leaving


def _levelled(
    binned: Binned,
    rows: NDArray[np.bool_],
    outcome: NDArray[np.bool_],
    fitted: Fitted,
    again: Callable[[NDArray[np.bool_]], Fitted],
) -> Fitted:
    """Shrink the log-odds by the slope found when presentations are foretold from the others only.

    A card is too sure of itself in a course that it has not seen; the slope says by how much.
    """
    unseen = np.zeros(len(rows))
    groups = np.unique(binned.table.group[rows])
    for fold in range(FOLDS if len(groups) >= FOLDS else 0):
        here = np.isin(binned.table.group, groups[fold::FOLDS])
        unseen[here] = logits(binned, again(rows & ~here))[here]
    slope = 1.0 if len(groups) < FOLDS else fitted_line(unseen[rows], outcome[rows]).slope
    return _added(binned, rows, outcome, [(slope, fitted[1])])


def _added(binned: Binned, rows: NDArray[np.bool_], outcome: NDArray[np.bool_], parts: Parts) -> Fitted:
    """Add the parts, centre each table on the rows, round, and set the baseline so that the mean chance is right."""
    added: dict[Key, Floats] = {}
    for share, tables in parts:
        for key, weights in tables.items():
            axes = tuple(sorted(range(len(key)), key=lambda i: FEATURES.index(key[i])))
            sorted_key = tuple(key[i] for i in axes)
            added[sorted_key] = added.get(sorted_key, 0) + share * np.transpose(weights, axes)
    for key, weights in added.items():
        mean = weights[tuple(binned.bins(feature)[rows] for feature in key)].mean()
        added[key] = np.round(weights - mean, 3)
    total = logits(binned, (0.0, added))[rows]
    baseline, goal = 0.0, outcome[rows].mean()
    for _ in range(50):
        chance = 1 / (1 + np.exp(-total - baseline))
        baseline += (goal - chance.mean()) / (chance * (1 - chance)).mean()
    return round(float(baseline), 3), added


def logits(binned: Binned, fitted: Fitted) -> Floats:
    """The log-odds of every row."""
    baseline, tables = fitted
    total = np.full(len(binned.table.day), baseline)
    for key, weights in tables.items():
        total += weights[tuple(binned.bins(feature) for feature in key)]
    return total


def written(fitted: Fitted) -> dict[str, Any]:
    """A card's head as it stands in the file: only the edges at which a table changes."""
    baseline, tables = fitted
    rows = []
    for key in sorted(tables, key=lambda key: (len(key), [FEATURES.index(f) for f in key])):
        weights, edges = tables[key], []
        for axis, feature in enumerate(key):
            lines = np.moveaxis(weights, axis, 0)
            change = [bool((lines[i] != lines[i - 1]).any()) for i in range(2, len(lines))]
            keep = [0, 1, *(i for i, changes in zip(range(2, len(lines)), change, strict=True) if changes)]
            edges.append([FINE[feature][i - 2] for i in keep[2:]])
            weights = np.take(weights, keep, axis)
        rows.append({"of": list(key), "edges": edges, "weights": weights.ravel().tolist()})
    return {"baseline": baseline, "tables": [row for row in rows if any(row["weights"])]}


def fitted_cards(past: Past, groups: Sequence[int]) -> dict[str, dict[str, Fitted]]:
    """All cards and heads, from the presentations with these numbers."""
    cards: dict[str, dict[str, Fitted]] = {name: {} for name in ("present", "absent", "partial", "access")}
    for table, names in (
        (past.table(), ("present", "absent")),
        (past.table(PARTIAL_HIDDEN, 2), ("partial",)),
        (past.table(ACCESS_HIDDEN, 2), ("access",)),
    ):
        binned = Binned(table)
        for name in names:
            for head in HEADS:
                rows = np.isin(table.group, groups) & table.usable(head)
                cards[name][head] = _fit(name, binned, rows, head)
    return cards


def _fit(card: str, binned: Binned, rows: NDArray[np.bool_], head: str) -> Fitted:
    if card == "present":
        return full_card(binned, rows & (binned.table.of("silent_days") < PRESENT_DAYS), head)
    if card == "absent":
        return full_card(binned, rows, head)
    if card == "partial":
        return smaller_card(binned, rows, head, FEATURES, PARTIAL_TOGETHER[head])
    return smaller_card(binned, rows, head, ACCESS_FEATURES, ACCESS_TOGETHER[head])


def save(cards: Mapping[str, Mapping[str, Fitted]], fitted_on: str, out: Path) -> None:
    """Write the weights: one table a line, log-odds rounded to thousandths."""
    head = {
        "what": "Regista's stall detector: additive tables of log-odds. See docs/model-card.md.",
        "data": "OULAD, Kuzilek et al. 2017, doi:10.1038/sdata.2017.171, CC BY 4.0; fitted tables only, no records.",
        "fitted_on": fitted_on,
        "scales": {feature: list(FINE[feature]) for feature in FEATURES},
    }
    lines = [f"{json.dumps(name)}: {json.dumps(value)}" for name, value in head.items()]
    text = []
    for card, heads in cards.items():
        parts = []
        for name, fitted in heads.items():
            saved = written(fitted)
            tables = ",\n".join(json.dumps(table, separators=(",", ":")) for table in saved["tables"])
            parts.append(f'{json.dumps(name)}: {{"baseline": {saved["baseline"]}, "tables": [\n{tables}]}}')
        text.append(f"{json.dumps(card)}: {{\n" + ",\n".join(parts) + "}")
    out.write_text("{" + ",\n".join([*lines, '"cards": {' + ",\n".join(text) + "}"]) + "}\n", encoding="utf-8")


def main() -> None:
    """Fit and save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--fit-on", help="only presentations of this name, such as 2013B")
    asked = parser.parse_args()
    past = Past.read(asked.data)
    groups = [i for i, one in enumerate(past.presentations) if asked.fit_on in (None, one.name)]
    save(fitted_cards(past, groups), asked.fit_on or "every presentation in the folder", asked.out)


if __name__ == "__main__":
    main()
