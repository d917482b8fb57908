"""Boosted three-leaf trees, added up into tables of one or two features (Lou et al. 2013, GA2M).

Each tree looks at two features at most and obeys the guards, so that each table does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import lightgbm
import numpy as np
from numpy.typing import NDArray

from engagement.detector.features import MONOTONE
from training.binning import Binned, Floats, Key, shape

TREES = 1000
SETTINGS = {
    "objective": "binary",
    "learning_rate": 0.05,
    "num_leaves": 3,
    "max_depth": 2,
    "min_data_in_leaf": 400,
    "lambda_l2": 20,
    "feature_fraction": 0.4,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "max_bin": 63,
    "use_missing": False,
    "verbose": -1,
    "num_threads": 1,
    "deterministic": True,
    "force_row_wise": True,
    "monotone_constraints_method": "basic",
}


def fit(
    binned: Binned,
    rows: NDArray[np.bool_],
    outcome: NDArray[np.bool_],
    features: Sequence[str],
    seed: int,
    pairs: Sequence[Key] | None = None,
) -> tuple[Mapping[Key, Floats], Mapping[Key, float]]:
    """Tables in fine bins whose sum is the log-odds of ``outcome``, and the gain of each pair; all pairs if None."""
    pick = np.flatnonzero(rows)
    data = np.stack([binned.bins(feature)[pick] for feature in features], 1).astype(np.float32)
    settings: dict[str, Any] = {
        **SETTINGS,
        "seed": seed,
        "monotone_constraints": [MONOTONE.get(feature, 0) for feature in features],
    }
    if pairs is not None:
        place = {feature: i for i, feature in enumerate(features)}
        settings["interaction_constraints"] = [[place[f] for f in pair] for pair in pairs] + [
            [i] for i in place.values()
        ]
    booster = lightgbm.train(settings, lightgbm.Dataset(data, outcome[pick].astype(float)), TREES)
    return _tables(booster.dump_model()["tree_info"], features)


def _tables(
    trees: Sequence[Mapping[str, Any]], features: Sequence[str]
) -> tuple[Mapping[Key, Floats], Mapping[Key, float]]:
    tables: dict[Key, Floats] = {}
    gains: dict[Key, float] = {}
    for tree in trees:
        root = tree["tree_structure"]
        key = tuple(features[i] for i in sorted(_used(root)))
        if not key:
            continue
        grid = dict(zip(key, np.indices(shape(key)), strict=True))
        tables[key] = tables.get(key, 0) + _value(root, grid, features)
        if len(key) == 2:
            gains[key] = gains.get(key, 0.0) + sum(
                root[side].get("split_gain", 0.0) for side in ("left_child", "right_child")
            )
    return tables, gains


def _used(node: Mapping[str, Any]) -> set[int]:
    if "split_feature" not in node:
        return set()
    return {node["split_feature"]} | _used(node["left_child"]) | _used(node["right_child"])


def _value(node: Mapping[str, Any], grid: Mapping[str, NDArray[np.int_]], features: Sequence[str]) -> Floats:
    if "split_feature" not in node:
        return np.asarray(node["leaf_value"], float)
    left = grid[features[node["split_feature"]]] <= node["threshold"]
    return np.where(left, _value(node["left_child"], grid, features), _value(node["right_child"], grid, features))
