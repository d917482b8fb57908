"""Penalised additive tables: neighbouring bins are held together, guarded features can only go one way.

Cyclic penalised Newton steps, one table at a time (backfitting of a generalised additive model, Hastie & Tibshirani
1990), each projected on the monotone tables.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression

from engagement.detector.features import MONOTONE
from training.binning import Binned, Floats, Key, size, to_coarse

SWEEPS = 20
#: How strongly neighbouring bins are held together, and all bins to nothing: for one feature, for several.
TIES = {1: (50.0, 2.0), 2: (100.0, 10.0), 3: (100.0, 10.0)}


@dataclass(slots=True)
class _Block:
    key: Key
    shape: tuple[int, ...]
    cell: NDArray[np.int32]
    penalty: Floats
    weights: Floats


def fit(
    binned: Binned, rows: NDArray[np.bool_], outcome: NDArray[np.bool_], keys: Sequence[Key]
) -> Mapping[Key, Floats]:
    """Tables in fine bins whose sum, plus a constant, is the log-odds of ``outcome`` among ``rows``."""
    pick = np.flatnonzero(rows)
    happened = outcome[pick].astype(float)
    total = np.full(len(pick), np.log(happened.mean() / (1 - happened.mean())))
    blocks = [_block(binned, pick, key) for key in keys]
    for _ in range(SWEEPS):
        for block in blocks:
            chance = 1 / (1 + np.exp(-total))
            cells = len(block.weights)
            slope = np.bincount(block.cell, happened - chance, cells)
            curve = np.bincount(block.cell, chance * (1 - chance), cells)
            step = np.linalg.solve(np.diag(curve) + block.penalty, slope - block.penalty @ block.weights)
            wanted = (block.weights + np.clip(step, -1, 1)).reshape(block.shape)
            weights = _guarded(wanted, curve.reshape(block.shape), block.key).ravel()
            total += (weights - block.weights)[block.cell]
            block.weights = weights
        chance = 1 / (1 + np.exp(-total))
        total += (happened - chance).sum() / (chance * (1 - chance)).sum()
    return {block.key: _in_fine_bins(block) for block in blocks}


def _block(binned: Binned, pick: NDArray[np.intp], key: Key) -> _Block:
    sizes: list[int] = []
    cell = np.zeros(len(pick), np.int32)
    for feature in key:
        bins = binned.bins(feature)[pick]
        if len(key) > 1:
            bins = to_coarse(feature)[bins]
        sizes.append(size(feature) if len(key) == 1 else int(to_coarse(feature).max()) + 1)
        cell = cell * sizes[-1] + bins.astype(np.int32)
    tie, hold = TIES[len(key)]
    penalty = np.eye(int(np.prod(sizes))) * hold
    for axis in range(len(sizes)):
        penalty += tie * reduce(np.kron, (_ties(n) if i == axis else np.eye(n) for i, n in enumerate(sizes)))
    return _Block(key, tuple(sizes), cell, penalty, np.zeros(len(penalty)))


def _ties(bins: int) -> Floats:
    """Squared differences of neighbours; bin 0, "nobody told us", has none."""
    steps = np.diff(np.eye(bins), axis=0)[1:]
    return np.asarray(steps.T @ steps)


def _guarded(weights: Floats, evidence: Floats, key: Key) -> Floats:
    for _ in range(3):
        for axis, feature in enumerate(key):
            sign = MONOTONE.get(feature, 0)
            if not sign:
                continue
            lines, proof = np.moveaxis(weights, axis, -1), np.moveaxis(evidence, axis, -1)
            for place in np.ndindex(lines.shape[:-1]):
                line = lines[place][1:]
                if (np.diff(line) * sign < 0).any():
                    fitted = isotonic_regression(line, weights=proof[place][1:] + 1e-3, increasing=sign > 0)
                    lines[place][1:] = fitted.x
    for axis, feature in enumerate(key):
        sign = MONOTONE.get(feature, 0)
        if sign:
            lines = np.moveaxis(weights, axis, -1)
            lines[..., 1:] = np.maximum.accumulate(lines[..., 1:] * sign, -1) * sign
    return weights


def _in_fine_bins(block: _Block) -> Floats:
    weights = block.weights.reshape(block.shape)
    if len(block.key) == 1:
        return weights
    return weights[np.ix_(*(to_coarse(feature) for feature in block.key))]
