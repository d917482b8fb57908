"""What the deciding rooms say: reasons, stalls, estimates, outcomes and whom a prompt speaks to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from engagement.facts import Knowledge, StallKind


class ReasonCode(StrEnum):
    """What a reason says; the template finds the words, ``Reason.facts`` carries what they name."""

    SILENT = "silent"  # days, usual_per_week
    FADING = "fading"  # active, of, usual
    FAILED_ATTEMPTS = "failed_attempts"  # activity_id, attempts, days, best, pass_share
    DUE_SOON = "due_soon"  # activity_id, due_on, days, begun_share
    OVERDUE = "overdue"  # activity_id, due_on, days (since then), done_share
    BEHIND = "behind"  # done, typical, of
    NEVER_CAME = "never_came"  # enrolled_days
    AHEAD = "ahead"  # done, typical
    HIGH_SCORES = "high_scores"  # average
    SEVERAL_DUE = "several_due"  # count, days
    LATE_NIGHTS = "late_nights"  # count, days
    HALF_DONE = "half_done"  # count
    QUESTION_OPEN = "question_open"  # activity_id, days
    COURSE_QUIET = "course_quiet"  # active_share, raised: whether it raised the bar
    SAID = "said"  # feeling, on
    WAITING_FOR_MARK = "waiting_for_mark"  # activity_id, days
    MODEL = "model"  # feature, value: a contribution of the detector with no better words
    BASE = "base"  # no facts: where everybody starts, so that the weights add up; never shown
    LATE = "late"  # share: how much of the course has passed; raised: whether it raised the bar
    ASKED_FOR_HELP = "asked_for_help"  # on


#: Weights without a fact that a person could read.
UNSPOKEN = frozenset({ReasonCode.BASE, ReasonCode.MODEL})


@dataclass(frozen=True, slots=True)
class Reason:
    """One readable contribution to a decision; ``weight`` adds up (log-odds for the detector)."""

    code: ReasonCode
    facts: Mapping[str, int | float | str | date | None] = field(default_factory=dict)
    weight: float = 0.0


#: What tells a kind from the others is read first: the card's points weigh silence, not what lies behind it.
FIRST_SAID = (ReasonCode.ASKED_FOR_HELP, ReasonCode.SAID)
TELLING: Mapping[StallKind, tuple[ReasonCode, ...]] = {
    StallKind.STUCK: (ReasonCode.FAILED_ATTEMPTS, ReasonCode.QUESTION_OPEN),
    StallKind.BORED: (ReasonCode.AHEAD, ReasonCode.HIGH_SCORES),
    StallKind.OVERLOADED: (ReasonCode.SEVERAL_DUE, ReasonCode.LATE_NIGHTS, ReasonCode.HALF_DONE),
    StallKind.DRIFTING: (ReasonCode.SILENT, ReasonCode.FADING),
    StallKind.NEVER_STARTED: (ReasonCode.NEVER_CAME,),
    StallKind.WAITING: (ReasonCode.WAITING_FOR_MARK,),
}


def worth_saying(reasons: Iterable[Reason], kind: StallKind | None = None) -> tuple[Reason, ...]:
    """The reasons a person should read: those that do not speak against the stall and name a fact.

    What the learner said comes first, then what tells the ``kind``, then the strongest.
    """
    telling = (*FIRST_SAID, *TELLING.get(kind, ())) if kind is not None else FIRST_SAID
    spoken = [reason for reason in reasons if reason.weight >= 0 and reason.code not in UNSPOKEN]
    place = {code: number for number, code in enumerate(telling)}
    return tuple(sorted(spoken, key=lambda reason: (place.get(reason.code, len(telling)), -reason.weight)))


@dataclass(frozen=True, slots=True)
class Stall:
    """A learner who has stopped moving: since when, where and why.

    ``probability`` is the calibrated chance of staying silent for the next 14 days; ``confidence`` belongs to ``kind``.
    The weights of ``reasons`` add up to the log-odds of ``probability``.
    """

    learner_id: int
    kind: StallKind
    probability: float
    reasons: tuple[Reason, ...]
    since: datetime | None = None
    activity_id: int | None = None
    confidence: float = 0.0
    used: frozenset[Knowledge] = frozenset()
    leaving: float | None = None
    asked: bool = False


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a trained detector says of one learner: chances from 0 to 1, and the reasons that add up to the first.

    ``leaving`` is the chance of leaving the course for good, where the detector knows it.
    """

    probability: float
    reasons: tuple[Reason, ...]
    leaving: float | None = None
    used: frozenset[Knowledge] = frozenset()


class Outcome(StrEnum):
    """How an episode ended."""

    CAME_BACK = "came_back"
    AFTER_NUDGE = "after_nudge"
    AFTER_MATCH = "after_match"
    AFTER_TUTOR = "after_tutor"
    COMPLETED = "completed"
    LEFT = "left"
    WRONG = "wrong"
    COURSE_OVER = "course_over"


class PromptKind(StrEnum):
    """To whom a prompt speaks and what for."""

    NUDGE = "nudge"  # to the stalled learner
    ASK_HELPER = "ask_helper"  # to the helper whom the learner picked
    TUTOR = "tutor"  # to the tutor's desk
    PRAISE = "praise"  # to the tutor: something went well
    ESCALATION = "escalation"  # to the community manager: nobody has looked in time
