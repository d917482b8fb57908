"""Recorded course presentations, day by day, as columns: the past seen with the eyes of a given day.

The layout is that of the compact OULAD tables: see ``docs/model-card.md``. Nothing is read here: rows are handed in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engagement.detector.columns import (
    DONE_SOME_DAY,
    NEVER_CAME,
    NO_DAY,
    NO_SCORE,
    RHYTHM_DAYS,
    UNKNOWN,
    Columns,
)

#: First day of recorded activity: some materials open a month before the course does.
FIRST_DAY = -30
#: No marking date is recorded; a tutor's mark is taken to be known a fortnight after submission.
MARKING_DAYS = 14

Rows = Callable[[str, Sequence[str]], Iterable[Sequence[str]]]


@dataclass(frozen=True, slots=True)
class Presentation:
    """One course presentation from its first to its last day; ``active`` is (days, learners) from ``FIRST_DAY`` on."""

    module: str
    name: str
    length: int
    ids: NDArray[np.int64]
    registered: NDArray[np.int16]
    active: NDArray[np.bool_]
    due: NDArray[np.int16]
    tutor_marked: NDArray[np.bool_]
    activity_ids: NDArray[np.int64]
    submitted: NDArray[np.int16]
    score: NDArray[np.int8]

    def columns_at(self, day: int, everyone: bool = False) -> Columns:
        """What could be known at the end of ``day`` of those registered by then (or of everyone enrolled later too)."""
        past = self.active[: day - FIRST_DAY + 1]
        here = np.ones(len(self.ids), bool) if everyone else self.registered <= day
        pick = np.flatnonzero(here)
        past = past[:, pick]
        submitted = self.submitted[:, pick]
        submitted = np.where(submitted <= day, submitted, np.int16(NO_DAY))
        marked_on = submitted + np.where(self.tutor_marked, np.int16(MARKING_DAYS), np.int16(0))[:, None]
        score = np.where(marked_on <= day, self.score[:, pick], np.int8(NO_SCORE))
        last = np.where(past.any(0), day - np.argmax(past[::-1], 0), NEVER_CAME).astype(np.int16)
        active = past[-RHYTHM_DAYS:]
        n = len(pick)
        known = np.ones(n, bool)
        return Columns(
            ids=self.ids[pick],
            day=day,
            length=self.length,
            due=self.due[:, None],
            submitted=submitted,
            score=score,
            active=active,
            days_known=np.full(n, RHYTHM_DAYS, np.int16),
            seen=last,
            enrolled=self.registered[pick],
            access_known=known,
            submissions_known=known,
            due_known=known,
            scores_known=known,
            activity_ids=self.activity_ids,
        )


def presentations(rows: Rows) -> list[Presentation]:
    """Every presentation that ``rows(table, columns)`` yields, in the order of the table of courses."""
    courses = list(rows("courses.csv", ("code_module", "code_presentation", "length_days")))
    learners = _by_course(
        rows("learners.csv.gz", ("code_module", "code_presentation", "id_student", "date_registration"))
    )
    assessments = _by_course(
        rows("assessments.csv", ("code_module", "code_presentation", "id_assessment", "type", "due_day"))
    )
    submissions = _by_course(
        rows(
            "submissions.csv.gz",
            ("code_module", "code_presentation", "id_student", "id_assessment", "date_submitted", "is_banked", "score"),
        )
    )
    daily = _by_course(rows("daily.csv.gz", ("code_module", "code_presentation", "id_student", "day")))
    return [
        _presentation(
            module,
            name,
            int(length),
            learners.get((module, name), []),
            assessments.get((module, name), []),
            submissions.get((module, name), []),
            daily.get((module, name), []),
        )
        for module, name, length in courses
    ]


def _by_course(rows: Iterable[Sequence[str]]) -> dict[tuple[str, str], list[Sequence[str]]]:
    found: dict[tuple[str, str], list[Sequence[str]]] = {}
    for row in rows:
        found.setdefault((row[0], row[1]), []).append(row[2:])
    return found


def _presentation(
    module: str,
    name: str,
    length: int,
    learners: Sequence[Sequence[str]],
    assessments: Sequence[Sequence[str]],
    submissions: Sequence[Sequence[str]],
    daily: Sequence[Sequence[str]],
) -> Presentation:
    registered = {int(row[0]): int(float(row[1])) if row[1] else UNKNOWN for row in learners}
    ids = np.array(sorted(registered), np.int64)
    place = {int(learner): i for i, learner in enumerate(ids)}
    # An exam is an event at the end, not an activity of the course page: most results are not recorded either.
    tasks = [row for row in assessments if row[1] != "Exam"]
    spot = {int(row[0]): i for i, row in enumerate(tasks)}
    active = np.zeros((length - FIRST_DAY + 1, len(ids)), bool)
    for learner, day in daily:
        if FIRST_DAY <= int(day) <= length and int(learner) in place:
            active[int(day) - FIRST_DAY, place[int(learner)]] = True
    submitted, score = _submissions(submissions, spot, place)
    return Presentation(
        module=module,
        name=name,
        length=length,
        ids=ids,
        registered=np.array([registered[int(i)] for i in ids], np.int16),
        active=active,
        due=np.array([int(float(row[2])) if row[2] else NO_DAY for row in tasks], np.int16),
        tutor_marked=np.array([row[1] == "TMA" for row in tasks], bool),
        activity_ids=np.array([int(row[0]) for row in tasks], np.int64),
        submitted=submitted,
        score=score,
    )


def _submissions(
    rows: Sequence[Sequence[str]], spot: Mapping[int, int], place: Mapping[int, int]
) -> tuple[NDArray[np.int16], NDArray[np.int8]]:
    submitted = np.full((len(spot), len(place)), NO_DAY, np.int16)
    score = np.full((len(spot), len(place)), NO_SCORE, np.int8)
    for learner, task, day, banked, points in rows:
        i, j = spot.get(int(task)), place.get(int(learner))
        if i is None or j is None:
            continue
        submitted[i, j] = DONE_SOME_DAY if banked == "1" else min(int(float(day)), int(submitted[i, j]))
        if points and banked != "1":
            score[i, j] = round(float(points))
    return submitted, score
