"""What people send about meetings; days and hours are read where the course lives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from flask import request
from flask_babel import gettext as _

from lti_app.fields import Field, read_number, read_text
from lti_app.panels.events.hours import Again, When, read_again, read_when, when_of
from lti_app.store.event_acts import MAX_CAPACITY, MAX_SHORT, MAX_TITLE, MAX_WORDS, Plan
from lti_app.store.event_views import KINDS, EventView
from lti_app.store.ties import Ties
from lti_app.web_addresses import LONGEST, SECURE, good_address


@dataclass(frozen=True, slots=True)
class Draft:
    """A meeting's form: empty at first, or as it was sent, each fault beside its field."""

    kind: str = "qa"
    title: Field = field(default_factory=Field)
    words: Field = field(default_factory=Field)
    bring: Field = field(default_factory=Field)
    guests: Field = field(default_factory=Field)
    when: When = field(default_factory=When)
    place: Field = field(default_factory=Field)
    link: Field = field(default_factory=Field)
    capacity: Field = field(default_factory=Field)
    about: str = ""
    outcome: str = ""
    hosts: tuple[int, ...] = ()
    in_lms: bool = False
    again: Again = field(default_factory=Again)

    @property
    def is_good(self) -> bool:
        """Whether it can be taken."""
        fields = (
            self.title,
            self.words,
            self.bring,
            self.guests,
            self.place,
            self.link,
            self.capacity,
            self.again.until,
        )
        return self.when.is_good and not any(one.fault for one in (*fields, self.again.until))

    def plan(self, *, asks_lms: bool) -> Plan:
        """Return the meeting that a good draft describes."""
        if self.when.starts_at is None or self.when.ends_at is None:
            raise ValueError("a draft with faults is no plan")
        tie, number = self.about[:1], self.about[1:]
        return Plan(
            kind=self.kind,
            title=self.title.value,
            starts_at=self.when.starts_at,
            ends_at=self.when.ends_at,
            words=self.words.value,
            bring=self.bring.value,
            guests=self.guests.value,
            place=self.place.value,
            link=self.link.value or None,
            capacity=int(self.capacity.value) if self.capacity.value else None,
            activity_id=int(number) if tie == "a" else None,
            section=number if tie == "s" else None,
            outcome=self.outcome or None,
            host_ids=self.hosts,
            in_lms=self.in_lms if asks_lms else None,
        )


def draft_of(view: EventView, zone: ZoneInfo, *, in_lms: bool) -> Draft:
    """Return the form of a meeting as it stands, its times where the course lives."""
    line = view.line
    tie = f"a{line.activity.id}" if line.activity else f"s{line.section}" if line.section else ""
    return Draft(
        kind=line.kind,
        title=Field(line.title),
        words=Field(view.words),
        bring=Field(line.bring),
        guests=Field(line.guests),
        when=when_of(line.starts_at, line.ends_at, zone),
        place=Field(line.place),
        link=Field(view.link or ""),
        capacity=Field(str(view.capacity) if view.capacity is not None else ""),
        about=tie,
        outcome=view.outcome,
        hosts=tuple(host.membership_id for host in line.hosts),
        in_lms=in_lms,
    )


def read_draft(
    zone: ZoneInfo, ties: Ties, may_call: Mapping[str, str], now: datetime, locale: str, was: EventView | None = None
) -> Draft:
    """Read the form; ``was`` is the meeting that it changes, whose own hour may lie behind us."""
    kind = request.form.get("kind", "")
    allowed = {*may_call, was.line.kind} if was else set(may_call)
    if kind not in KINDS or kind not in allowed:
        kind = was.line.kind if was else next((one for one in KINDS if one in may_call), "study")
    when = read_when(zone, now, locale, was.line.starts_at if was else None)
    return Draft(
        kind=kind,
        title=read_text("title", most=MAX_TITLE, lines=False),
        words=read_text("words", most=MAX_WORDS, needed=False),
        bring=read_text("bring", most=MAX_SHORT, needed=False, lines=False),
        guests=read_text("guests", most=MAX_SHORT, needed=False, lines=False),
        when=when,
        place=read_text("place", most=MAX_SHORT, needed=False, lines=False),
        link=read_link("link"),
        capacity=_capacity(),
        about=_about(ties),
        outcome=next((one for one in ties.outcomes if one == request.form.get("outcome")), ""),
        hosts=tuple(int(one) for one in request.form.getlist("hosts") if one.isascii() and one.isdecimal())[:20],
        in_lms=request.form.get("in_lms") == "yes",
        again=read_again(when, zone, locale) if was is None else Again(),
    )


def read_link(name: str) -> Field:
    """Read the address of a video room or a recording: https only, so that nobody on the way changes where it leads."""
    link = read_text(name, most=LONGEST, needed=False, lines=False)
    if link.fault or not link.value:
        return link
    if good_address(link.value, SECURE) is None:
        return Field(link.value, _("It must be a whole address that begins with https://"))
    return link


def _capacity() -> Field:
    raw = request.form.get("capacity", "").strip()[:20]
    if not raw:
        return Field()
    if read_number("capacity", low=1, high=MAX_CAPACITY) is None:
        return Field(raw, _("A whole number from 1 to %(most)s, or nothing for no limit.", most=MAX_CAPACITY))
    return Field(str(int(raw)))


def _about(ties: Ties) -> str:
    raw = request.form.get("about", "")
    known = {f"a{number}" for number, _title in ties.activities} | {f"s{section}" for section in ties.sections}
    return raw if raw in known else ""
