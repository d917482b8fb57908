"""Meetings as iCalendar (RFC 5545, 7986): times in UTC, one UID for ever, and nothing of other people."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from urllib.parse import urlsplit

from flask_babel import gettext as _
from icalendar import Calendar, Event, vText

from lti_app.config import Settings
from lti_app.store.calendar_feeds import Entry, Feed

EVERY = timedelta(hours=1)


class _Words(vText):
    r"""Words as RFC 5545 escapes them; the library takes a backslash and an N that somebody wrote for a new line."""

    def to_ical(self) -> bytes:
        words = self.replace("\\", "\\\\").replace(";", r"\;").replace(",", r"\,")
        return words.replace("\r\n", "\n").replace("\r", "\n").replace("\n", r"\n").encode()


def feed_calendar(feed: Feed, settings: Settings) -> bytes:
    """Return a person's meetings; the same rows give the same bytes. Words are in the current language."""
    name = _("Meetings · %(academy)s", academy=feed.academy)
    calendar = _calendar(feed.entries, settings)
    calendar.add("name", name)
    calendar.add("x-wr-calname", name)
    calendar.add("refresh-interval", EVERY, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT1H")
    return bytes(calendar.to_ical())


def one_calendar(entry: Entry, settings: Settings) -> bytes:
    """Return one meeting."""
    return bytes(_calendar([entry], settings).to_ical())


def _calendar(entries: Iterable[Entry], settings: Settings) -> Calendar:
    calendar = Calendar()
    calendar.add("prodid", "-//Regista//Meetings//EN")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    for entry in entries:
        calendar.add_component(_event(entry, settings))
    return calendar


def _event(entry: Entry, settings: Settings) -> Event:
    event = Event()
    event.add("uid", f"regista-event-{entry.event_id}@{urlsplit(settings.public_url).hostname}")
    # When this version was made, not when it was fetched: so an unchanged calendar stays the same to the letter.
    event.add("dtstamp", entry.changed_at.replace(microsecond=0))
    event.add("last-modified", entry.changed_at.replace(microsecond=0))
    event.add("sequence", entry.sequence)
    event.add("status", "CANCELLED" if entry.cancelled else "CONFIRMED")
    event.add("summary", _Words(entry.title))
    event.add("dtstart", entry.starts_at)
    event.add("dtend", entry.ends_at)
    where = ", ".join(part for part in (entry.place, entry.link) if part)
    if where:
        event.add("location", _Words(where))
    if entry.link or entry.address:
        event.add("url", entry.link or entry.address)
    about = "\n".join(part for part in (entry.course, entry.link, entry.address) if part)
    event.add("description", _Words(about))
    return event
