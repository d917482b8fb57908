"""What the pages about meetings are made of: frozen, and holding no more than the viewer may see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lti_app.store.standing import KEY as CARRIES
from lti_app.store.views import ActivityRef, Face

KINDS = ("qa", "webinar", "study")
#: Who may call study sessions, by the course's setting ``study_sessions``; staff may call every kind in any case.
HOLD, PROPOSE, STAFF_ONLY = "hold", "propose", "staff"
STUDY_SESSIONS = (HOLD, PROPOSE, STAFF_ONLY)
SETTING = "study_sessions"


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks or acts: ``may_call`` tells for each kind whether a meeting of theirs stands at once or is proposed."""

    context_id: int
    membership_id: int
    is_staff: bool
    may_call: Mapping[str, str]


def viewer_of(
    context_id: int, membership_id: int, is_staff: bool, course: Mapping[str, Any] | None, own: Mapping[str, Any] | None
) -> Viewer:
    """Return what somebody may do here, from their role and the settings of the course and of their membership."""
    if is_staff or (own or {}).get(CARRIES) == "facilitator":
        return Viewer(context_id, membership_id, is_staff, dict.fromkeys(KINDS, "on"))
    allowed = {HOLD: "on", PROPOSE: "proposed"}.get(rule_of(course))
    return Viewer(context_id, membership_id, False, {"study": allowed} if allowed and membership_id else {})


def rule_of(course: Mapping[str, Any] | None) -> str:
    """Return who may call study sessions in a course: proposing is what nobody has to set."""
    said = (course or {}).get(SETTING)
    return said if said in STUDY_SESSIONS else PROPOSE


@dataclass(frozen=True, slots=True)
class EventLine:
    """A meeting in a list.

    ``coming`` leaves out the hosts; ``free`` is how many seats are left, None where there is no limit; ``mine`` is in,
    waiting, host or empty; ``faces`` are of those who come and let it be seen, the first few; ``place`` is where,
    ``online`` that there is a link.
    """

    id: int
    kind: str
    state: str
    title: str
    starts_at: datetime
    ends_at: datetime
    hosts: tuple[Face, ...]
    guests: str
    coming: int
    waiting: int
    free: int | None
    mine: str
    faces: tuple[Face, ...]
    activity: ActivityRef | None
    section: str
    place: str
    online: bool
    bring: str
    may_lead: bool
    is_over: bool
    has_notes: bool
    weekly: bool = False

    @property
    def is_mine(self) -> bool:
        """Whether the viewer comes."""
        return self.mine in ("in", "host")

    @property
    def is_full(self) -> bool:
        """Whether only the waiting list is left."""
        return self.free == 0


@dataclass(frozen=True, slots=True)
class SeatView:
    """One who comes or waits, as their hosts see them."""

    seat_id: int
    face: Face
    state: str
    attended: bool | None


@dataclass(frozen=True, slots=True)
class EventView:
    """A meeting's own page: ``link`` is set only for those who may have it, ``seats`` only for who leads it.

    ``place_in_line`` is the viewer's place on the waiting list, from 1; ``in_calendar`` is the state of the entry in
    the LMS's calendar (staff only), empty where none is wanted. Of one that comes every week ``weekly_until`` is when
    the last one is, ``more`` how many follow this one, and ``open_weeks`` how many others the viewer could come to.
    """

    line: EventLine
    words: str
    link: str | None
    outcome: str
    shown: bool
    place_in_line: int
    notes: str
    recording: str | None
    reason: str
    sequence: int
    seats: tuple[SeatView, ...]
    in_calendar: str
    calendar_detail: str
    capacity: int | None
    by: Face | None
    kept_in_library: bool = False
    weekly_until: datetime | None = None
    more: int = 0
    open_weeks: int = 0
