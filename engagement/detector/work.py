"""What a learner has handed in and what is still due."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engagement.detector.columns import DONE_SOME_DAY, NO_DAY, NO_SCORE, Columns
from engagement.detector.counting import Bools, Values, where_known
from engagement.detector.course import NONE, Course
from engagement.detector.dues import Dues
from engagement.detector.places import first, number, onwards, up_to_last
from engagement.detector.tally import FAR_OFF, Tally


def work(part: Columns, course: Course) -> tuple[Values, NDArray[np.intp]]:
    """Features of work, and the row of each learner's next open activity (-1: none)."""
    dues = Dues.of(part.due, part.day)
    tally = Tally.of(part, dues.row[:-1])
    known, dated = part.submissions_known, part.submissions_known & part.due_known
    words = len(tally.done)
    ahead = onwards(dues.past, words) & ~onwards(dues.dated, words) & ~tally.done
    next_place = first(ahead)
    later = first(ahead & onwards(dues.at(dues.after, next_place + 1), words))
    days = _days_to(dues.day, part.day)
    due_in = dues.at(days, next_place)
    found: Values = {
        "due_in": where_known(dated, due_in),
        "next_due_in": where_known(dated, dues.at(days, later)),
        "done": where_known(known, number(tally.done)),
        "last_missed": where_known(dated, _last_missed(part, course)),
        **_missed(dues, tally, dated),
        **_handed_in(part, dues, tally, due_in),
    }
    return found, dues.at(dues.row, next_place)


def _last_missed(part: Columns, course: Course) -> Bools:
    if course.last_due < 0:
        return np.zeros(len(part), bool)
    missed: Bools = part.submitted[course.last_due] >= NO_DAY
    return missed


def _missed(dues: Dues, tally: Tally, dated: Bools) -> Values:
    words = len(tally.done)
    past = ~onwards(dues.past, words)
    late, in_time = past & ~tally.done, past & tally.done
    # From the date after the last activity done that was due.
    run = late & onwards(dues.at(dues.after, up_to_last(in_time)), words)
    overdue, kept = number(late), number(in_time)
    share = 100 * kept.astype(np.int32) // np.maximum(overdue + kept, 1)
    return {
        "missed_run": where_known(dated, number(run)),
        "overdue": where_known(dated, overdue),
        "done_share": where_known(dated, np.where(overdue + kept > 0, share, 100)),
    }


def _handed_in(part: Columns, dues: Dues, tally: Tally, due_in: NDArray[np.int16]) -> Values:
    known, dated = part.submissions_known, part.submissions_known & part.due_known
    ago = np.where(tally.last > DONE_SOME_DAY, np.clip(part.day - tally.last, 0, NONE), NONE)
    mean = _lateness(dues, tally)
    expected = np.where(due_in >= NONE, NONE, np.rint(due_in + np.clip(mean, -30, 7)))
    scored = known & part.scores_known & (tally.score > NO_SCORE)
    return {
        "handed_in_ago": where_known(known, ago),
        "lateness": where_known(dated, np.rint(10 * mean)),
        "expected_in": where_known(dated, expected),
        "last_score": where_known(scored, tally.score),
    }


def _lateness(dues: Dues, tally: Tally) -> NDArray[np.float64]:
    """Mean days from due date to submission, early ones below 0, of what has a due date and a known day."""
    missing = dues.dated - number(tally.done & ~onwards(dues.dated, len(tally.done)))
    timed = dues.dated - missing - tally.some_day
    mean: NDArray[np.float64] = (tally.off - FAR_OFF * (missing - tally.some_day)) / np.maximum(timed, 1)
    return mean


def _days_to(due: NDArray[np.int16], day: int) -> NDArray[np.int16]:
    ahead = due.astype(np.int32) - day
    return np.where(due < NO_DAY, np.minimum(ahead, NONE), NONE).astype(np.int16)
