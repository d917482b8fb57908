"""What a whole course does at the end of a day: its calendar, and how alive it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engagement.detector.columns import NEVER_CAME, NO_DAY, UNKNOWN, Columns
from engagement.detector.counting import count

#: A learner of whom nothing was seen for longer than this is no longer counted in what "the course" does.
ALIVE_DAYS = 28
#: Learners handled at once: so many that what each step costs anyhow is shared, so few that memory does not grow with
#: the course.
CHUNK = 36_000
#: Days that stand for "never" and "no more".
NONE = 999


@dataclass(frozen=True, slots=True)
class Course:
    """Counts over learners seen in the last 28 days; whoever is judged is later taken out of the counts of the others.

    ``seen_week`` were seen in the last 7 days; ``rhythm`` sums the active days in 28 of the ``timed`` learners whose
    days are known; ``done`` counts, activity by activity, who has done it.
    """

    alive: int
    seen_week: int
    timed: int
    rhythm: int
    done: NDArray[np.int64]
    due_in: int
    due_ago: int
    last_due: int
    past_dues: tuple[int, ...]

    @classmethod
    def of(cls, columns: Columns) -> Course:
        """Count; one pass over the columns, in chunks."""
        counts = np.zeros(4, np.int64)
        done = np.zeros(columns.submitted.shape[0], np.int64)
        for start in range(0, len(columns), CHUNK):
            part = columns.part(start, start + CHUNK)
            alive = is_alive(part)
            timed = alive & (part.days_known >= ALIVE_DAYS)
            month = count(part.active[-ALIVE_DAYS:])
            week = alive & (part.seen > part.day - 7)
            counts += (alive.sum(), week.sum(), timed.sum(), month[timed].sum())
            # Nobody's day lies below the bound of those who are not alive.
            by_alive = part.submitted < np.where(alive, np.int16(NO_DAY), np.int16(UNKNOWN))
            done += np.fromiter(map(np.count_nonzero, by_alive), np.int64, len(done))
        due = columns.due[:, 0]
        ahead, past = due[(due > columns.day) & (due < NO_DAY)], due[due <= columns.day]
        return cls(
            alive=int(counts[0]),
            seen_week=int(counts[1]),
            timed=int(counts[2]),
            rhythm=int(counts[3]),
            done=done,
            due_in=int(ahead.min()) - columns.day if ahead.size else NONE,
            due_ago=columns.day - int(past.max()) if past.size else NONE,
            last_due=int(np.flatnonzero(due == past.max())[0]) if past.size else -1,
            past_dues=tuple(int(day) for day in np.unique(past)[::-1]),
        )


def is_alive(columns: Columns) -> NDArray[np.bool_]:
    """Whoever was seen in the last 28 days."""
    alive: NDArray[np.bool_] = (columns.seen > columns.day - ALIVE_DAYS) & (columns.seen > NEVER_CAME)
    return alive
