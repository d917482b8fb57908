"""What every client offers, whatever the LMS."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from lms_clients.records import CourseRef, CourseSnapshot, Part, Source


class Ability(StrEnum):
    """Something a connection may or may not be able to do."""

    CONNECT = "connect"
    ROSTER = "roster"
    LAST_ACCESS = "last_access"
    EMAIL = "email"
    GROUPS = "groups"
    STRUCTURE = "structure"
    HIDDEN_ACTIVITIES = "hidden_activities"
    DUE_DATES = "due_dates"
    COMPLETION = "completion"
    GRADES = "grades"
    ATTEMPTS = "attempts"
    SUBMISSIONS = "submissions"
    MESSAGES = "messages"
    EVENTS = "events"


@dataclass(frozen=True, slots=True)
class Missing:
    """What stands between the connection and an ability.

    ``capability`` is the name in the LMS's own admin pages (``mod/quiz:viewreports``), ``title`` the words shown
    next to it there, ``function`` the service function to add; each may be empty.
    """

    ability: Ability
    capability: str = ""
    title: str = ""
    function: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What the connection can do, as far as it can be told without changing anything."""

    source: Source
    version: str = ""
    site: str = ""
    identity: str = ""
    can: frozenset[Ability] = frozenset()
    missing: tuple[Missing, ...] = ()


@dataclass(frozen=True, slots=True)
class KnownState:
    """What the last snapshots of this course left behind, so that only those who moved are asked about in detail.

    ``marks`` are CourseSnapshot.marks, kept per learner; ``read_at`` is when a learner's detail was last read
    (a slow rotation re-reads the oldest); ``launches`` are each ``sub``'s last own launch, for LTI-only courses;
    ``unnamed`` are the ``sub``s of people in the course whose API id nobody has told yet.
    """

    marks: Mapping[str, str] = field(default_factory=dict)
    read_at: Mapping[str, datetime] = field(default_factory=dict)
    launches: Mapping[str, datetime] = field(default_factory=dict)
    unnamed: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Message:
    """A private message to each of ``to`` (learners' API ids), in plain text; ``key`` is ours, to send once.

    ``sender`` is the API id of whoever wrote it: it is theirs where the LMS lets us write in their name.
    """

    to: tuple[str, ...]
    subject: str
    body: str
    course: CourseRef
    key: str = ""
    sender: str | None = None


class DeliveryState(StrEnum):
    """How one sending ended; UNKNOWN means: read back before trying again."""

    SENT = "sent"
    QUEUED = "queued"
    REFUSED = "refused"
    UNSUPPORTED = "unsupported"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of a message to one person (``to``), or of a calendar event; ``reason`` is the LMS's code."""

    to: str
    state: DeliveryState
    lms_id: str | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class CalendarEvent:
    """An entry for the course, one group, or one learner (few LMSs can do the last)."""

    course: CourseRef
    title: str
    starts_at: datetime
    ends_at: datetime | None = None
    description: str = ""
    all_day: bool = False
    group_id: str | None = None
    learner_id: str | None = None
    key: str = ""


class LmsClient(Protocol):
    """One connection to one LMS under one identity; not for several threads at once.

    Every method raises errors of the family in ``errors``. ``snapshot`` raises only where the course as a whole
    could not be read (then the old snapshot stays); the rest becomes gaps.
    """

    @property
    def calls(self) -> int:
        """Requests sent so far."""
        ...

    def capabilities(self, course: CourseRef | None = None) -> Capabilities:
        """Tell what this connection can do; ``course`` makes the answer sharper where rights hang on the course."""
        ...

    def snapshot(
        self, course: CourseRef, cursor: Mapping[str, str], known: KnownState | None, now: datetime
    ) -> CourseSnapshot:
        """Read the course; ``cursor`` and ``known`` come from earlier snapshots, empty and None at first."""
        ...

    def send_message(self, message: Message) -> tuple[Delivery, ...]:
        """Send once, with no automatic repeat; one Delivery for each recipient, in their order."""
        ...

    def find_message(self, message: Message, since: datetime) -> Delivery:
        """Look whether a message to one person, sent at ``since`` or later, has arrived although its answer was lost.

        SENT with its id; REFUSED with the reason ``not_there`` where it surely has not; UNKNOWN where that cannot be
        told, UNSUPPORTED where this LMS or this token never can.
        """
        ...

    def create_event(self, event: CalendarEvent) -> Delivery:
        """Write a calendar entry, with no automatic repeat."""
        ...

    def update_event(self, lms_id: str, event: CalendarEvent) -> Delivery:
        """Change a calendar entry in place, which may be done twice; UNSUPPORTED where it must be written anew."""
        ...

    def delete_event(self, lms_id: str) -> Delivery:
        """Take a calendar entry out, which may be done twice: SENT also where it is not there any more."""
        ...

    def find_event(self, event: CalendarEvent) -> Delivery:
        """Look whether an entry arrived although its answer was lost: SENT with its id, or REFUSED (``not_there``).

        UNSUPPORTED where this cannot be told.
        """
        ...

    def close(self) -> None:
        """Give the connection's sockets back."""
        ...


ESSENTIAL_PARTS = frozenset({Part.COURSE, Part.ROSTER, Part.STRUCTURE})
