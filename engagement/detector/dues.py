"""Due dates in order, so that "next", "later" and "since then" are a matter of places."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engagement.detector.columns import NO_DAY, Int16


@dataclass(frozen=True, slots=True)
class Dues:
    """Places from the earliest due date on: in one column for all learners or, with extensions, in one for each.

    ``row`` is the activity at a place and ``day`` its date, each with one more for "none"; ``after`` is where, so many
    places passed, the next date begins. ``past`` and ``dated`` are how many places are due by now and at all.
    """

    row: NDArray[np.intp]
    day: Int16
    after: NDArray[np.intp]
    past: NDArray[np.intp]
    dated: NDArray[np.intp]

    @classmethod
    def of(cls, due: Int16, today: int) -> Dues:
        """Put the due dates, (activities, 1 or learners), in order; ties stand as the activities do."""
        activities, width = due.shape
        row = np.argsort(due, axis=0, kind="stable")
        day = np.append(np.take_along_axis(due, row, 0), np.full((1, width), NO_DAY, np.int16), 0)
        begins = np.where(np.diff(day, axis=0, prepend=day[:1]) != 0, np.arange(activities + 1)[:, None], activities)
        begins[0] = 0
        return cls(
            row=np.append(row, np.full((1, width), -1), 0),
            day=day,
            after=np.minimum.accumulate(begins[::-1], 0)[::-1],
            past=(due <= today).sum(0),
            dated=(due < NO_DAY).sum(0),
        )

    def at(self, table: NDArray[Any], place: NDArray[np.intp]) -> NDArray[Any]:
        """What stands at each learner's place; beyond the last one stands "none"."""
        if table.shape[1] == 1:
            return table[:, 0].take(place, mode="clip")
        found: NDArray[Any] = table[np.minimum(place, len(table) - 1), np.arange(len(place))]
        return found
