"""Words for what can happen, what happened, and who somebody is."""

from __future__ import annotations

from datetime import UTC, datetime

from flask_babel import format_date, format_datetime, format_decimal, ngettext
from flask_babel import gettext as _

from lti_app.sandbox.deeds import Deed
from lti_app.sandbox.people import Person


def deed_words(person: Person, deed: Deed) -> str:
    """Return the label of the button that lets it happen."""
    names = {"name": person.given, "activity": deed.activity}
    words = {
        "open": _("%(name)s opens “%(activity)s”", **names),
        "pass": _("%(name)s passes “%(activity)s”", **names),
        "fail": _("%(name)s fails “%(activity)s” again", **names)
        if deed.tries
        else _("%(name)s fails “%(activity)s”", **names),
        "hand_in": _("%(name)s hands in “%(activity)s”", **names),
        "write": _("%(name)s writes in “%(activity)s”", **names),
        "tick": _("%(name)s ticks “%(activity)s”", **names),
        "come": _("%(name)s only looks in", **names),
    }
    return words[deed.kind]


def done_words(person: Person, deed: Deed) -> str:
    """Return what the page says afterwards."""
    return _("It happened: %(what)s.", what=deed_words(person, deed))


def part_words(role: str) -> str:
    """Return what somebody of the cast is there for."""
    return {
        "well": _("doing well"),
        "stalled": _("has stalled"),
        "helper": _("could help"),
        "tutor": _("tutor"),
        "manager": _("community manager"),
        "admin": _("admin"),
    }[role]


def mark_words(mark: str) -> str:
    """Return a completion mark in words."""
    return {"done": _("Done"), "passed": _("Passed"), "failed": _("Not passed yet"), "todo": _("To do")}.get(mark, "")


def days_words(days: int) -> str:
    """Return how far the community's clock is ahead."""
    return ngettext("%(num)s day ahead", "%(num)s days ahead", days)


def _day(at: datetime) -> str:
    return str(format_date(at, "EEE d MMM"))


def _clock(at: datetime) -> str:
    return str(format_datetime(at, "HH:mm:ss"))


def _daytime(at: datetime) -> str:
    return str(format_datetime(at, "d MMM, HH:mm"))


def _when(epoch: int) -> str:
    return _daytime(datetime.fromtimestamp(epoch, UTC))


def _moment(epoch: int) -> str:
    return datetime.fromtimestamp(epoch, UTC).isoformat()


def _number(value: float) -> str:
    return str(format_decimal(value))


FILTERS = {"day": _day, "clock": _clock, "daytime": _daytime, "when": _when, "moment": _moment, "number": _number}
