"""The kinds of stall told apart by facts: stuck, bored, overloaded, drifting, never started, or waiting for the tutor.

The learner's own one-tap answer outweighs every guess.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from engagement.course import NOTHING, course_at, is_met
from engagement.facts import Activity, Cohort, Feeling, Knowledge, Learner, StallKind
from engagement.moments import FORTNIGHT, day_of
from engagement.policy import Policy
from engagement.standing import Standing, due_of, standing_of
from engagement.verdicts import Reason, ReasonCode

SAID = {Feeling.TOO_HARD: StallKind.STUCK, Feeling.TOO_EASY: StallKind.BORED, Feeling.NO_TIME: StallKind.OVERLOADED}
SURE = 0.95
#: The kind that is left when no fact speaks for another; every hidden fact must pull any guess below it.
LEFT_OVER = 0.6
HIDDEN = 0.6
HIDDEN_DAYS = 0.85
HIGH = 0.85
#: Whoever has come within these days is "here"; silence beyond them is no sign of having too much to do.
HERE_DAYS = 4
#: What fell due longer ago than this is a backlog, and no longer "all at once".
JUST_MISSED = timedelta(days=3)
#: Coming on fewer days than this share of the usual ones is fading.
FADING = 0.7


@dataclass(frozen=True, slots=True)
class KindGuess:
    """What kind of stall this would be; ``said`` where the learner told us so or asked for help.

    ``confidence`` runs from 0 to 1 and never rises when facts are hidden; ``strength`` is the same before what is
    hidden was taken off.
    """

    kind: StallKind
    confidence: float
    reasons: tuple[Reason, ...] = ()
    activity_id: int | None = None
    said: bool = False
    strength: float = 0.0


def kind_of(learner: Learner, cohort: Cohort, now: datetime, policy: Policy | None = None) -> KindGuess:
    """Guess the kind of stall this learner would be in; raises ValueError for naive times, KeyError for a stranger."""
    course = course_at(cohort, now)
    known = {one.id: one for one in course.cohort.learners}
    return guess_kind(standing_of(known[learner.id], course), policy or Policy())


def guess_kind(standing: Standing, policy: Policy) -> KindGuess:
    """Guess the kind from where a learner stands: what they said, then what the facts say."""
    said = _said(standing, policy)
    if said is not None:
        return said
    kind, strength, reasons, place = _by_facts(standing, policy)
    doubt = 1.0
    for one in Knowledge:
        if one not in standing.learner.known:
            doubt *= HIDDEN_DAYS if one is Knowledge.DAYS else HIDDEN
    if recent_feeling(standing, policy) is Feeling.JUST_RIGHT:
        doubt *= HIDDEN
    return KindGuess(kind, strength * doubt, reasons, place.id if place else None, strength=strength)


def recent_feeling(standing: Standing, policy: Policy) -> Feeling | None:
    """What the learner said about themselves in the last days, unless it was about something they finished since."""
    learner = standing.learner
    if learner.feeling is None or learner.feeling_at is None:
        return None
    if standing.course.now - learner.feeling_at > timedelta(days=policy.feeling_days):
        return None
    about = learner.progress.get(learner.feeling_about) if learner.feeling_about is not None else None
    return None if about is not None and about.state.is_done else learner.feeling


def has_asked(standing: Standing, policy: Policy) -> bool:
    """Whether the learner asked for help in the last days: the one signal that no quiet rule may hold back."""
    asked = standing.learner.asked_for_help_at
    return asked is not None and standing.course.now - asked <= timedelta(days=policy.feeling_days)


def _said(standing: Standing, policy: Policy) -> KindGuess | None:
    learner, zone_name = standing.learner, standing.course.cohort.time_zone
    place = standing.failing.activity if standing.failing else standing.next_up
    place_id = learner.feeling_about if learner.feeling_about is not None else place.id if place else None
    if has_asked(standing, policy) and learner.asked_for_help_at is not None:
        asked = Reason(ReasonCode.ASKED_FOR_HELP, {"on": day_of(learner.asked_for_help_at, zone_name)})
        return KindGuess(StallKind.STUCK, SURE, (asked,), place_id, said=True, strength=SURE)
    feeling = recent_feeling(standing, policy)
    if feeling not in SAID or learner.feeling_at is None:
        return None
    reason = Reason(ReasonCode.SAID, {"feeling": feeling.value, "on": day_of(learner.feeling_at, zone_name)})
    return KindGuess(SAID[feeling], SURE, (reason,), place_id, said=True, strength=SURE)


Guess = tuple[StallKind, float, tuple[Reason, ...], Activity | None]


def _by_facts(standing: Standing, policy: Policy) -> Guess:
    if standing.rhythm.never_came:
        return StallKind.NEVER_STARTED, 0.9, (), standing.next_up
    for rule in (_stuck, _waiting, _overloaded, _bored):
        found = rule(standing, policy)
        if found is not None:
            return found
    return StallKind.DRIFTING, LEFT_OVER, (), standing.overdue[0] if standing.overdue else standing.next_up


def _stuck(standing: Standing, policy: Policy) -> Guess | None:
    failing, question = standing.failing, _open_question(standing)
    if failing is None or failing.rising:
        return _unanswered(standing, question)
    asked = question is not None and question.facts["activity_id"] == failing.activity.id
    reasons = (failing_reason(standing), question) if question and asked else (failing_reason(standing),)
    # Asking is one more way of trying.
    tries = failing.failures + asked
    if tries >= policy.failed_attempts:
        strength = min(0.75 + 0.05 * (tries - policy.failed_attempts), 0.9)
        return StallKind.STUCK, strength, reasons, failing.activity
    stopped_there = failing.last_at is not None and standing.last_at is not None
    silent = (standing.rhythm.counted_days or 0) >= policy.silent_days
    if silent and stopped_there and _close(standing.last_at, failing.last_at):
        return StallKind.STUCK, 0.7, reasons, failing.activity
    return None


def _open_question(standing: Standing) -> Reason | None:
    """The learner's oldest question of the last days about something not done yet, while nobody has answered it."""
    asked = standing.learner.questions
    unmet = {one.id for one in standing.course.open if not is_met(standing.learner.progress.get(one.id, NOTHING))}
    fresh = [(at, id_) for id_, at in asked.items() if id_ in unmet and standing.course.now - at <= FORTNIGHT]
    if not fresh:
        return None
    at, activity_id = min(fresh)
    return Reason(ReasonCode.QUESTION_OPEN, {"activity_id": activity_id, "days": _days_since(standing, at)})


def _unanswered(standing: Standing, question: Reason | None) -> Guess | None:
    if question is None:
        return None
    place = next(one for one in standing.course.open if one.id == question.facts["activity_id"])
    return StallKind.STUCK, 0.65, (question,), place


def _close(one: datetime | None, other: datetime | None) -> bool:
    return one is not None and other is not None and one - other <= timedelta(days=2)


def _waiting(standing: Standing, policy: Policy) -> Guess | None:
    if not standing.waiting or standing.overdue:
        return None
    activity, entry = max(standing.waiting, key=lambda one: (one[1].submitted_at or standing.course.now, one[0].id))
    nothing_else = standing.next_up is None
    if not nothing_else and not _close(standing.last_at, entry.submitted_at):
        return None
    days = _days_since(standing, entry.submitted_at)
    reason = Reason(ReasonCode.WAITING_FOR_MARK, {"activity_id": activity.id, "days": days})
    return StallKind.WAITING, 0.7, (reason,), activity


def _overloaded(standing: Standing, policy: Policy) -> Guess | None:
    """Several things at once, for somebody who is there: whoever has been gone for long is not busy here."""
    away = standing.rhythm.counted_days
    if away is None or away > min(HERE_DAYS, policy.silent_days):
        return None
    pressing = (*_just_missed(standing), *standing.due_soon)
    strained = standing.partial >= 2 or standing.at_night >= 3
    if len(pressing) < 3 and not (len(pressing) == 2 and strained):
        return None
    reasons = [Reason(ReasonCode.SEVERAL_DUE, {"count": len(pressing), "days": 7})]
    if standing.at_night >= 3:
        reasons.append(Reason(ReasonCode.LATE_NIGHTS, {"count": standing.at_night, "days": FORTNIGHT.days}))
    if standing.partial >= 2:
        reasons.append(Reason(ReasonCode.HALF_DONE, {"count": standing.partial}))
    return StallKind.OVERLOADED, 0.7 if strained else 0.65, tuple(reasons), pressing[0]


def _just_missed(standing: Standing) -> list[Activity]:
    since, found = standing.course.now - JUST_MISSED, []
    for one in standing.overdue:
        due_at = due_of(one, standing.learner.progress.get(one.id, NOTHING))
        if due_at is not None and due_at >= since:
            found.append(one)
    return found


def _bored(standing: Standing, policy: Policy) -> Guess | None:
    typical, done, average = standing.course.typical_done, standing.done, standing.average
    if typical is None or done is None or average is None or average < HIGH or done < typical + 2:
        return None
    if not _comes_less(standing, policy):
        return None
    ahead = Reason(ReasonCode.AHEAD, {"done": done, "typical": math.ceil(typical)})
    scores = Reason(ReasonCode.HIGH_SCORES, {"average": average})
    return StallKind.BORED, 0.65, (ahead, scores), standing.next_up


def _comes_less(standing: Standing, policy: Policy) -> bool:
    rhythm = standing.rhythm
    if (rhythm.counted_days or 0) >= policy.silent_days:
        return True
    if rhythm.active is None or not rhythm.of or rhythm.usual_per_week is None:
        return False
    return rhythm.active * 7 / rhythm.of < FADING * rhythm.usual_per_week


def _days_since(standing: Standing, at: datetime | None) -> int | None:
    return None if at is None else (standing.course.today - day_of(at, standing.course.cohort.time_zone)).days


def failing_reason(standing: Standing, weight: float = 0.0) -> Reason:
    """The fact of failing again and again, in the course's own terms; raises ValueError where nothing fails."""
    failing = standing.failing
    if failing is None:
        raise ValueError(f"learner {standing.learner.id} fails nothing")
    days = _days_since(standing, failing.last_at)
    facts = {
        "activity_id": failing.activity.id,
        "attempts": failing.failures,
        "days": days,
        "best": failing.best,
        "pass_share": failing.activity.pass_share,
    }
    return Reason(ReasonCode.FAILED_ATTEMPTS, facts, weight)
