"""The promised figures, on real learners: fitted on the presentations of February 2013, judged on those of October."""

from __future__ import annotations

from pathlib import Path

import pytest

from engagement.detector import Weights
from training.data import Past
from training.report import judge

ROOT = Path(__file__).parents[2]
DATA = ROOT.parent / "shared" / "learners" / "train"
WEIGHTS = ROOT / "training" / "weights-2013B.json"
#: ROC-AUC, PR-AUC, precision at a weekly budget of 5%, and the largest calibration error.
PROMISED = {"stall_onset": (0.841, 0.441, 0.488, 0.015), "dropout_active": (0.827, 0.238, 0.258, 0.015)}

pytestmark = pytest.mark.skipif(
    not DATA.is_dir(), reason=f"no recorded learners at {DATA}: the figures are not checked"
)


@pytest.fixture(scope="module")
def judged():
    past = Past.read(DATA)
    autumn = [i for i, one in enumerate(past.presentations) if one.name == "2013J"]
    return judge(past, Weights.read(WEIGHTS.read_text(encoding="utf-8")), autumn)


@pytest.mark.parametrize("task", PROMISED)
def test_those_about_to_go_quiet_are_found_as_promised(judged, task):
    found = judged.figures(task)
    auc, pr_auc, precision, ece = PROMISED[task]
    assert found.auc >= auc
    assert found.pr_auc >= pr_auc
    assert found.precision >= precision
    assert found.ece <= ece
