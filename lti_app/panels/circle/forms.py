"""What people send from the circle panel."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from flask import g, request
from flask_babel import gettext as _

from lti_app.fields import Field, read_number, read_text
from lti_app.store.circle_acts import MAX_ITEM, MAX_WORDS, SAID
from lti_app.store.offers import WINDOW_CODES


@dataclass(frozen=True, slots=True)
class Drafts:
    """What comes back with the page when it could not be taken, each beside its field."""

    body: Field = field(default_factory=Field)
    item: Field = field(default_factory=Field)
    starts: Field = field(default_factory=Field)
    check_in: Field = field(default_factory=Field)
    report: Field = field(default_factory=Field)


@dataclass(frozen=True, slots=True)
class Item:
    """Something for the agenda; ``starts_at`` is aware, read in the writer's own time zone."""

    words: Field
    starts: Field
    starts_at: datetime | None


def read_windows() -> tuple[str, ...]:
    """Read when somebody is around; codes that the form does not hold are left out."""
    return tuple(code for code in WINDOW_CODES if code in request.form.getlist("windows"))


def read_item() -> Item:
    """Read something for the agenda."""
    words, raw = read_text("words", most=MAX_ITEM, lines=False), request.form.get("starts_at", "")[:40]
    if not raw:
        return Item(words, Field(), None)
    try:
        at = datetime.fromisoformat(raw)
        at = (at if at.tzinfo else at.replace(tzinfo=ZoneInfo(g.time_zone))).astimezone(UTC)
    except (ValueError, OverflowError):
        return Item(words, Field(raw, _("This is not a day and an hour that we can read.")), None)
    return Item(words, Field(raw), at)


def read_check_in() -> tuple[str | None, Field]:
    """Read how the week goes: a code of SAID, or None, and a few words."""
    said = request.form.get("said", "")
    return (said if said in SAID else None), read_text("words", most=MAX_ITEM, needed=False)


def read_report() -> tuple[int | None, Field]:
    """Read whom somebody reports and what happened."""
    return read_number("about_id", low=1, high=2**62), read_text("words", most=MAX_WORDS)
