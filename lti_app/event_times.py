"""When a meeting is, in words: the day and the hours where the reader is, with the zone named where clocks differ."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_time, get_timezone_location
from flask_babel import gettext as _

from lti_app.local_times import same_clock


def day_words(at: datetime, zone: ZoneInfo, locale: str, today: date | None = None) -> str:
    """Return the day as people say it: "today", "tomorrow", "Tuesday 24 November", with the year if it is another."""
    on = at.astimezone(zone).date()
    if today is not None and timedelta() <= on - today <= timedelta(days=1):
        return _("today") if on == today else _("tomorrow")
    pattern = "EEEE d MMMM" if today is None or on.year == today.year else "EEEE d MMMM y"
    return str(format_date(on, pattern, locale=locale))


def hour_words(at: datetime, zone: ZoneInfo, locale: str) -> str:
    """Return the hour on a clock in ``zone``."""
    return str(format_time(at, "short", tzinfo=zone, locale=locale))


def span_words(starts_at: datetime, ends_at: datetime, zone: ZoneInfo, locale: str) -> str:
    """Return from when to when, with the day of the end where it is another one."""
    begins, ends = hour_words(starts_at, zone, locale), hour_words(ends_at, zone, locale)
    day = ends_at.astimezone(zone).date()
    if day == starts_at.astimezone(zone).date():
        return f"{begins}–{ends}"
    return f"{begins} – {format_date(day, 'EEEE', locale=locale)} {ends}"


def place_words(zone: ZoneInfo, locale: str) -> str:
    """Return what a time zone is called after: its city."""
    try:
        return str(get_timezone_location(zone, locale=Locale.parse(locale.replace("-", "_")), return_city=True))
    except (LookupError, ValueError):
        return zone.key.rpartition("/")[2].replace("_", " ")


def zone_words(starts_at: datetime, ends_at: datetime, zone: ZoneInfo, course_zone: ZoneInfo, locale: str) -> str:
    """Return whose time that is and what it is on the course, or an empty text where both clocks show the same."""
    if same_clock(starts_at, zone, course_zone) and same_clock(ends_at, zone, course_zone):
        return ""
    there = span_words(starts_at, ends_at, course_zone, locale)
    if starts_at.astimezone(zone).date() != starts_at.astimezone(course_zone).date():
        there = f"{day_words(starts_at, course_zone, locale)}, {there}"
    return _(
        "%(mine)s time; on the course it is %(there)s (%(course)s)",
        mine=place_words(zone, locale),
        there=there,
        course=place_words(course_zone, locale),
    )


def month_on_leaf(at: datetime, zone: ZoneInfo, locale: str) -> str:
    """Return the short month of a calendar leaf."""
    return str(format_date(at.astimezone(zone).date(), "LLL", locale=locale)).rstrip(".")


def day_on_leaf(at: datetime, zone: ZoneInfo) -> str:
    """Return the day of the month of a calendar leaf."""
    return str(at.astimezone(zone).day)
