"""What a learner has handed in and what is still due."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engagement.detector.columns import DONE_SOME_DAY, NO_DAY, NO_SCORE, Columns
from engagement.detector.counting import Bools, Values, count, where_known
from engagement.detector.course import NONE, Course

#: Learners whose activities are looked at together: few enough to stay in the processor's cache.
TILE = 4096
#: Submissions further than this from the due date say no more about habits.
FAR_OFF = 60


@dataclass(frozen=True, slots=True)
class _Dues:
    """Due dates in order: (m, 1), or (m, n) with extensions.

    ``place`` is each activity's place in that order; ``row`` the activity at a place, ``day`` its date and ``end`` the
    last place of the same date, each with one more for "none".
    """

    place: NDArray[np.unsignedinteger[Any]]
    row: NDArray[np.intp]
    day: NDArray[np.int16]
    end: NDArray[np.intp]
    past: Bools
    ahead: Bools

    @classmethod
    def of(cls, part: Columns) -> _Dues:
        """Put the due dates of these learners in order."""
        activities, width = part.due.shape
        row = np.argsort(part.due, axis=0, kind="stable")
        day = np.append(np.take_along_axis(part.due, row, 0), np.full((1, width), NO_DAY, np.int16), 0)
        end = np.broadcast_to(np.arange(activities + 1)[:, None], day.shape).copy()
        for place in range(activities - 2, -1, -1):
            end[place] = np.where(day[place] == day[place + 1], end[place + 1], place)
        return cls(
            place=np.argsort(row, axis=0).astype(np.uint8 if activities < 255 else np.uint16),
            row=np.append(row, np.full((1, width), -1), 0),
            day=day,
            end=end,
            past=part.due <= part.day,
            ahead=(part.due > part.day) & (part.due < NO_DAY),
        )

    def at(self, table: NDArray[Any], place: NDArray[Any]) -> NDArray[Any]:
        """What stands at each learner's place; beyond the last one stands "none"."""
        place = np.minimum(place, len(table) - 1)
        found: NDArray[Any] = table[place, np.arange(len(place)) if table.shape[1] > 1 else 0]
        return found


def work(part: Columns, course: Course) -> tuple[Values, NDArray[np.intp]]:
    """Features of work, and the row of each learner's next open activity (-1: none)."""
    common = _Dues.of(part) if part.due.shape[1] == 1 else None
    pieces = [part.part(start, start + TILE) for start in range(0, len(part), TILE)]
    tiles = [_tile(piece, course, common or _Dues.of(piece)) for piece in pieces]
    if len(tiles) == 1:
        return tiles[0]
    values = {name: np.concatenate([tile[0][name] for tile in tiles]) for name in tiles[0][0]}
    return values, np.concatenate([tile[1] for tile in tiles])


def _tile(part: Columns, course: Course, dues: _Dues) -> tuple[Values, NDArray[np.intp]]:
    done = part.submitted < NO_DAY
    known, dated = part.submissions_known, part.submissions_known & part.due_known
    kind = dues.place.dtype
    none = 256**kind.itemsize - 1
    # Sums and products of whole arrays instead of choices: numpy does many at once.
    ahead = dues.place | _all_ones(done | ~dues.ahead, kind)
    first = ahead.min(0, initial=none)
    same_day = np.minimum(dues.at(dues.end, first), none).astype(kind)
    later = (ahead | _all_ones(ahead <= same_day, kind)).min(0, initial=none)
    due_in = _days_to(dues.at(dues.day, first), part.day)
    found: Values = {
        "due_in": where_known(dated, due_in),
        "next_due_in": where_known(dated, _days_to(dues.at(dues.day, later), part.day)),
        "done": where_known(known, count(done)),
        **_missed(dues, done, dated, course),
        **_handed_in(part, done, due_in),
    }
    return found, dues.at(dues.row, first)


def _all_ones(marks: Bools, kind: np.dtype[np.unsignedinteger[Any]]) -> NDArray[np.unsignedinteger[Any]]:
    """All bits set where marked: larger than any rank."""
    return np.negative(marks.view(np.uint8).astype(kind, copy=False))


def _missed(dues: _Dues, done: Bools, dated: Bools, course: Course) -> Values:
    late = dues.past & ~done
    in_time = dues.past & done
    # Places from 1 up, 0 for none: the last activity done that was due, and with it all of its date.
    one = dues.place.dtype.type(1)
    last_done = ((dues.place + one) & _all_ones(in_time, dues.place.dtype)).max(0, initial=0)
    settled = np.where(last_done > 0, dues.at(dues.end, np.maximum(last_done, 1) - 1), -1)
    beyond = dues.place >= (settled + 1).astype(dues.place.dtype)
    overdue, kept = count(late), count(in_time)
    share = 100 * kept.astype(np.int32) // np.maximum(overdue + kept, 1)
    missed = ~done[course.last_due] if course.last_due >= 0 else np.zeros(done.shape[1], bool)
    return {
        "missed_run": where_known(dated, count(late & beyond)),
        "overdue": where_known(dated, overdue),
        "done_share": where_known(dated, np.where(overdue + kept > 0, share, 100)),
        "last_missed": where_known(dated, missed),
    }


def _handed_in(part: Columns, done: Bools, due_in: NDArray[np.int16]) -> Values:
    known, dated = part.submissions_known, part.submissions_known & part.due_known
    # Days from 1 up; 0 where nothing was handed in, 1 for "some day".
    turn = (part.submitted.view(np.uint16) + np.uint16(1 - DONE_SOME_DAY)) & _all_ones(done, np.dtype(np.uint16))
    last = turn.max(0, initial=0).astype(np.int32) + DONE_SOME_DAY - 1
    ago = np.where(last > DONE_SOME_DAY, np.clip(part.day - last, 0, NONE), NONE)
    timed = (turn > 1) & (part.due < NO_DAY)
    off = np.minimum(np.maximum(part.submitted - part.due, np.int16(-FAR_OFF)), np.int16(FAR_OFF))
    off &= _all_ones(timed, np.dtype(np.uint16)).view(np.int16)
    wide = np.int16 if len(off) * FAR_OFF < NO_DAY else np.int32
    mean = np.add.reduce(off, 0, dtype=wide) / np.maximum(count(timed), 1)
    expected = np.where(due_in >= NONE, NONE, np.rint(due_in + np.clip(mean, -30, 7)))
    score = _last_score(part, turn)
    return {
        "handed_in_ago": where_known(known, ago),
        "lateness": where_known(dated, np.rint(10 * mean)),
        "expected_in": where_known(dated, expected),
        "last_score": where_known(known & part.scores_known & (score > NO_SCORE), score),
    }


def _last_score(part: Columns, turn: NDArray[np.uint16]) -> NDArray[np.int16]:
    """The score of the latest submission that has one; the better of two on one day."""
    when = turn & _all_ones(part.score > NO_SCORE, np.dtype(np.uint16))
    latest = when == when.max(0, initial=0)
    best = ((part.score + np.int8(1)).view(np.uint8) & _all_ones(latest, np.dtype(np.uint8))).max(0, initial=0)
    found: NDArray[np.int16] = best.astype(np.int16) - np.int16(1)
    return found


def _days_to(due: NDArray[np.int16], day: int) -> NDArray[np.int16]:
    ahead = due.astype(np.int32) - day
    return np.where(due < NO_DAY, np.minimum(ahead, NONE), NONE).astype(np.int16)
