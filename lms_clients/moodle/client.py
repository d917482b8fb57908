"""The Moodle client: the protocol of ``base`` over Moodle's web services."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

from lms_clients.base import CalendarEvent, Capabilities, Delivery, KnownState, Message
from lms_clients.ledger import Ledger
from lms_clients.moodle import diary, outbox, probe
from lms_clients.moodle.calls import Calls
from lms_clients.moodle.plan import Reading
from lms_clients.moodle.shapes import Site
from lms_clients.options import Options
from lms_clients.records import CourseRef, CourseSnapshot

_SITE_FOR = 86_400.0


class MoodleClient:
    """One Moodle under one web-service token (see ``base.LmsClient``)."""

    def __init__(self, base_url: str, token: str, options: Options | None = None) -> None:
        self._options = options or Options()
        self._calls = Calls(base_url, token, self._options)
        self._site: Site | None = None
        self._site_at = 0.0

    @property
    def calls(self) -> int:
        """Requests sent so far."""
        return self._calls.count

    def close(self) -> None:
        """Give the sockets back."""
        self._calls.close()

    def _about(self) -> Site:
        """The site's version and functions, asked once a day."""
        at = self._options.monotonic()
        if self._site is None or at - self._site_at > _SITE_FOR:
            self._site = self._calls.call("core_webservice_get_site_info", Site)
            self._site_at = at
        return self._site

    def capabilities(self, course: CourseRef | None = None) -> Capabilities:
        """Tell what the token may do, naming what lacks as Moodle's admin pages do."""
        self._site = None
        site = self._about()
        if course is None:
            return probe.capabilities(site, None)
        options = replace(self._options, detail=1, rotation=0)
        reading = self._reading(site, course, {}, None, datetime.now(UTC), options)
        return probe.capabilities(site, reading.read)

    def snapshot(
        self, course: CourseRef, cursor: Mapping[str, str], known: KnownState | None, now: datetime
    ) -> CourseSnapshot:
        """Read the course (see ``plan``)."""
        return self._reading(self._about(), course, cursor, known, now, self._options).read()

    def _reading(
        self,
        site: Site,
        course: CourseRef,
        cursor: Mapping[str, str],
        known: KnownState | None,
        now: datetime,
        options: Options,
    ) -> Reading:
        functions = frozenset(function.name for function in site.functions)
        return Reading(self._calls, functions, options, course, cursor, known or KnownState(), now, Ledger())

    def send_message(self, message: Message) -> tuple[Delivery, ...]:
        """Send as the service user, with HTML made from plain text."""
        return outbox.send_message(self._calls, message)

    def find_message(self, message: Message, since: datetime) -> Delivery:
        """Look among what the service user wrote to this person."""
        return outbox.find_message(self._calls, self._about().userid, message, since)

    def create_event(self, event: CalendarEvent) -> Delivery:
        """Write into the course's or a group's calendar."""
        return outbox.create_event(self._calls, event)

    def update_event(self, lms_id: str, event: CalendarEvent) -> Delivery:
        """Moodle writes an entry anew instead."""
        return diary.update_event(lms_id)

    def delete_event(self, lms_id: str) -> Delivery:
        """Take an entry out of the calendar."""
        return diary.delete_event(self._calls, lms_id)

    def find_event(self, event: CalendarEvent) -> Delivery:
        """Look for an entry by its name and beginning."""
        return diary.find_event(self._calls, event)
