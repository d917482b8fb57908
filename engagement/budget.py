"""Quiet rules: which stalls become alerts this week, whose they are, and why the others must wait."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from engagement.facts import Cohort, StallKind
from engagement.moments import WEEK, aware, day_of, is_within
from engagement.policy import Policy
from engagement.verdicts import Stall


class Why(StrEnum):
    """Why a stall is held back."""

    WAITING = "waiting"
    SAID_WRONG = "said_wrong"
    SNOOZED = "snoozed"
    COOL_DOWN = "cool_down"
    HOLIDAY = "holiday"
    EXAM_WEEK = "exam_week"
    COURSE_BUDGET = "course_budget"
    TUTOR_BUDGET = "tutor_budget"


@dataclass(frozen=True, slots=True)
class PastAlert:
    """An episode opened earlier about a learner: when it ended, whether it was called wrong, and on whose desk."""

    learner_id: int
    opened_at: datetime
    ended_at: datetime | None = None
    wrong: bool = False
    tutor_id: int | None = None


@dataclass(frozen=True, slots=True)
class Desk:
    """A tutor who may be given alerts; ``groups`` empty means all of the course; ``weekly`` None means the policy's."""

    tutor_id: int
    groups: frozenset[int] = frozenset()
    weekly: int | None = None
    away_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class AlertHistory:
    """The course's episodes of the last weeks (at least the cool-down), open ones too, and its tutors.

    With no tutors at all nobody owns an alert and only the course's budget counts.
    """

    alerts: tuple[PastAlert, ...] = ()
    tutors: tuple[Desk, ...] = ()


@dataclass(frozen=True, slots=True)
class Alert:
    """A stall that may become an episode now, and the tutor on whose desk it lands."""

    stall: Stall
    tutor_id: int | None = None


@dataclass(frozen=True, slots=True)
class HeldBack:
    """A stall that waits, and why."""

    stall: Stall
    why: Why


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a sweep may raise: new alerts, stalls of episodes that run already, and what is held back with why."""

    alerts: tuple[Alert, ...] = ()
    running: tuple[Stall, ...] = ()
    held_back: tuple[HeldBack, ...] = ()

    @property
    def stalls(self) -> tuple[Stall, ...]:
        """All stalls that ``episodes.decide`` may act on: new alerts and running episodes."""
        return (*(alert.stall for alert in self.alerts), *self.running)


@dataclass(slots=True)
class _Week:
    """What is left of this week's budgets while a sweep is choosing."""

    course_left: int
    desks: tuple[Desk, ...]
    tutor_left: dict[int, int] = field(default_factory=dict)


def weekly_budget(cohort: Cohort, policy: Policy) -> int:
    """How many alerts a week this course may raise."""
    return budget_for(len(cohort.learners), policy)


def budget_for(learners: int, policy: Policy) -> int:
    """How many alerts a week a course of so many learners may raise."""
    if policy.weekly_most is not None:
        return max(policy.weekly_most, 0)
    return max(policy.weekly_floor, round(policy.weekly_share * learners))


def choose(stalls: Sequence[Stall], history: AlertHistory, policy: Policy, now: datetime, cohort: Cohort) -> Chosen:
    """Choose what to raise now, the most urgent and best to help first; equal ones by the learner's id.

    Whoever asked for help is never held back and costs no budget. Raises ValueError for naive times.
    """
    aware(now)
    running_ids = {alert.learner_id for alert in history.alerts if alert.ended_at is None}
    past = _by_learner(history.alerts)
    snoozed = {one.id: one.snoozed_until for one in cohort.learners if one.snoozed_until is not None}
    quiet = _quiet_season(cohort, now)
    week = _this_week(history, policy, now, cohort)
    groups = {one.id: one.groups for one in cohort.learners}
    alerts: list[Alert] = []
    held: list[HeldBack] = []
    for stall in sorted(stalls, key=lambda stall: _priority(stall, now)):
        if stall.learner_id in running_ids:
            continue
        why = None if stall.asked else _own_reason(stall, past.get(stall.learner_id, ()), snoozed, policy, now) or quiet
        if why is None:
            tutor_id, why = _take(week, groups.get(stall.learner_id, frozenset()), stall.asked)
        if why is None:
            alerts.append(Alert(stall, tutor_id))
        else:
            held.append(HeldBack(stall, why))
    running = tuple(stall for stall in stalls if stall.learner_id in running_ids)
    return Chosen(tuple(alerts), running, tuple(held))


def _by_learner(alerts: Sequence[PastAlert]) -> Mapping[int, tuple[PastAlert, ...]]:
    found: dict[int, tuple[PastAlert, ...]] = {}
    for alert in alerts:
        found[alert.learner_id] = (*found.get(alert.learner_id, ()), alert)
    return found


#: How much a word can do, by kind: most where the learner still tries, least where nothing has begun.
CHANCE_TO_HELP = {
    StallKind.STUCK: 1.0,
    StallKind.OVERLOADED: 0.75,
    StallKind.BORED: 0.6,
    StallKind.DRIFTING: 0.6,
    StallKind.NEVER_STARTED: 0.3,
}
#: Whoever is stuck needs a word although they still come: their case is at least as pressing as this chance of silence.
LEAST = {StallKind.STUCK: 0.5}
#: The longer somebody is away the less a message reaches them; after this span it is worth half.
HALVED_AFTER = timedelta(days=21)


def worth(kind: StallKind, probability: float, since: datetime | None, now: datetime) -> float:
    """How much a word now is worth: how likely the silence is, times what a word can do about it. 0 to 1."""
    away = max(timedelta(), now - since) if since is not None else timedelta()
    probability = max(probability, LEAST.get(kind, 0.0))
    return float(probability * CHANCE_TO_HELP.get(kind, 0.5) * 0.5 ** (away / HALVED_AFTER))


def _priority(stall: Stall, now: datetime) -> tuple[bool, float, int]:
    return not stall.asked, -worth(stall.kind, stall.probability, stall.since, now), stall.learner_id


def _quiet_season(cohort: Cohort, now: datetime) -> Why | None:
    today = day_of(now, cohort.time_zone)
    if is_within(cohort.holidays, today):
        return Why.HOLIDAY
    return Why.EXAM_WEEK if is_within(cohort.exam_weeks, today) else None


def _own_reason(
    stall: Stall,
    past: Sequence[PastAlert],
    snoozed: Mapping[int, datetime],
    policy: Policy,
    now: datetime,
) -> Why | None:
    if stall.kind is StallKind.WAITING:
        return Why.WAITING
    if any(one.wrong and now - (one.ended_at or one.opened_at) < timedelta(days=policy.wrong_days) for one in past):
        return Why.SAID_WRONG
    if stall.learner_id in snoozed and snoozed[stall.learner_id] > now:
        return Why.SNOOZED
    if any(now - (one.ended_at or one.opened_at) < timedelta(days=policy.cool_down_days) for one in past):
        return Why.COOL_DOWN
    return None


def _this_week(history: AlertHistory, policy: Policy, now: datetime, cohort: Cohort) -> _Week:
    recent = [alert for alert in history.alerts if timedelta() <= now - aware(alert.opened_at) < WEEK]
    spent = Counter(alert.tutor_id for alert in recent)
    desks = tuple(desk for desk in history.tutors if desk.away_until is None or desk.away_until <= now)
    left = {
        desk.tutor_id: (policy.tutor_weekly if desk.weekly is None else desk.weekly) - spent[desk.tutor_id]
        for desk in desks
    }
    return _Week(weekly_budget(cohort, policy) - len(recent), desks, left)


def _take(week: _Week, groups: frozenset[int], asked: bool) -> tuple[int | None, Why | None]:
    if week.course_left <= 0 and not asked:
        return None, Why.COURSE_BUDGET
    mine = [desk for desk in week.desks if not desk.groups or desk.groups & groups] or list(week.desks)
    tutor_id = max(mine, key=lambda desk: (week.tutor_left[desk.tutor_id], -desk.tutor_id)).tutor_id if mine else None
    if asked:
        return tutor_id, None
    if tutor_id is not None:
        if week.tutor_left[tutor_id] <= 0:
            return None, Why.TUTOR_BUDGET
        week.tutor_left[tutor_id] -= 1
    week.course_left -= 1
    return tutor_id, None
