"""The Canvas client: the protocol of ``base`` over Canvas's REST API."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from lms_clients.base import CalendarEvent, Capabilities, Delivery, KnownState, Message
from lms_clients.canvas import diary, outbox, people, probe
from lms_clients.canvas.calls import Calls
from lms_clients.canvas.plan import Reading, course_path
from lms_clients.ledger import Ledger
from lms_clients.options import Options
from lms_clients.records import CourseRef, CourseSnapshot


class CanvasClient:
    """One Canvas under one token (see ``base.LmsClient``)."""

    def __init__(self, base_url: str, secret: str, options: Options | None = None) -> None:
        self._calls = Calls(base_url, secret, options or Options())

    @property
    def calls(self) -> int:
        """Requests sent so far."""
        return self._calls.count

    def close(self) -> None:
        """Give the sockets back."""
        self._calls.close()

    def capabilities(self, course: CourseRef | None = None) -> Capabilities:
        """Tell what the token may do."""
        return probe.capabilities(self._calls, None if course is None else course_path(course))

    def snapshot(
        self, course: CourseRef, cursor: Mapping[str, str], known: KnownState | None, now: datetime
    ) -> CourseSnapshot:
        """Read the course (see ``plan``)."""
        return Reading(self._calls, course, cursor, known or KnownState(), now, Ledger()).read()

    def learner_id(self, course: CourseRef, lti_sub: str) -> str | None:
        """The API's id of the person whom launches call ``lti_sub``; None where Canvas finds nobody in the course."""
        return people.find_by_sub(self._calls, course_path(course), lti_sub)

    def send_message(self, message: Message) -> tuple[Delivery, ...]:
        """Send as the token's user, in plain text."""
        return outbox.send_message(self._calls, message)

    def find_message(self, message: Message, since: datetime) -> Delivery:
        """Look among the conversations that the token's user began."""
        return outbox.find_message(self._calls, message, since)

    def create_event(self, event: CalendarEvent) -> Delivery:
        """Write into the course's or a group's calendar."""
        return outbox.create_event(self._calls, event)

    def update_event(self, lms_id: str, event: CalendarEvent) -> Delivery:
        """Change an entry in place."""
        return diary.update_event(self._calls, lms_id, event)

    def delete_event(self, lms_id: str) -> Delivery:
        """Take an entry out of the calendar."""
        return diary.delete_event(self._calls, lms_id)

    def find_event(self, event: CalendarEvent) -> Delivery:
        """Look for an entry by its title and beginning."""
        return diary.find_event(self._calls, event)
