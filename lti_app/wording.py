"""Small words that every page needs: numbers, days and moments as people say them."""

from __future__ import annotations

import re
import zlib
from datetime import date, datetime, timedelta

from flask import Flask
from flask_babel import format_date, format_decimal, format_time, ngettext, to_user_timezone
from flask_babel import format_percent as babel_percent
from flask_babel import gettext as _

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


def _as_date(value: date | datetime | str) -> date:
    if isinstance(value, str):
        value = datetime.fromisoformat(value) if len(value) > 10 else date.fromisoformat(value)
    if isinstance(value, datetime):
        local: datetime = to_user_timezone(value)
        return local.date()
    return value


def today() -> date:
    """Return the person's today."""
    return _as_date(house().clock.now())


def day(value: date | datetime | str) -> str:
    """Return a day such as "27 November", with the year where it is not this one; takes ISO text as stored in facts."""
    on = _as_date(value)
    return str(format_date(on, "d MMMM" if on.year == today().year else "d MMMM y", rebase=False))


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
    age = house().clock.now() - at
    if age < timedelta(minutes=1):
        return _("just now")
    if age < timedelta(hours=1):
        return ngettext("%(num)s minute ago", "%(num)s minutes ago", int(age.total_seconds() // 60))
    days = (today() - _as_date(at)).days
    if days <= 0:
        return _("today at %(time)s", time=format_time(at, "short"))
    return days_ago(days) if days < 14 else day(at)


def clock(at: datetime) -> str:
    """Return the hour of a moment: "18:30"."""
    return str(format_time(at, "short"))


def near_day(on: date) -> str:
    """Return a day as a heading: "Today", "Yesterday", "27 November"."""
    age = (today() - on).days
    return days_ago(age).capitalize() if 0 <= age <= 1 else day(on)


def moment(at: datetime) -> str:
    """Return a moment to come or past, day and hour: "27 November at 18:30"."""
    return _("%(day)s at %(time)s", day=day(at), time=format_time(at, "short"))


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
        clock=clock,
        near_day=near_day,
        percent=percent,
        iso=iso,
        days_ago=days_ago,
        given=given,
        is_past=is_past,
    )
    app.jinja_env.filters.update(size_words=size_words, markdown=markup.markdown, plain=markup.plain)
    app.jinja_env.globals.update(
        visit_token=door.visit_token,
        cookie_works=door.cookie_works,
        new_form_key=new_form_key,
        wants_fragment=answers.wants_fragment,
    )
