"""What the pages of stalls, matches and the desk are made of: frozen, and holding no more than may be shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class ActivityRef:
    """An activity to name and to link to; ``url`` is its page in the LMS where known."""

    id: int
    title: str
    kind: str
    url: str | None = None


@dataclass(frozen=True, slots=True)
class ReasonView:
    """A reason's code (engagement's ReasonCode) with the facts it names; ``activity`` is set where they name one."""

    code: str
    facts: Mapping[str, Any]
    activity: ActivityRef | None = None


@dataclass(frozen=True, slots=True)
class Face:
    """A person as shown: ``name`` is empty when nobody told us one."""

    membership_id: int
    name: str
    initials: str


@dataclass(frozen=True, slots=True)
class Solved:
    """A question about an activity, with an answer that helped."""

    id: int
    title: str
    confirmed: bool
    same: int


@dataclass(frozen=True, slots=True)
class CandidateView:
    """A helper as the stalled learner sees them.

    ``passed_on`` is a day in the course's time zone; ``attempts`` is set only where the helper lets it be seen;
    ``windows`` are codes of offers.WINDOWS; ``state`` is the match's (proposed, asked, accepted).
    """

    match_id: int
    name: str
    initials: str
    state: str
    passed_on: date | None
    passed_days_ago: int | None
    attempts: int | None
    words: str
    languages: tuple[str, ...]
    windows: tuple[str, ...]
    here_now: bool
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PlanStep:
    """One thing that a learner has still to do, and by when."""

    activity: ActivityRef
    due_at: datetime
    is_late: bool


@dataclass(frozen=True, slots=True)
class AskedTime:
    """For what a learner has asked for more time, and when."""

    activity_id: int
    activity: str
    at: datetime


@dataclass(frozen=True, slots=True)
class StallView:
    """The person's own open episode; ``state`` is open, offered, asked or helped.

    ``others`` counts the other learners who are or have been stuck at the same activity; ``shared`` names what a chosen
    helper will see (codes: name, activity); ``asked`` and ``answer_by`` are set while a helper is being asked,
    ``then_next`` where the next one may be asked by itself. ``here`` are those who could be asked at once, ``calling``
    those who are; ``seen_as`` is how the learner is shown to whoever they ask. ``title`` and ``words`` are said in the
    viewer's language and the academy's tone (lti_app/card_words.py).
    ``solved`` are questions in which others found the answer there. Where too much is due at once, ``plan`` is what
    comes in which order, and ``asked_time`` the request to the tutor for more time. ``challenge`` is for whoever is far
    ahead.
    """

    episode_id: int
    kind: str
    state: str
    activity: ActivityRef | None
    reasons: tuple[ReasonView, ...]
    since: datetime | None
    others: int
    passed: int
    candidates: tuple[CandidateView, ...]
    shared: tuple[str, ...]
    asked: CandidateView | None = None
    answer_by: datetime | None = None
    then_next: bool = False
    here: tuple[Face, ...] = ()
    calling: tuple[Face, ...] = ()
    seen_as: Face | None = None
    title: str = ""
    words: str = ""
    solved: tuple[Solved, ...] = ()
    plan: tuple[PlanStep, ...] = ()
    asked_time: AskedTime | None = None
    challenge: ActivityRef | None = None


@dataclass(frozen=True, slots=True)
class AskView:
    """Somebody asks me for help; there is no score, attempt or reason in it, on purpose.

    ``called``: they asked all who are here at once, and the first to say yes has it.
    """

    match_id: int
    name: str
    initials: str
    activity: ActivityRef
    asked_at: datetime
    answer_by: datetime
    since_on: date | None
    knows: tuple[str, ...]
    called: bool = False


@dataclass(frozen=True, slots=True)
class MatchView:
    """A match that both have agreed to; ``mine`` is learner or helper, ``ask_if_helped`` a follow-up that is due."""

    match_id: int
    thread_id: int
    mine: str
    name: str
    initials: str
    activity: ActivityRef
    accepted_at: datetime
    unread: int
    ask_if_helped: bool


@dataclass(frozen=True, slots=True)
class Offerable:
    """An activity this learner has just completed or passed, and how many people are at it now."""

    activity: ActivityRef
    completed_at: datetime
    here_now: int
    stalled_here: int


@dataclass(frozen=True, slots=True)
class OfferView:
    """One of my offers; ``load`` counts the people I am helping (or am asked to help) with it now."""

    offer_id: int
    activity: ActivityRef
    capacity: int
    words: str
    languages: tuple[str, ...]
    windows: tuple[str, ...]
    shows_attempts: bool
    paused: bool
    load: int
    helped: int


@dataclass(frozen=True, slots=True)
class WordView:
    """Something to tell this person, newest first; ``body`` is set where a tutor wrote it.

    ``kind``: tutor_message, thanks (to a helper whose help is not needed any more), next_candidate (the learner's
    choice could not come; nobody is named), introduced (a helper said yes).
    """

    prompt_id: int
    kind: str
    body: str
    by: Face | None
    activity: ActivityRef | None
    at: datetime
    is_new: bool


@dataclass(frozen=True, slots=True)
class SupportView:
    """All that the peer panel and the card on the home panel show to one person."""

    stall: StallView | None
    asks: tuple[AskView, ...]
    matches: tuple[MatchView, ...]
    offerables: tuple[Offerable, ...]
    offers: tuple[OfferView, ...]
    words: tuple[WordView, ...]
