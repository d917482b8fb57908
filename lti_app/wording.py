"""Small words that every page needs: numbers, days and moments as people say them."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import cached_property, lru_cache
from typing import cast

from babel import Locale, dates
from flask import Flask, g, has_request_context
from flask_babel import format_decimal, get_locale, get_timezone, ngettext
from flask_babel import format_percent as babel_percent
from flask_babel import gettext as _
from markupsafe import Markup, escape

from lti_app import answers, door, markup
from lti_app.fields import new_form_key
from lti_app.house import house
from lti_app.upload_words import size_words

TINTS = 6


def spell(number: int) -> str:
    """Return a small whole number in words (two to ten), a larger one in figures."""
    words = {
        2: _("two"),
        3: _("three"),
        4: _("four"),
        5: _("five"),
        6: _("six"),
        7: _("seven"),
        8: _("eight"),
        9: _("nine"),
        10: _("ten"),
    }
    return words.get(number) or format_decimal(number)


def tint(name: str, mark: str = "") -> int:
    """Return which soft colour a person chose, else the one of a name: the same for "Marco B." and "Marco Bianchi"."""
    chosen: int | None = getattr(mark, "tint", None)
    if chosen is not None:
        return chosen % TINTS
    # Staff read the platform's name in brackets beside a chosen one.
    name = name.partition(" (")[0]
    words = name.split()
    key = name if len(words) < 2 else f"{words[0]} {words[-1][0]}"
    return zlib.crc32(key.casefold().encode()) % TINTS


def given(name: str) -> str:
    """Return what to call somebody in a sentence: "Marco" for "Marco B.", other names as they are."""
    return re.sub(r"\s+\S\.$", "", name)


@lru_cache(maxsize=4096)
def _local(at: datetime, zone: tzinfo) -> datetime:
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(zone)


@lru_cache(maxsize=4096)
def _written_day(on: date, pattern: str, language: Locale) -> str:
    return dates.format_date(on, pattern, locale=language)


@lru_cache(maxsize=4096)
def _written_hour(hour: int, minute: int, language: Locale) -> str:
    return dates.format_time(time(hour, minute), "short", locale=language)


@dataclass(frozen=True)
class _Here:
    """What the words for a moment depend on; a page speaks of one moment, in one language, from one place."""

    now: datetime
    zone: tzinfo
    language: Locale

    @cached_property
    def today(self) -> date:
        return self.now.astimezone(self.zone).date()

    def day(self, on: date) -> str:
        return _day(on, self.today, self.language)

    def clock(self, at: datetime) -> str:
        local = _local(at, self.zone)
        return _written_hour(local.hour, local.minute, self.language)

    def moment(self, at: datetime) -> str:
        return _moment(at, self.today, self.zone, self.language)

    def when(self, at: datetime) -> str:
        age = self.now - at
        if age < timedelta(minutes=1):
            return _("just now")
        if age < timedelta(hours=1):
            return ngettext("%(num)s minute ago", "%(num)s minutes ago", int(age.total_seconds() // 60))
        return _ago(at, self.today, self.zone, self.language)


# Many see the same posts on the same day, and a page names some moments twice.
@lru_cache(maxsize=4096)
def _moment(at: datetime, today: date, zone: tzinfo, language: Locale) -> str:
    local = _local(at, zone)
    on, hour = _day(local.date(), today, language), _written_hour(local.hour, local.minute, language)
    return _("%(day)s at %(time)s", day=on, time=hour)


@lru_cache(maxsize=4096)
def _ago(at: datetime, today: date, zone: tzinfo, language: Locale) -> str:
    local = _local(at, zone)
    days = (today - local.date()).days
    if days <= 0:
        return _("today at %(time)s", time=_written_hour(local.hour, local.minute, language))
    return days_ago(days) if days < 14 else _day(local.date(), today, language)


def _day(on: date, today: date, language: Locale) -> str:
    return _written_day(on, "d MMMM" if on.year == today.year else "d MMMM y", language)


def _here() -> _Here:
    there = g._get_current_object()
    kept: _Here | None = there.get("here")
    # Flask-Babel's own, without asking it for each: a letter inside a page may be in another language.
    held = there.get("_flask_babel")
    now_held = (getattr(held, "babel_locale", None), getattr(held, "babel_tzinfo", None))
    if kept is not None and now_held == (kept.language, kept.zone):
        return kept
    found = _Here(house().clock.now(), cast(tzinfo, get_timezone()), cast(Locale, get_locale()))
    if has_request_context():
        there.here = found
    return found


def _as_date(value: date | datetime | str) -> date:
    if isinstance(value, str):
        value = datetime.fromisoformat(value) if len(value) > 10 else date.fromisoformat(value)
    if isinstance(value, datetime):
        return _local(value, get_timezone()).date()
    return value


def today() -> date:
    """Return the person's today."""
    return _here().today


def day(value: date | datetime | str) -> str:
    """Return a day such as "27 November", with the year where it is not this one; takes ISO text as stored in facts."""
    return _here().day(_as_date(value))


def days_ago(number: int, exact: bool = False) -> str:
    """Return how long ago a number of days is, in words; not ``exact``, nine days are "last week"."""
    if number <= 0:
        return _("today")
    if number == 1:
        return _("yesterday")
    if 7 <= number < 14 and not exact:
        return _("last week")
    return ngettext("%(few)s day ago", "%(few)s days ago", number, few=spell(number))


def when(at: datetime) -> str:
    """Return a past moment as people say it: "5 minutes ago", "today at 10:05", "yesterday", "three days ago"."""
    return _here().when(at)


def clock(at: datetime) -> str:
    """Return the hour of a moment: "18:30"."""
    return _here().clock(at)


def time_element(at: datetime) -> Markup:
    """Return the element for a moment: as people say it, exactly where one points at it, and for machines."""
    here = _here()
    exactly, said = escape(here.moment(at)), escape(here.when(at))
    return Markup(f'<time datetime="{iso(at)}" title="{exactly}">{said}</time>')  # noqa: S704 - escaped just above


def day_of(at: datetime) -> date:
    """Return the day that a moment is on, where the person is."""
    return _local(at, _here().zone).date()


def near_day(on: date) -> str:
    """Return a day as a heading: "Today", "Yesterday", "27 November"."""
    age = (today() - on).days
    return days_ago(age).capitalize() if 0 <= age <= 1 else day(on)


def moment(at: datetime) -> str:
    """Return a moment to come or past, day and hour: "27 November at 18:30"."""
    return _here().moment(at)


def percent(share: float) -> str:
    """Return a share from 0 to 1 as a whole percentage."""
    return babel_percent(round(share, 2))


def iso(at: datetime | date) -> str:
    """Return the machine's form for a <time> element."""
    return at.isoformat(timespec="minutes") if isinstance(at, datetime) else at.isoformat()


def is_past(at: datetime | None) -> bool:
    """Return whether a moment is over; None never is."""
    return at is not None and at <= house().clock.now()


def install(app: Flask) -> None:
    """Teach the templates these words, and what each form needs."""
    app.jinja_env.filters.update(
        spell=spell,
        tint=tint,
        day=day,
        when=when,
        moment=moment,
        time_element=time_element,
        clock=clock,
        near_day=near_day,
        percent=percent,
        iso=iso,
        days_ago=days_ago,
        given=given,
        is_past=is_past,
    )
    app.jinja_env.filters.update(
        size_words=size_words, decimal=format_decimal, markdown=markup.markdown, plain=markup.plain
    )
    app.jinja_env.globals.update(
        visit_token=door.visit_token,
        cookie_works=door.cookie_works,
        new_form_key=new_form_key,
        wants_fragment=answers.wants_fragment,
    )
