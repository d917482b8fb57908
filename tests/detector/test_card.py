"""The shipped tables: readable, guarded, and looked up as written."""

from __future__ import annotations

import json

import numpy as np
import pytest

from engagement.detector.assess import CARDS
from engagement.detector.card import HEADS, Weights, shipped
from engagement.detector.columns import UNKNOWN
from engagement.detector.explain import TOPICS
from engagement.detector.features import FEATURES, MONOTONE

SMALL = {
    "scales": {"silent_days": [1, 7], "due_in": [14]},
    "cards": {
        "present": {
            "silent": {
                "baseline": -2.0,
                "tables": [
                    {"of": ["silent_days"], "edges": [[7]], "weights": [0.25, -0.5, 1.0]},
                    {"of": ["silent_days", "due_in"], "edges": [[], [14]], "weights": [0, 0, 0, 0, 0.125, 0.25]},
                ],
            }
        }
    },
}


def test_a_table_is_looked_up_as_it_stands_in_the_file():
    weights = Weights.read(json.dumps(SMALL))
    values = {
        "silent_days": np.array([0, 1, 7, 30, UNKNOWN], np.int16),
        "due_in": np.array([3, 14, 14, UNKNOWN, 3], np.int16),
    }
    found = weights.cards["present"]["silent"].logits(weights.bins(values), 5)
    assert found.tolist() == [-2.375, -2.25, -0.75, -1.0, -1.75]


def test_a_table_of_an_unknown_feature_is_refused():
    saved = json.loads(json.dumps(SMALL))
    saved["cards"]["present"]["silent"]["tables"][0]["of"] = ["clicks"]
    with pytest.raises(KeyError):
        Weights.read(json.dumps(saved))


def test_the_shipped_file_has_every_card_and_every_feature_has_words():
    weights = shipped()
    assert set(weights.cards) == set(CARDS)
    assert all(set(heads) == set(HEADS) for heads in weights.cards.values())
    assert set(weights.scales) == set(FEATURES) == {name for names in TOPICS.values() for name in names}


@pytest.mark.parametrize("card", CARDS)
@pytest.mark.parametrize("head", HEADS)
def test_no_shipped_table_turns_against_its_guard(card, head):
    for table in shipped().cards[card][head].tables:
        weights = table.weights.reshape(table.sizes)
        for axis, feature in enumerate(table.features):
            sign = MONOTONE.get(feature, 0)
            known = np.delete(weights, 0, axis)
            assert (np.diff(known, axis=axis) * sign >= 0).all(), (table.features, feature)


def test_nobody_is_judged_by_who_they_are():
    for word in ("gender", "age", "region", "disability", "deprivation", "education", "clicks"):
        assert not [feature for feature in FEATURES if word in feature.split("_")]
