"""What the detector looks at: whole numbers that an LMS can tell, learner by learner, at the end of one day.

An added active day moves every feature that it touches in one direction only (see ``MONOTONE``): windows are fixed by
the calendar and never by the learner's own first or last day, and what describes the course leaves the learner out.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engagement.detector.columns import Columns
from engagement.detector.counting import Values, where_known
from engagement.detector.course import ALIVE_DAYS, NONE, Course, is_alive
from engagement.detector.presence import presence
from engagement.detector.work import work

#: +1: the risk may only rise with the feature; -1: it may only fall. All others may go either way.
MONOTONE = {
    "silent_days": 1,
    "active_7": -1,
    "active_14": -1,
    "active_28": -1,
    "recent": -1,
    "steady": -1,
    "usual": -1,
    "weeks": -1,
    "longest_gap": 1,
    "silent_share": 1,
    "against_course": -1,
    "after_due": -1,
}
FEATURES = (
    *MONOTONE,
    "due_in",
    "next_due_in",
    "course_due_in",
    "course_due_ago",
    "expected_in",
    "missed_run",
    "last_missed",
    "done_share",
    "overdue",
    "done",
    "handed_in_ago",
    "lateness",
    "last_score",
    "course_active",
    "course_rhythm",
    "begun",
)


def features(part: Columns, course: Course) -> Values:
    """All features of these learners; ``UNKNOWN`` where nobody told us, 999 for "never" and "no more"."""
    here = presence(part, course)
    done, following = work(part, course)
    return {**here, **done, **_course(part, course, here["active_28"], following)}


def _course(part: Columns, course: Course, month: NDArray[np.int16], following: NDArray[np.intp]) -> Values:
    """What the others do: each learner is left out of what is counted for them."""
    n = len(part)
    alive = is_alive(part)
    others = course.alive - alive.astype(np.int32)
    week = course.seen_week - (alive & (part.seen > part.day - 7)).astype(np.int32)
    timed = alive & (part.days_known >= ALIVE_DAYS)
    rest = course.timed - timed.astype(np.int32)
    mean = (course.rhythm - np.where(timed, month, 0).astype(np.int32)) / np.maximum(rest, 1)
    month_known = (part.days_known >= ALIVE_DAYS) & (rest > 0)
    begun = course.done[following] if len(course.done) else np.zeros(n)
    there, dated = others > 0, part.due_known & part.submissions_known
    share = 100 / np.maximum(others, 1)
    return {
        "course_due_in": where_known(part.due_known, np.full(n, min(course.due_in, NONE))),
        "course_due_ago": where_known(part.due_known, np.full(n, min(course.due_ago, NONE))),
        "course_active": where_known(there, np.rint(week * share)),
        "course_rhythm": where_known(month_known, np.rint(mean * 100 / ALIVE_DAYS)),
        "against_course": where_known(month_known, np.rint(np.clip(100 * month / np.maximum(mean, 0.5), 0, NONE))),
        "begun": where_known(dated & there & (following >= 0), np.rint(begun * share)),
    }
