"""Why: the tables' log-odds added up under what a person can read, with the facts in the course's own terms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np

from engagement.detector.assess import CARDS, Assessment, assess
from engagement.detector.calibration import Calibration
from engagement.detector.card import Floats, Weights, among
from engagement.detector.columns import NO_DAY, UNKNOWN, Columns
from engagement.detector.counting import Values
from engagement.detector.course import NONE, Course
from engagement.detector.features import features
from engagement.detector.reading import columns_of
from engagement.values import Cohort, Estimate, Reason, ReasonCode

Facts = Mapping[str, int | float | str | date | None]

#: What each feature speaks of. A table of several features is shared out equally among what they speak of.
TOPICS = {
    ReasonCode.SILENT: ("silent_days", "longest_gap", "silent_share"),
    ReasonCode.FADING: (
        "active_7",
        "active_14",
        "active_28",
        "recent",
        "steady",
        "usual",
        "weeks",
        "against_course",
        "after_due",
    ),
    ReasonCode.DUE_SOON: ("due_in", "next_due_in", "expected_in", "lateness", "begun"),
    ReasonCode.OVERDUE: ("missed_run", "last_missed", "done_share", "overdue"),
    ReasonCode.BEHIND: ("done", "handed_in_ago"),
    ReasonCode.HIGH_SCORES: ("last_score",),
    ReasonCode.COURSE_QUIET: ("course_due_in", "course_due_ago", "course_active", "course_rhythm"),
}
_TOPIC = {feature: code for code, names in TOPICS.items() for feature in names}
#: Scores from here on are worth saying as such.
HIGH = 70


@dataclass(frozen=True, slots=True)
class Breakdown:
    """Features and log-odds by topic for some learners; ``base`` is what everybody starts from."""

    columns: Columns
    course: Course
    values: Values
    base: Floats
    topics: Mapping[ReasonCode, Floats]

    def reasons(self, i: int) -> tuple[Reason, ...]:
        """The reasons of the learner at ``i``, heaviest first and the base last; they add up to the log-odds."""
        value = {name: int(column[i]) for name, column in self.values.items()}
        found = [
            _reason(code, float(weights[i]), self, i, value) for code, weights in self.topics.items() if weights[i]
        ]
        found.sort(key=lambda reason: (-abs(reason.weight), reason.code))
        return (*found, Reason(ReasonCode.BASE, {}, float(self.base[i])))


def breakdown(assessment: Assessment, start: int = 0, stop: int | None = None) -> Breakdown:
    """The log-odds of silence by topic, for the learners from ``start`` to ``stop``."""
    stop = len(assessment) if stop is None else stop
    part = assessment.columns.part(start, stop)
    values = features(part, assessment.course)
    bins = assessment.weights.bins(values)
    calibration = assessment.calibration
    base = np.full(len(part), calibration.intercept)
    topics = {code: np.zeros(len(part)) for code in TOPICS}
    card = assessment.card[start:stop]
    for which in np.unique(card):
        rows = np.flatnonzero(card == which)
        some = among(bins, rows)
        head = assessment.weights.cards[CARDS[which]]["silent"]
        base[rows] += calibration.slope * head.baseline
        for table in head.tables:
            weights = calibration.slope * table.weights.take(table.cells(some)) / len(table.features)
            for feature in table.features:
                topics[_TOPIC[feature]][rows] += weights
    return Breakdown(part, assessment.course, values, base, topics)


def explain(assessment: Assessment, i: int) -> tuple[Reason, ...]:
    """The reasons of the learner at ``i``; their weights add up to the log-odds of ``probability``."""
    return breakdown(assessment, i, i + 1).reasons(0)


def estimates(
    cohort: Cohort, now: datetime, calibration: Calibration | None = None, weights: Weights | None = None
) -> dict[int, Estimate]:
    """What the detector says of every learner, by id; raises ValueError for naive times."""
    assessment = assess(columns_of(cohort, now), weights, calibration)
    why = breakdown(assessment)
    return {
        int(learner): Estimate(
            float(assessment.probability[i]), why.reasons(i), float(assessment.leaving[i]), assessment.used(i)
        )
        for i, learner in enumerate(assessment.columns.ids)
    }


def _reason(code: ReasonCode, weight: float, why: Breakdown, i: int, value: Mapping[str, int]) -> Reason:
    if code is ReasonCode.SILENT:
        return _silent(weight, why, i, value)
    if code is ReasonCode.FADING and value["active_28"] != UNKNOWN:
        usual = value["usual"] if value["usual"] > value["active_28"] else None
        return Reason(code, {"active": value["active_28"], "of": 28, "usual": usual}, weight)
    if code is ReasonCode.DUE_SOON:
        return _due_soon(weight, why, i, value)
    if code is ReasonCode.OVERDUE and value["overdue"] > 0:
        return _overdue(weight, why, i)
    if code is ReasonCode.BEHIND and value["done"] != UNKNOWN:
        typical = round(float(why.course.done.sum()) / max(why.course.alive, 1))
        if value["done"] < typical or weight < 0:
            return Reason(code, {"done": value["done"], "typical": typical, "of": len(why.course.done)}, weight)
    if code is ReasonCode.HIGH_SCORES and value["last_score"] >= HIGH and weight < 0:
        return Reason(code, {"average": value["last_score"] / 100}, weight)
    if code is ReasonCode.COURSE_QUIET and value["course_active"] != UNKNOWN:
        return Reason(code, {"active_share": value["course_active"] / 100}, weight)
    return _model(code, weight, value)


def _model(code: ReasonCode, weight: float, value: Mapping[str, int]) -> Reason:
    """A contribution with no better words, such as that of a fact that nobody told."""
    feature = TOPICS[code][0]
    known = value[feature] not in (UNKNOWN, NONE)
    return Reason(ReasonCode.MODEL, {"feature": feature, "value": value[feature] if known else None}, weight)


def _silent(weight: float, why: Breakdown, i: int, value: Mapping[str, int]) -> Reason:
    days, usual = value["silent_days"], value["usual"]
    if days == NONE:
        enrolled = int(why.columns.enrolled[i])
        return Reason(
            ReasonCode.NEVER_CAME,
            {"enrolled_days": None if enrolled == UNKNOWN else max(why.columns.day - enrolled, 0)},
            weight,
        )
    if days == UNKNOWN:
        return _model(ReasonCode.SILENT, weight, value)
    per_week = None if usual == UNKNOWN else round(usual / 4, 1)
    return Reason(ReasonCode.SILENT, {"days": days, "usual_per_week": per_week}, weight)


def _due_soon(weight: float, why: Breakdown, i: int, value: Mapping[str, int]) -> Reason:
    columns, day = why.columns, why.columns.day
    due = columns.due[:, i if columns.due.shape[1] > 1 else 0]
    ahead = np.flatnonzero((columns.submitted[:, i] >= NO_DAY) & (due > day) & (due < NO_DAY))
    if value["due_in"] == UNKNOWN or not ahead.size:
        if columns.length is not None and columns.length > 0 and day >= 0 and value["due_in"] != UNKNOWN:
            return Reason(ReasonCode.LATE, {"share": round(min(day / columns.length, 1.0), 2)}, weight)
        return _model(ReasonCode.DUE_SOON, weight, value)
    row = int(ahead[np.argmin(due[ahead])])
    begun = None if value["begun"] == UNKNOWN else value["begun"] / 100
    return Reason(ReasonCode.DUE_SOON, {**_when(columns, row, int(due[row])), "begun_share": begun}, weight)


def _overdue(weight: float, why: Breakdown, i: int) -> Reason:
    columns, day = why.columns, why.columns.day
    due = columns.due[:, i if columns.due.shape[1] > 1 else 0]
    missed = np.flatnonzero((columns.submitted[:, i] >= NO_DAY) & (due <= day))
    row = int(missed[np.argmax(due[missed])])
    share = round(float(why.course.done[row]) / max(why.course.alive, 1), 2)
    return Reason(ReasonCode.OVERDUE, {**_when(columns, row, int(due[row])), "done_share": min(share, 1.0)}, weight)


def _when(columns: Columns, row: int, due: int) -> Facts:
    on = None if columns.first_day_on is None else columns.first_day_on + timedelta(days=due)
    return {"activity_id": int(columns.activity_ids[row]), "due_on": on, "days": due - columns.day}
