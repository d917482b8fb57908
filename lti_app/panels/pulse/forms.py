"""What people send from the pulse: a mood, an idea; what staff send: a survey, a change, a word on an idea."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from flask import g, request
from flask_babel import gettext as _

from engagement.mood import Mood
from lti_app.fields import Field, form_key, read_number, read_text
from lti_app.store import changes, moods, remarks, surveys

LONGEST_DAYS = 90


@dataclass(frozen=True, slots=True)
class SaidMood:
    """A mood as it was sent."""

    said: str = ""
    words: Field = field(default_factory=Field)
    shared: bool = False


def read_mood() -> SaidMood | None:
    """Read a mood, or None when it is none that the panel offers."""
    said = request.form.get("mood", "")
    if said not in set(Mood):
        return None
    words = read_text("words", most=moods.MAX_WORDS, needed=False)
    return SaidMood(said, words, request.form.get("shared") == "yes")


@dataclass(frozen=True, slots=True)
class Thought:
    """An idea as it is being written."""

    title: Field = field(default_factory=Field)
    body: Field = field(default_factory=Field)
    form_key: str | None = None

    @property
    def fault(self) -> bool:
        """Whether anything could not be taken."""
        return bool(self.title.fault or self.body.fault)


def read_thought() -> Thought:
    """Read an idea from the form."""
    return Thought(
        read_text("title", most=remarks.MAX_TITLE, lines=False), read_text("body", most=remarks.MAX_BODY), form_key()
    )


@dataclass(frozen=True, slots=True)
class AskedRow:
    """One row of a survey's form; ``options`` are lines."""

    kind: str = "scale"
    title: Field = field(default_factory=Field)
    options: Field = field(default_factory=Field)


@dataclass(frozen=True, slots=True)
class SurveyDraft:
    """A survey as it is being made."""

    title: Field = field(default_factory=Field)
    words: Field = field(default_factory=Field)
    rows: tuple[AskedRow, ...] = tuple(AskedRow() for _number in range(surveys.MOST_QUESTIONS))
    anonymous: bool = True
    days: int = 7
    fault: str = ""
    form_key: str | None = None

    @property
    def is_good(self) -> bool:
        """Whether it can be put to the course."""
        faults = [self.title.fault, self.words.fault, self.fault]
        return not any([*faults, *(one.title.fault or one.options.fault for one in self.rows)])

    def asked(self) -> tuple[surveys.Asked, ...]:
        """The questions that were filled in."""
        return tuple(
            surveys.Asked(one.kind, one.title.value, _lines(one.options.value) if one.kind == "choice" else ())
            for one in self.rows
            if one.title.value
        )

    def closes_at(self, now: datetime) -> datetime:
        """The end of the last day, where the reader is."""
        zone = ZoneInfo(g.time_zone)
        last = now.astimezone(zone).date() + timedelta(days=self.days)
        return datetime.combine(last, time(23, 59), zone)


def _lines(words: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(line.strip()[: surveys.MAX_TITLE] for line in words.splitlines() if line.strip()))


def read_survey_draft() -> SurveyDraft:
    """Read a survey from the form; rows without a question are left out."""
    rows = tuple(_row(number) for number in range(surveys.MOST_QUESTIONS))
    return SurveyDraft(
        read_text("title", most=surveys.MAX_TITLE, lines=False),
        read_text("words", most=surveys.MAX_WORDS, needed=False),
        rows,
        request.form.get("anonymous", "yes") == "yes",
        read_number("days", low=1, high=LONGEST_DAYS) or 7,
        "" if any(one.title.value for one in rows) else _("Put at least one question."),
        form_key(),
    )


def _row(number: int) -> AskedRow:
    kind = request.form.get(f"kind_{number}", "scale")
    title = read_text(f"question_{number}", most=surveys.MAX_TITLE, needed=False, lines=False)
    options = read_text(f"options_{number}", most=2000, needed=False)
    low, high = surveys.OPTIONS
    if kind == "choice" and title.value and not low <= len(_lines(options.value)) <= high:
        options = Field(options.value, _("From %(low)s to %(high)s answers, each on a line.", low=low, high=high))
    return AskedRow(kind if kind in surveys.KINDS else "scale", title, options)


@dataclass(frozen=True, slots=True)
class ChangeDraft:
    """A change as it is being written."""

    title: Field = field(default_factory=Field)
    words: Field = field(default_factory=Field)
    causes: tuple[tuple[str, int], ...] = ()
    form_key: str | None = None

    @property
    def fault(self) -> bool:
        """Whether anything could not be taken."""
        return bool(self.title.fault or self.words.fault)


def read_change() -> ChangeDraft:
    """Read a change from the form; a cause is a word and a number, as in idea-7."""
    causes = []
    for raw in request.form.getlist("cause")[:20]:
        kind, _dash, number = raw.partition("-")
        if kind in ("idea", "survey", "activity") and number.isascii() and number.isdecimal() and len(number) < 19:
            causes.append((kind, int(number)))
    return ChangeDraft(
        read_text("title", most=changes.MAX_TITLE, lines=False),
        read_text("words", most=changes.MAX_WORDS, needed=False),
        tuple(causes),
        form_key(),
    )
