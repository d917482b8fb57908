"""What the tutor's desk is made of: staff see names in full, reasons with their facts, and what was tried."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from lti_app.store.views import ActivityRef, Face, ReasonView
from lti_app.store.why import WhyView


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened in an episode (EpisodeEvent.what), by whom, about whom."""

    what: str
    at: datetime
    by: Face | None
    people: tuple[Face, ...]
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class DeskItem:
    """One card of the queue; ``reasons`` are the two heaviest, ``tried`` the last step that touched a person.

    ``is_theirs``: it is the looking tutor's, or nobody's; ``until`` is when one that was put aside comes back.
    """

    episode_id: int
    face: Face
    kind: str
    state: str
    activity: ActivityRef | None
    reasons: tuple[ReasonView, ...]
    tried: Step | None
    owner: Face | None
    due_at: datetime | None
    opened_at: datetime
    probability: float
    is_new: bool
    is_theirs: bool = True
    until: datetime | None = None
    outcome: str | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PraiseItem:
    """Something that deserves a word from the tutor."""

    prompt_id: int
    face: Face
    kind: str
    activity: ActivityRef | None
    facts: Mapping[str, Any]
    reached_at: datetime


@dataclass(frozen=True, slots=True)
class ReportItem:
    """Somebody reported a match: a person must look at it."""

    prompt_id: int
    match_id: int
    by: Face
    about: Face
    words: str
    at: datetime


@dataclass(frozen=True, slots=True)
class DeskQueue:
    """The queue by urgency; ``raised`` of ``budget`` episodes came up in the last seven days, ``handled`` were met.

    ``items`` wait; ``in_hand`` have a helper or a tutor's word at work; ``asleep`` were put aside by the tutors;
    ``closed`` ended in the last seven days (with their outcome).
    ``freshness`` is store.cohorts.Freshness: when the LMS was read, and what it could not say.
    """

    freshness: Any
    items: tuple[DeskItem, ...]
    in_hand: tuple[DeskItem, ...]
    asleep: tuple[DeskItem, ...]
    praise: tuple[PraiseItem, ...]
    reports: tuple[ReportItem, ...]
    closed: tuple[DeskItem, ...]
    raised: int
    budget: int
    handled: int


@dataclass(frozen=True, slots=True)
class StripDay:
    """A day of the strip: ``level`` is active, tried (and failed) or none; ``count`` says how much was proven."""

    day: date
    level: str
    count: int


@dataclass(frozen=True, slots=True)
class Said:
    """What the learner said about it themselves."""

    said: str
    words: str
    activity: ActivityRef | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Message:
    """What was sent to the learner; ``state`` is waiting, sent, unsure or failed, ``channel`` panel, lms or voice."""

    body: str
    channel: str
    state: str
    by: Face | None
    at: datetime


@dataclass(frozen=True, slots=True)
class DraftFacts:
    """What a draft may speak of; scores are for the tutor, never for the draft."""

    first_name: str
    tutor_first_name: str
    kind: str
    activity: ActivityRef | None
    helpers: tuple[str, ...]
    others: int
    motive: str | None
    locale: str | None
    reasons: tuple[ReasonView, ...]


@dataclass(frozen=True, slots=True)
class DeskCase:
    """One episode as its tutor reads it; ``channel`` is lms where a message can go through the LMS, else panel.

    ``asks`` is a request of the learner that no tutor has answered yet; ``may_be_theirs``: a message may go out in
    the tutor's own name where the LMS lets us act as them.
    """

    episode_id: int
    face: Face
    kind: str
    state: str
    outcome: str | None
    activity: ActivityRef | None
    probability: float
    since: datetime | None
    opened_at: datetime
    due_at: datetime | None
    snoozed_until: datetime | None
    owner: Face | None
    reasons: tuple[ReasonView, ...]
    strip: tuple[StripDay, ...]
    tried: tuple[Step, ...]
    says: tuple[Said, ...]
    messages: tuple[Message, ...]
    draft: DraftFacts
    colleagues: tuple[Face, ...]
    channel: str
    why: WhyView | None = None
    asks: Step | None = None
    may_be_theirs: bool = False
