"""How a learner comes: days since the last visit, active days, their running averages, and habits over twelve weeks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engagement.detector.columns import NEVER_CAME, RHYTHM_DAYS, UNKNOWN, Columns
from engagement.detector.counting import Values, count, where_known
from engagement.detector.course import NONE, Course

#: Half-lives, in days, of the two running averages of presence.
HALF_LIVES = {"recent": 5, "steady": 12}
#: Learners whose averages are taken together: too few for a second core to be woken, which costs more than it saves.
TILE = 8192


def presence(part: Columns, course: Course) -> Values:
    """Features of presence; windows are fixed by the calendar, never by the learner's own first or last day."""
    visits = _visits(part)
    return {**visits, **_averages(part), **_habits(part, course, visits)}


def _visits(part: Columns) -> Values:
    came = part.seen > NEVER_CAME
    silent = np.where(came, np.int16(part.day) - part.seen, np.int16(NONE))
    found: Values = {"silent_days": np.where(part.access_known, np.clip(silent, 0, NONE), np.int16(UNKNOWN))}
    week = count(part.active[-7:])
    fortnight = week + count(part.active[-14:-7])
    month = fortnight + count(part.active[-28:-14])
    for name, came_on, days in (("active_7", week, 7), ("active_14", fortnight, 14), ("active_28", month, 28)):
        found[name] = where_known(part.days_known >= days, came_on)
    return found


def _averages(part: Columns) -> Values:
    last = part.active[-28:]
    ages = np.arange(len(last))[::-1]
    known = part.days_known >= 28
    found: Values = {}
    kernel = np.array([0.5 ** (ages / days) for days in HALF_LIVES.values()], np.float32)
    pieces = [last[:, start : start + TILE].astype(np.float32) for start in range(0, len(part), TILE)]
    sums = np.concatenate([kernel @ piece for piece in pieces], 1) if pieces else np.zeros((len(kernel), 0))
    for name, row in zip(HALF_LIVES, sums, strict=True):
        found[name] = where_known(known, np.rint(row * 100).astype(np.int16))
    return found


def _habits(part: Columns, course: Course, visits: Values) -> Values:
    """Habits over twelve weeks; unknown where less is known."""
    n = len(part)
    known = part.days_known >= RHYTHM_DAYS
    if not known.any():
        unknown = np.full(n, UNKNOWN, np.int16)
        return dict.fromkeys(("usual", "weeks", "longest_gap", "silent_share", "after_due"), unknown)
    width = len(part.active)
    first_day = part.day - width + 1
    # Materials may open a month before the course; silence is counted from a week before it.
    since = np.maximum(np.where(part.enrolled == UNKNOWN, np.int16(first_day), part.enrolled), np.int16(first_day))
    span = np.maximum(part.day - 28 - np.maximum(since, -25), 0)
    earlier = count(part.active[:-28])
    usual = np.where(span > 6, np.rint(earlier * 28 / np.maximum(span, 1)), visits["active_28"])
    weeks = np.zeros(n, np.int16)
    for end in range(width, 0, -7)[:8]:
        weeks += part.active[max(0, end - 7) : end].any(0)
    gap, silent = _gaps(part.active, first_day, np.maximum(since, -7))
    return {
        "usual": where_known(known, usual.astype(np.int16)),
        "weeks": where_known(known, weeks),
        "longest_gap": where_known(known, gap),
        "silent_share": where_known(known, silent),
        "after_due": where_known(known, _after_due(part, course, visits)),
    }


def _gaps(active: NDArray[np.bool_], first_day: int, since: NDArray[np.int16]) -> tuple[NDArray[np.int16], ...]:
    """The longest silence, and the share (percent) of days at the end of a week or more of silence."""
    run, longest, weekly = (np.zeros(active.shape[1], np.int16) for _ in range(3))
    for row, came in enumerate(active):
        run += 1
        run[came | (since > first_day + row)] = 0
        np.maximum(longest, run, out=longest)
        weekly += run >= 7
    days = np.maximum(first_day + len(active) - since, 1)
    return longest, where_known(True, np.rint(100 * weekly / days))


def _after_due(part: Columns, course: Course, visits: Values) -> NDArray[np.int16]:
    """Active days, times ten, in the ten days after each of the last three due dates that are ten days past."""
    counts = []
    for due in course.past_dues[:3]:
        end = len(part.active) - (part.day - due) + 10
        if part.day - due >= 10 and end - 10 >= 0:
            counts.append(count(part.active[end - 10 : end]))
    mean = visits["active_14"] * (10 / 14) if not counts else np.mean(counts, 0)
    return where_known(True, np.rint(10 * mean))
