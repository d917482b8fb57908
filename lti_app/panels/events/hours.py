"""Day and hours of a meeting as somebody writes them: on the clocks of the course, nights of change included."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from babel.dates import format_date
from flask import request
from flask_babel import gettext as _

from lti_app.event_times import hour_words, place_words
from lti_app.fields import Field
from lti_app.local_times import SkippedHour, moment_in
from lti_app.store.event_series import MOST

LONGEST_MEETING = timedelta(hours=12)
FARTHEST = timedelta(days=730)


@dataclass(frozen=True, slots=True)
class When:
    """Day and hours as they were written, each fault beside its field, and the moments where all is well.

    ``twice``: the hour comes twice on that day, and ``fold`` says which is meant once somebody has chosen.
    """

    on: Field = field(default_factory=Field)
    begins: Field = field(default_factory=Field)
    ends: Field = field(default_factory=Field)
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    twice: bool = False
    fold: str = ""

    @property
    def is_good(self) -> bool:
        """Whether it can be taken."""
        return self.starts_at is not None and self.ends_at is not None


class _Wrong(Exception):
    """An hour that cannot be taken; ``twice`` asks back which of two is meant."""

    def __init__(self, words: str, twice: bool = False) -> None:
        self.words, self.twice = words, twice
        super().__init__(words)


def when_of(starts_at: datetime, ends_at: datetime, zone: ZoneInfo) -> When:
    """Return how a standing meeting's times are written."""
    begins, ends = starts_at.astimezone(zone), ends_at.astimezone(zone)
    return When(
        on=Field(begins.date().isoformat()),
        begins=Field(begins.strftime("%H:%M")),
        ends=Field(ends.strftime("%H:%M")),
        twice=begins.replace(fold=0).utcoffset() != begins.replace(fold=1).utcoffset(),
        fold=str(begins.fold),
    )


def read_when(zone: ZoneInfo, now: datetime, locale: str, was: datetime | None) -> When:
    """Read the form; ``was`` is when the meeting began until now, which may lie behind us."""
    on, begins, ends = (Field(request.form.get(name, "").strip()[:40]) for name in ("on", "begins", "ends"))
    fold = request.form.get("fold", "")
    when = When(on, begins, ends, fold=fold if fold in ("0", "1") else "")
    day, first, last = _day(on.value), _hour(begins.value), _hour(ends.value)
    if day is None or first is None or last is None:
        hour = _("An hour is needed, such as 18:30.")
        return replace(
            when,
            on=on if day else Field(on.value, _("A day is needed, such as 2026-11-24.")),
            begins=begins if first is not None else Field(begins.value, hour),
            ends=ends if last is not None else Field(ends.value, hour),
        )
    try:
        starts_at, twice = _moment(zone, day, first, locale, when.fold)
    except _Wrong as wrong:
        return replace(when, begins=Field(begins.value, wrong.words), twice=wrong.twice)
    return _judged(replace(when, starts_at=starts_at, twice=twice), day, first, last, zone, now, locale, was)


def _judged(
    when: When, day: date, first: time, last: time, zone: ZoneInfo, now: datetime, locale: str, was: datetime | None
) -> When:
    """Find the end, and say what is wrong with the two together."""
    starts_at = when.starts_at or now
    # An end that lies before the beginning on the clock is after midnight.
    end_day = day if last > first else day + timedelta(days=1)
    bad = replace(when, starts_at=None)
    try:
        ends_at, twice = _moment(zone, end_day, last, locale, when.fold or "0")
        if twice and ends_at <= starts_at:
            ends_at, _twice = _moment(zone, end_day, last, locale, "1")
    except _Wrong as wrong:
        return replace(bad, ends=Field(when.ends.value, wrong.words))
    if not timedelta() < ends_at - starts_at <= LONGEST_MEETING:
        fault = _("It ends before it begins, or lasts longer than twelve hours. Is the hour right?")
        return replace(bad, ends=Field(when.ends.value, fault))
    if starts_at <= now and starts_at != was:
        return replace(bad, on=Field(when.on.value, _("That hour is over already, where the course lives.")))
    if starts_at - now > FARTHEST:
        return replace(bad, on=Field(when.on.value, _("That is more than two years from now. Is the year right?")))
    return replace(when, ends_at=ends_at)


@dataclass(frozen=True, slots=True)
class Again:
    """Whether a meeting comes every week, and up to which day."""

    weekly: bool = False
    until: Field = field(default_factory=Field)
    until_on: date | None = None


def read_again(when: When, zone: ZoneInfo, locale: str) -> Again:
    """Read how often a meeting comes; up to half a year of weeks can be called at once."""
    until = Field(request.form.get("until", "").strip()[:40])
    if request.form.get("again") != "weekly":
        return Again(until=until)
    day = _day(until.value)
    if day is None:
        return Again(True, Field(until.value, _("A day is needed, such as 2026-11-24.")))
    if when.starts_at is None:
        return Again(True, until)
    first = when.starts_at.astimezone(zone).date()
    last = first + timedelta(weeks=MOST - 1)
    if day < first + timedelta(weeks=1):
        return Again(True, Field(until.value, _("That is less than a week after the first one.")))
    if day > last + timedelta(days=6):
        words = _("So far ahead nobody can plan: at most until %(day)s.", day=format_date(last, "long", locale=locale))
        return Again(True, Field(until.value, words))
    return Again(True, until, day)


def _day(raw: str) -> date | None:
    try:
        return date.fromisoformat(raw)
    except ValueError:
        return None


def _hour(raw: str) -> time | None:
    try:
        return time.fromisoformat(raw.replace(".", ":")).replace(second=0, microsecond=0, tzinfo=None)
    except ValueError:
        return None


def _moment(zone: ZoneInfo, day: date, hour: time, locale: str, fold: str) -> tuple[datetime, bool]:
    """Return the moment, and whether the hour comes twice that day; raises _Wrong with the words for it."""
    try:
        found = moment_in(zone, day, hour, 1 if fold == "1" else 0)
    except SkippedHour as gap:
        words = _(
            "The clocks are put forward that night: this hour does not exist in %(city)s. The first one after it is "
            "%(hour)s.",
            city=place_words(zone, locale),
            hour=hour_words(gap.instead, zone, locale),
        )
        raise _Wrong(words) from gap
    except OverflowError as edge:
        raise _Wrong(_("A day is needed, such as 2026-11-24.")) from edge
    if found.twice and not fold:
        words = _("The clocks are put back that night, so this hour comes twice. Which one do you mean?")
        raise _Wrong(words, twice=True)
    return found.at, found.twice
