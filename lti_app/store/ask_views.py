"""What the pages of questions are made of: frozen, and an asker who hides is in none of it for peers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from lti_app.store.uploads import UploadView
from lti_app.store.views import ActivityRef, Face


@dataclass(frozen=True, slots=True)
class QuestionLine:
    """A question in a list.

    ``author`` is None for who has left, and for who hides from the viewer; ``hides``: they hide from course mates.
    ``same`` counts the others who have the same question. ``state``: open, answered (some answer helped) or confirmed.
    ``passed``: the viewer has passed what it is about. ``waited``: the tutors have heard of it.
    """

    id: int
    title: str
    author: Face | None
    hides: bool
    is_mine: bool
    activity: ActivityRef | None
    section: str
    answers: int
    same: int
    i_have_it: bool
    state: str
    passed: bool
    is_new: bool
    created_at: datetime
    moved_at: datetime
    waited: bool


@dataclass(frozen=True, slots=True)
class Reached:
    """What somebody who answers has reached there, never in marks; ``passed`` only where they let it be seen."""

    passed: bool = False
    confirmed: int = 0


@dataclass(frozen=True, slots=True)
class AnswerView:
    """One answer, or a word of whoever asked (``by_asker``); ``held``: it waits for a moderator."""

    id: int
    author: Face | None
    hides: bool
    is_mine: bool
    is_staff: bool
    by_asker: bool
    body: str
    created_at: datetime
    edited_at: datetime | None
    accepted: bool
    endorsed_by: Face | None
    endorsed: bool
    thanks: int
    i_thanked: bool
    reached: Reached
    held: bool
    uploads: tuple[UploadView, ...] = ()
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class QuestionPage:
    """A question with its answers: the one that helped, those that a tutor confirmed, then by time.

    ``body`` is empty where the title says it all, None where it was taken back.
    """

    line: QuestionLine
    post_id: int | None
    body: str | None
    edited_at: datetime | None
    held: bool
    uploads: tuple[UploadView, ...]
    answers: tuple[AnswerView, ...]
    left_out: int
    is_open: bool
    is_archived: bool
    closed: bool
    pinned: bool
    may_accept: bool
    moved_at: datetime | None = None
    last_id: int = 0
    group: str = ""
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Similar:
    """A question that was asked before and looks like what is being written."""

    id: int
    title: str
    state: str
    answers: int
    same: int
    i_have_it: bool
    is_mine: bool
    activity: ActivityRef | None
