"""The words for days and hours that templates about meetings ask for."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from flask import Flask, current_app, g
from flask_babel import get_locale

from lti_app import event_times
from lti_app.house import house
from lti_app.shell import panels_off
from lti_app.store.event_views import EventLine, rule_of
from lti_app.store.places import Beside
from lti_app.store.scope import zone_named
from lti_app.web_addresses import host_of


def course_zone() -> ZoneInfo:
    """Return the zone in which this course's hours are entered; without a course, as in the gallery, it is UTC."""
    member, academy = g.get("membership"), g.get("academy")
    return zone_named(member.context.time_zone if member else None, academy.time_zone if academy else None)


def own_zone() -> ZoneInfo:
    """Return the viewer's zone."""
    return zone_named(g.get("time_zone"), course_zone().key)


def locale() -> str:
    """Return the language of this page."""
    return str(get_locale())


def course_city() -> str:
    """Return what the course's clocks are called after."""
    return event_times.place_words(course_zone(), locale())


def meeting_day(at: datetime) -> str:
    """Return the day of a meeting where the viewer is."""
    zone = own_zone()
    return event_times.day_words(at, zone, locale(), house().clock.now().astimezone(zone).date())


def meeting_hours(line: EventLine) -> str:
    """Return its hours where the viewer is."""
    return event_times.span_words(line.starts_at, line.ends_at, own_zone(), locale())


def meeting_zone(line: EventLine) -> str:
    """Return whose hours those are, where the course's clocks show others."""
    return event_times.zone_words(line.starts_at, line.ends_at, own_zone(), course_zone(), locale())


def leaf_month(at: datetime) -> str:
    """Return the month on a calendar leaf."""
    return event_times.month_on_leaf(at, own_zone(), locale())


def leaf_day(at: datetime) -> str:
    """Return the day on a calendar leaf."""
    return event_times.day_on_leaf(at, own_zone())


def shell_is_staff() -> bool:
    """Return whether the viewer is of the staff; a fragment has no shell to ask."""
    return bool(g.visit.is_staff)


def has_library() -> bool:
    """Return whether this installation has the library."""
    return "panels.library.show" in current_app.view_functions


def has_wins() -> bool:
    """Return whether this course has the room where people are thanked."""
    return "panels.wins.show" in current_app.view_functions and "wins" not in panels_off()


def study_rule() -> str:
    """Return who may call study sessions here."""
    return rule_of(g.membership.context.settings)


def place_of(about: Beside) -> dict[str, int | str]:
    """Return the part of an address that keeps a page where it looks; without one it would show everything."""
    if about.activity is not None:
        return {"about": about.activity.id}
    return {"section": about.section} if about.section else {}


def capitalize_first(words: str) -> str:
    """Return the words with a capital at their beginning, the rest as it was."""
    return words[:1].upper() + words[1:]


def install(app: Flask) -> None:
    """Teach the templates these words."""
    app.jinja_env.globals.update(
        meeting_day=meeting_day,
        meeting_hours=meeting_hours,
        meeting_zone=meeting_zone,
        leaf_month=leaf_month,
        leaf_day=leaf_day,
        host_of=host_of,
        shell_is_staff=shell_is_staff,
        has_library=has_library,
        has_wins=has_wins,
        study_rule=study_rule,
        place_of=place_of,
    )
    app.jinja_env.filters["capitalize_first"] = capitalize_first
