"""Less than full data: the same columns with some kinds of knowledge taken away."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import numpy as np

from engagement.detector.columns import NO_DAY, NO_SCORE, Columns
from engagement.values import Knowledge


def hide(columns: Columns, hidden: Collection[Knowledge], days: int = 0) -> Columns:
    """The columns as an LMS would give them that does not tell ``hidden``; without DAYS, the last ``days`` are left."""
    nobody = np.zeros(len(columns), bool)
    if Knowledge.DAYS in hidden:
        left = np.array(columns.active)
        left[: max(len(left) - days, 0)] = False
        columns = replace(columns, active=left, days_known=np.minimum(columns.days_known, np.int16(days)))
    if Knowledge.ACCESS in hidden:
        columns = replace(columns, access_known=nobody)
    if Knowledge.SUBMISSIONS in hidden:
        nothing = np.full_like(columns.submitted, NO_DAY)
        columns = replace(columns, submissions_known=nobody, submitted=nothing)
    if Knowledge.DUE_DATES in hidden:
        columns = replace(columns, due_known=nobody, due=np.full_like(columns.due, NO_DAY))
    if Knowledge.SCORES in hidden or Knowledge.SUBMISSIONS in hidden:
        columns = replace(columns, scores_known=nobody, score=np.full_like(columns.score, NO_SCORE))
    return columns
