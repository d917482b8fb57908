"""A cohort in columns: what is known of every learner at the end of one day.

Days are whole numbers counted from the first day of the course, in the course's time zone. Arrays run
activity by activity (or day by day) with one column a learner, so that every pass over learners is contiguous.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

Int16 = NDArray[np.int16]
Bool = NDArray[np.bool_]

#: A day that has not come and that nobody announced (no due date, not submitted).
NO_DAY = 32000
#: Done, on a day that nobody told us (excused, carried over, completed without a date).
DONE_SOME_DAY = -32000
#: Known never to have come.
NEVER_CAME = -32001
#: Nobody told us.
UNKNOWN = -32002
#: No score known.
NO_SCORE = -1
#: Days of rhythm that the detector looks at: the last 28 and the eight weeks before.
RHYTHM_DAYS = 84


@dataclass(frozen=True, slots=True)
class Columns:
    """What is known at the end of ``day`` of ``n`` learners, ``m`` activities and ``w`` days of rhythm up to ``day``.

    ``due`` is (m, 1) or (m, n) where somebody has an extension; ``submitted`` and ``score`` (0 to 100) are (m, n), with
    a score only where something was handed in; ``active`` is (w, n). ``days_known`` counts the trailing days of which
    every active one would have been seen.
    """

    ids: NDArray[np.int64]
    day: int
    length: int | None
    due: Int16
    submitted: Int16
    score: NDArray[np.int8]
    active: Bool
    days_known: Int16
    seen: Int16
    enrolled: Int16
    access_known: Bool
    submissions_known: Bool
    due_known: Bool
    scores_known: Bool
    activity_ids: NDArray[np.int64]
    first_day_on: date | None = None

    def __len__(self) -> int:
        """Learners."""
        return len(self.ids)

    def part(self, start: int, stop: int) -> Columns:
        """The learners from ``start`` to ``stop``, as views."""
        cut = slice(start, stop)
        return replace(
            self,
            ids=self.ids[cut],
            due=self.due if self.due.shape[1] == 1 else self.due[:, cut],
            submitted=self.submitted[:, cut],
            score=self.score[:, cut],
            active=self.active[:, cut],
            days_known=self.days_known[cut],
            seen=self.seen[cut],
            enrolled=self.enrolled[cut],
            access_known=self.access_known[cut],
            submissions_known=self.submissions_known[cut],
            due_known=self.due_known[cut],
            scores_known=self.scores_known[cut],
        )
