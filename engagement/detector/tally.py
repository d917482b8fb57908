"""The passes over learners times activities: what each learner has handed in, added up before anything is asked of it.

Everything else is a few operations a learner; these are as many as there are activities. So there are few of them, on
the smallest whole numbers that hold the values, and on no more learners at once than stay in the processor's cache.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engagement.detector.columns import DONE_SOME_DAY, NO_DAY, NO_SCORE, UNKNOWN, Columns, Int16
from engagement.detector.counting import count
from engagement.detector.places import Words, packed

#: Learners whose activities are looked at together.
TILE = 8192
#: Submissions further than this from the due date say no more about habits.
FAR_OFF = 60
#: To pick columns costs several times as much as to pass over them: it pays for less than one in so many.
SELDOM = 4
_MOST = 2**16 - 1


@dataclass(frozen=True, slots=True)
class Tally:
    """Sums over the activities of each learner.

    ``done`` are the places done, in the order of the due dates; ``last`` is the latest day of handing in (beyond
    ``DONE_SOME_DAY`` only if there is one), ``score`` the score of the latest submission that has one. ``off`` adds up
    days from due date to submission, ``FAR_OFF`` at most, where nothing counts as that late and "some day", of which
    there are ``some_day``, as that early.
    """

    done: Words
    last: NDArray[np.int32]
    score: NDArray[np.int8]
    off: NDArray[np.signedinteger[Any]]
    some_day: Int16

    @classmethod
    def of(cls, part: Columns, row: NDArray[np.intp]) -> Tally:
        """Add up; ``row`` is the activity at each place, (activities, 1 or learners)."""
        low, high, some_day, due = _bounds(part.due)
        pieces = []
        for start in range(0, max(len(part), 1), TILE):
            here = np.s_[:, start : start + TILE]
            own = here if part.due.shape[1] > 1 else np.s_[:, :]
            submitted = part.submitted[here]
            # Days back from the end of all days: the fewer the later; the most where nothing was handed in.
            back = np.uint16(NO_DAY - 1) - submitted.view(np.uint16)
            latest = back.min(0, initial=_MOST)
            pieces.append(
                (
                    _in_order(submitted < NO_DAY, row[own]),
                    latest,
                    _last_score(part.score[here], back, latest),
                    np.add.reduce(np.clip(submitted, low[own], high[own]), 0, dtype=due.dtype),
                    count(submitted == some_day[own]),
                )
            )
        done, back, score, near, on_some_day = (np.concatenate(field, -1) for field in zip(*pieces, strict=True))
        return cls(done, NO_DAY - 1 - back.astype(np.int32), score, near - due, on_some_day)


def _bounds(due: Int16) -> tuple[Int16, Int16, Int16, NDArray[np.signedinteger[Any]]]:
    """The earliest and latest days that count, activity by activity, what stands for "some day", and the dues' sum.

    Where there is no due date nothing is off: both bounds are 0 and nobody's day is ``UNKNOWN``.
    """
    dated = due < NO_DAY
    centre, reach = np.where(dated, due, np.int16(0)), dated * np.int16(FAR_OFF)
    # Wider only where it must be: sums that wrap on the way still differ by as much.
    wide = np.int16 if len(due) * FAR_OFF < NO_DAY else np.int32
    some_day = np.where(dated, np.int16(DONE_SOME_DAY), np.int16(UNKNOWN))
    return centre - reach, centre + reach, some_day, np.add.reduce(centre, 0, dtype=wide)


def _in_order(done: NDArray[np.bool_], row: NDArray[np.intp]) -> Words:
    return packed(done[row[:, 0]] if row.shape[1] == 1 else np.take_along_axis(done, row, 0))


def _last_score(score: NDArray[np.int8], back: NDArray[np.uint16], latest: NDArray[np.uint16]) -> NDArray[np.int8]:
    """The score of the latest submission that has one; the better of two on one day."""
    found = _best(score, back == latest)
    # Only where the latest has none, one has to be looked for further back.
    rest = np.flatnonzero((found <= NO_SCORE) & (latest < _MOST))
    if rest.size:
        few = rest.size < len(found) // SELDOM
        scores, when = (score[:, rest], back[:, rest]) if few else (score, back)
        # Below 0 stands no score: all bits set, further back than any day.
        when = (when.view(np.int16) | scores >> 7).view(np.uint16)
        best = _best(scores, when == when.min(0))
        found[rest] = best if few else best[rest]
    return found


def _best(score: NDArray[np.int8], marks: NDArray[np.bool_]) -> NDArray[np.int8]:
    # What is not marked becomes -1, all bits set, and so no score.
    best: NDArray[np.int8] = (score | (marks.view(np.int8) - np.int8(1))).max(0, initial=NO_SCORE)
    return best
