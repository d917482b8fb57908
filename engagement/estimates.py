"""The trained detector's word on each learner, in reasons that a person can read."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from engagement.detector import Calibration, estimates
from engagement.facts import Cohort
from engagement.moments import day_of
from engagement.verdicts import Estimate, Reason, ReasonCode

#: "Silent for one day" explains nothing, whatever the points say.
SILENCE_WORTH_SAYING = 3
#: Somebody who came on more days of 28 than this does not come "seldom", unless they used to come more.
SELDOM = 7
#: A course in which more of the others came this week than this share is not quiet.
QUIET_COURSE = 0.5


def estimates_for(cohort: Cohort, now: datetime, calibration: Calibration | None = None) -> dict[int, Estimate]:
    """What the detector says of every learner of the cohort, by id, as far as was known at ``now``.

    ``calibration`` is the academy's own (None: as shipped). The reasons' weights still add up to the log-odds; a
    contribution whose sentence would say nothing to a person keeps its weight and loses its words. Raises ValueError
    for naive times.
    """
    today = day_of(now, cohort.time_zone)
    here = any(one.enrolled_on is None or one.enrolled_on <= today for one in cohort.learners)
    found = estimates(cohort, now, calibration) if here else {}
    return {key: replace(one, reasons=tuple(readable(reason) for reason in one.reasons)) for key, one in found.items()}


def readable(reason: Reason) -> Reason:
    """The reason with its facts as people count them, or without words where its sentence would make no sense."""
    facts, days = dict(reason.facts), reason.facts.get("days")
    if reason.code is ReasonCode.OVERDUE and isinstance(days, int):
        facts["days"] = abs(days)
    if reason.weight > 0 and not _speaks_for_silence(reason):
        return Reason(ReasonCode.MODEL, {"feature": reason.code.value, "value": None}, reason.weight)
    return replace(reason, facts=facts)


def _speaks_for_silence(reason: Reason) -> bool:
    facts = reason.facts
    if reason.code is ReasonCode.SILENT:
        return _number(facts.get("days")) >= SILENCE_WORTH_SAYING
    if reason.code is ReasonCode.FADING:
        return facts.get("usual") is not None or _number(facts.get("active")) <= SELDOM
    if reason.code is ReasonCode.BEHIND:
        return _number(facts.get("done")) < _number(facts.get("typical"))
    if reason.code is ReasonCode.COURSE_QUIET:
        return _number(facts.get("active_share")) < QUIET_COURSE
    return True


def _number(value: object) -> float:
    return float(value) if isinstance(value, (int, float)) else 0.0
