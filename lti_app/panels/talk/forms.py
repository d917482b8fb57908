"""What people send from the discussions."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from flask import request
from flask_babel import gettext as _

from lti_app.fields import Field, form_key, read_number, read_text
from lti_app.store.polls import FEWEST, MAX_OPTION, MOST, Asked
from lti_app.store.talk import MAX_BODY, MAX_TITLE

# How long a poll may stay open, in days; 0 is until somebody closes the discussion.
CLOSES_IN = (0, 1, 3, 7, 14, 30)


@dataclass(frozen=True, slots=True)
class Opening:
    """A discussion to start: empty at first, or as it was sent."""

    title: Field = field(default_factory=Field)
    body: Field = field(default_factory=Field)
    activity_id: int | None = None
    section: str = ""
    form_key: str | None = None
    options: Field = field(default_factory=Field)
    many: bool = False
    days: int = 0
    asked: Asked | None = None
    group: str = ""

    @property
    def is_good(self) -> bool:
        """Whether it can be taken."""
        return not (self.title.fault or self.body.fault or self.options.fault)


def read_opening(now: datetime) -> Opening:
    """Read a new discussion from the form."""
    activity_id, section = read_tie()
    options = _read_options()
    many = request.form.get("many") == "yes"
    days = read_number("closes_in", low=0, high=90) or 0
    days = days if days in CLOSES_IN else 0
    words = tuple(line for line in options.value.split("\n") if line)
    asked = Asked(words, many, now + timedelta(days=days) if days else None) if words and not options.fault else None
    return Opening(
        title=read_text("title", most=MAX_TITLE, lines=False),
        body=read_text("body", most=MAX_BODY),
        activity_id=activity_id,
        section=section,
        form_key=form_key(),
        options=options,
        many=many,
        days=days,
        asked=asked,
        group=request.form.get("group", "")[:255],
    )


def read_tie() -> tuple[int | None, str]:
    """Read to what a discussion is tied: an activity's number, or ``s:`` and the title of a section."""
    raw = request.form.get("activity_id", "")
    if raw.startswith("s:"):
        return None, raw[2:502]
    return read_number("activity_id", low=1, high=2**62), ""


def _read_options() -> Field:
    """Read the answers of a poll, one a line; the same one twice is one."""
    raw = read_text("options", most=MOST * (MAX_OPTION + 1) * 2, needed=False)
    lines = list(dict.fromkeys(" ".join(line.split()) for line in raw.value.split("\n") if line.strip()))
    value, fault = "\n".join(lines), raw.fault
    if lines and len(lines) < FEWEST:
        fault = fault or _("A poll needs at least two answers, each on its own line.")
    if len(lines) > MOST:
        fault = fault or _("A poll can have up to eight answers.")
    if any(len(line) > MAX_OPTION for line in lines):
        fault = fault or _("An answer can have up to 120 characters.")
    return Field(value, fault)


def read_reply() -> Field:
    """Read a reply from the form."""
    return read_text("body", most=MAX_BODY)
