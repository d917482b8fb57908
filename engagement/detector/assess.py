"""The decision: for each learner the chance of silence and of leaving, what was used, and how far to trust it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engagement.detector.calibration import Calibration
from engagement.detector.card import HEADS, Floats, Weights, among, shipped
from engagement.detector.columns import RHYTHM_DAYS, Columns
from engagement.detector.counting import Values
from engagement.detector.course import ALIVE_DAYS, CHUNK, Course
from engagement.detector.features import features
from engagement.values import Knowledge

#: The cards: full data and seen within a fortnight; full data and silent for longer; a month of days at least; less.
CARDS = ("present", "absent", "partial", "access")
PRESENT_DAYS = 14
#: How much of the detector's skill each kind of knowledge carries, in parts of 1 (see docs/model-card.md); what is
#: hidden can only take away.
CONFIDENCE = {
    Knowledge.ACCESS: 0.40,
    Knowledge.DAYS: 0.32,
    Knowledge.DUE_DATES: 0.15,
    Knowledge.SUBMISSIONS: 0.10,
    Knowledge.SCORES: 0.03,
}


@dataclass(frozen=True, slots=True)
class Assessment:
    """What the detector says of each learner of ``columns``, in their order.

    ``probability``: silent for the next 14 days; ``leaving``: withdraws within 28 days or never comes back and does not
    pass; both 0 to 1. ``logit`` and ``leaving_logit`` are their log-odds before the academy's own calibration.
    ``confidence`` is the share of the detector's skill that the known facts carry; ``card`` a place in ``CARDS``.
    """

    columns: Columns
    weights: Weights
    course: Course
    calibration: Calibration
    card: NDArray[np.int8]
    logit: Floats
    leaving_logit: Floats
    probability: Floats
    leaving: Floats
    confidence: Floats

    def __len__(self) -> int:
        """Learners."""
        return len(self.columns)

    def used(self, i: int) -> frozenset[Knowledge]:
        """What was known of the learner at ``i`` and used."""
        return frozenset(kind for kind, known in knowledge(self.columns.part(i, i + 1)).items() if known[0] > 0)


def assess(columns: Columns, weights: Weights | None = None, calibration: Calibration | None = None) -> Assessment:
    """Decide for all learners; time and memory grow with learners times activities, chunk by chunk."""
    weights, calibration = weights or shipped(), calibration or Calibration()
    course = Course.of(columns)
    n = len(columns)
    logits = {head: np.empty(n) for head in HEADS}
    card, confidence = np.empty(n, np.int8), np.empty(n)
    for start in range(0, n, CHUNK):
        part = columns.part(start, start + CHUNK)
        here = slice(start, start + len(part))
        confidence[here] = sum(CONFIDENCE[kind] * known for kind, known in knowledge(part).items())
        decided = _decided(part, features(part, course), weights)
        card[here] = decided[0]
        for head, found in zip(HEADS, decided[1:], strict=True):
            logits[head][here] = found
    return Assessment(
        columns,
        weights,
        course,
        calibration,
        card,
        logits["silent"],
        logits["leaving"],
        calibration.probability(logits["silent"]),
        _chance(logits["leaving"]),
        confidence,
    )


def _decided(part: Columns, values: Values, weights: Weights) -> tuple[NDArray[np.int8], Floats, Floats]:
    """The card that spoke of each learner, and the log-odds of both questions.

    Of those silent for a fortnight the graver of two cards speaks, so that one more visit can never look worse.
    """
    bins = weights.bins(values)
    card = cards_of(part, values)
    silent, leaving = np.empty(len(part)), np.empty(len(part))
    for which in np.flatnonzero(np.bincount(card, minlength=len(CARDS))):
        rows = np.flatnonzero(card == which)
        some = bins if len(rows) == len(part) else among(bins, rows)
        silent[rows], leaving[rows] = weights.pairs[CARDS[which]].logits(some, len(rows))
        if CARDS[which] == "absent":
            others = weights.pairs["present"].logits(some, len(rows))
            card[rows[others[0] > silent[rows]]] = CARDS.index("present")
            silent[rows] = np.maximum(silent[rows], others[0])
            leaving[rows] = np.maximum(leaving[rows], others[1])
    return card, silent, leaving


def cards_of(part: Columns, values: Values) -> NDArray[np.int8]:
    """Which card each learner's knowledge calls for, as a place in ``CARDS``."""
    whole = part.access_known & part.submissions_known & part.due_known & part.scores_known
    whole &= part.days_known >= RHYTHM_DAYS
    gone = values["silent_days"] >= PRESENT_DAYS
    smaller = np.where(part.days_known >= ALIVE_DAYS, CARDS.index("partial"), CARDS.index("access"))
    return np.where(whole, gone.astype(np.int8), smaller).astype(np.int8)


def knowledge(part: Columns) -> Mapping[Knowledge, Floats]:
    """How far each kind of knowledge is there, 0 to 1; days count as far as they go back."""
    return {
        Knowledge.ACCESS: part.access_known.astype(float),
        Knowledge.DAYS: np.clip(part.days_known, 0, RHYTHM_DAYS) / RHYTHM_DAYS,
        Knowledge.SUBMISSIONS: part.submissions_known.astype(float),
        Knowledge.DUE_DATES: (part.due_known & part.submissions_known).astype(float),
        Knowledge.SCORES: (part.scores_known & part.submissions_known).astype(float),
    }


def _chance(logits: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-logits)))
