"""Who has stopped moving, and why: a first honest detector whose every weight is a fact, and the rules around any.

The weights are log-odds and add up. A trained detector may bring its own estimates; the rules hold for both.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from engagement.card import bar, card_reasons, judged_silence
from engagement.course import Course, course_at
from engagement.facts import Cohort, Feeling, StallKind
from engagement.flow import KindGuess, guess_kind, has_asked, recent_feeling
from engagement.moments import aware, zone
from engagement.policy import Policy
from engagement.standing import Standing, standing_of
from engagement.verdicts import Estimate, Reason, ReasonCode, Stall

#: A kind as strong as this is worth a person's word even to somebody who still comes.
STRONG = 0.75
#: Silence shorter than this many usual gaps is the learner's own rhythm.
GAPS = 1.5


def find_stalls(
    cohort: Cohort, policy: Policy, now: datetime, estimates: Mapping[int, Estimate] | None = None
) -> tuple[Stall, ...]:
    """Return those who have stopped moving, most urgent first.

    ``estimates`` are a trained detector's, by learner id; without one for a learner, the card decides. Empty where the
    course has not begun, is over, or was last read too long ago to say anything. Raises ValueError for naive times.
    """
    return stalls_among(standings_at(cohort, now), policy, estimates)


@dataclass(frozen=True, slots=True)
class Standings:
    """Where every learner of a course stood at ``now``: all that a policy is then applied to."""

    course: Course
    now: datetime
    each: tuple[Standing, ...]


def standings_at(cohort: Cohort, now: datetime) -> Standings:
    """Return where everybody stands; raises ValueError for naive times."""
    course = course_at(cohort, now)
    each = tuple(standing_of(learner, course) for learner in course.cohort.learners) if course.runs else ()
    return Standings(course, now, each)


def stalls_among(
    standings: Standings, policy: Policy, estimates: Mapping[int, Estimate] | None = None
) -> tuple[Stall, ...]:
    """``find_stalls`` for standings that are known already."""
    course, now, estimates = standings.course, standings.now, estimates or {}
    if not course.runs or now - course.now > timedelta(hours=policy.stale_hours):
        return ()
    found = (_stall(one, policy, now, estimates.get(one.learner.id)) for one in standings.each)
    return tuple(sorted((one for one in found if one is not None), key=_urgency))


def _urgency(stall: Stall) -> tuple[bool, bool, float, int]:
    return (not stall.asked, stall.kind is not StallKind.STUCK, -stall.probability, stall.learner_id)


def _stall(standing: Standing, policy: Policy, now: datetime, estimate: Estimate | None) -> Stall | None:
    learner = standing.learner
    if learner.id in policy.excluded:
        return None
    asked = has_asked(standing, policy)
    snoozed = learner.snoozed_until is not None and aware(learner.snoozed_until) > now
    if standing.finished or (snoozed and not asked):
        return None
    guess = guess_kind(standing, policy)
    reasons = card_reasons(standing, policy)
    if estimate is not None:
        reasons = _joined(estimate, reasons)
    height, raised = bar(standing, policy)
    log_odds = sum(reason.weight for reason in reasons)
    if not _is_listed(standing, guess, asked, log_odds >= height, estimate is not None, policy):
        return None
    return Stall(
        learner_id=learner.id,
        kind=guess.kind,
        probability=sigmoid(log_odds),
        reasons=_with_facts((*reasons, *raised), guess.reasons),
        since=_since(standing),
        activity_id=guess.activity_id,
        confidence=guess.confidence,
        used=standing.rhythm.used | (estimate.used if estimate else learner.known),
        leaving=estimate.leaving if estimate else None,
        asked=asked,
    )


def sigmoid(log_odds: float) -> float:
    """The chance that belongs to log-odds."""
    return 1 / (1 + math.exp(-max(min(log_odds, 30.0), -30.0)))


def _is_listed(
    standing: Standing, guess: KindGuess, asked: bool, over_the_bar: bool, estimated: bool, policy: Policy
) -> bool:
    if asked:
        return True
    if guess.kind is StallKind.WAITING or recent_feeling(standing, policy) is Feeling.JUST_RIGHT:
        return False
    if guess.kind is StallKind.STUCK and guess.strength >= STRONG:
        return True
    silence = judged_silence(standing)
    if silence is None or not over_the_bar:
        # Neither last access nor days: a gap is not silence, whatever an estimate says.
        return False
    if estimated and not standing.rhythm.never_came:
        return True
    # Whoever has just joined is given time to come at all, whatever an estimate says.
    return silence >= max(policy.silent_days, GAPS * (standing.rhythm.usual_gap or 0.0))


def _joined(estimate: Estimate, card: tuple[Reason, ...]) -> tuple[Reason, ...]:
    """The estimate's own reasons, and without weight the card's facts of which it does not speak for the stall."""
    spoken = {(reason.code, reason.facts.get("activity_id")) for reason in estimate.reasons if reason.weight >= 0}
    chance = min(max(estimate.probability, 1e-6), 1 - 1e-6)
    rest = math.log(chance / (1 - chance)) - sum(reason.weight for reason in estimate.reasons)
    # The estimate's probability is its word: what its reasons leave open belongs to the base.
    closing = (Reason(ReasonCode.BASE, {}, rest),) if abs(rest) > 1e-6 else ()
    facts = tuple(
        Reason(reason.code, reason.facts)
        for reason in card
        if reason.weight > 0 and (reason.code, reason.facts.get("activity_id")) not in spoken
    )
    return (*estimate.reasons, *closing, *facts)


def _with_facts(reasons: tuple[Reason, ...], more: tuple[Reason, ...]) -> tuple[Reason, ...]:
    spoken = {(reason.code, reason.facts.get("activity_id")) for reason in reasons}
    return (*reasons, *(one for one in more if (one.code, one.facts.get("activity_id")) not in spoken))


def _since(standing: Standing) -> datetime | None:
    """When the learner was last seen to move, as exactly as anybody knows."""
    rhythm, zone_name = standing.rhythm, zone(standing.course.cohort.time_zone)
    day = standing.learner.enrolled_on if rhythm.never_came else rhythm.last_on
    if day is None:
        return standing.last_at
    at = standing.last_at
    if at is not None and at.astimezone(zone_name).date() >= day:
        return at
    return datetime.combine(day, time(), zone_name).astimezone(UTC)
