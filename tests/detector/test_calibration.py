"""An academy bends the chances to its own history, sees it, and can take it back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engagement.detector import Calibration, recalibrate
from engagement.detector.calibration import ece, reliability


def history(rows, intercept, slope, seed=3):
    draw = np.random.default_rng(seed)
    logits = draw.normal(-1.5, 1.2, rows)
    return logits, draw.random(rows) < Calibration(intercept, slope).probability(logits)


def test_an_academy_whose_learners_come_back_more_often_gets_lower_chances():
    found = recalibrate(*history(20_000, -0.8, 0.7))
    assert found.calibration is not None
    assert found.calibration.intercept == pytest.approx(-0.8, abs=0.1)
    assert found.calibration.slope == pytest.approx(0.7, abs=0.06)
    assert found.ece_after < found.ece_before
    assert sum(bin.rows for bin in found.before) == sum(bin.rows for bin in found.after) == 20_000


@pytest.mark.parametrize(("rows", "why"), [(100, "too_few_rows"), (0, "too_few_rows"), (600, "too_few_events")])
def test_too_little_history_changes_nothing_and_says_why(rows, why):
    logits = np.full(rows, -4.0)
    outcome = np.zeros(rows)
    outcome[: min(rows, 10)] = 1
    found = recalibrate(logits, outcome)
    assert found.calibration is None
    assert found.refused == why
    assert found.before == found.after


def test_a_history_that_runs_against_the_detector_is_a_fault_not_a_finding():
    logits, happened = history(5_000, 0, 1)
    assert recalibrate(logits, ~happened).refused == "no_slope"


def test_undoing_is_the_plain_calibration_again():
    assert Calibration().probability([0.0, -2.0]).tolist() == pytest.approx([0.5, 0.1192029])


@pytest.mark.parametrize(("logits", "outcomes"), [([0.0], [0, 1]), ([np.nan], [1]), ([0.0], [2])])
def test_a_history_that_makes_no_sense_is_refused(logits, outcomes):
    with pytest.raises(ValueError):
        recalibrate(logits, outcomes)


@settings(max_examples=30, deadline=None)
@given(st.floats(-2, 2), st.floats(0.3, 3), st.lists(st.floats(-8, 8), min_size=2))
def test_the_order_of_learners_is_kept(intercept, slope, logits):
    chances = Calibration(intercept, slope).probability(sorted(logits))
    assert (np.diff(chances) >= 0).all()


def test_a_perfect_forecast_has_no_gap():
    assert ece(reliability([0.25] * 4, [1, 0, 0, 0])) == 0
    assert ece(()) == 0
