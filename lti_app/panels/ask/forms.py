"""What people send from the questions."""

from __future__ import annotations

from dataclasses import dataclass, field

from flask import request

from lti_app.fields import Field, form_key, read_text
from lti_app.store.ask import MAX_BODY, MAX_TITLE, Show

MAX_PLACE = 520


@dataclass(frozen=True, slots=True)
class Draft:
    """A question to ask: empty at first, or as it was sent.

    ``place``: "" for the whole course, ``a:`` and an activity's id, or ``s:`` and a section's title. ``checked``:
    similar questions were shown before it was sent. ``fault`` is about the whole of it.
    """

    title: Field = field(default_factory=Field)
    body: Field = field(default_factory=Field)
    place: str | None = None
    anonymous: bool = False
    checked: bool = False
    form_key: str | None = None
    fault: str = ""
    group: str = ""

    @property
    def is_good(self) -> bool:
        """Whether it can be taken."""
        return not (self.title.fault or self.body.fault or self.fault)

    @property
    def activity_id(self) -> int | None:
        """The activity that was chosen, or None."""
        kind, _colon, number = (self.place or "").partition(":")
        return int(number) if kind == "a" and number.isascii() and number.isdecimal() and len(number) <= 18 else None

    @property
    def section(self) -> str:
        """The section that was chosen, or an empty string."""
        kind, _colon, title = (self.place or "").partition(":")
        return title if kind == "s" else ""


def read_draft() -> Draft:
    """Read a new question from the form."""
    return Draft(
        title=read_text("title", most=MAX_TITLE, lines=False),
        body=read_text("body", most=MAX_BODY, needed=False),
        place=request.form.get("place", "")[:MAX_PLACE],
        anonymous=request.form.get("anonymous") == "yes",
        checked=request.form.get("checked") == "1",
        form_key=form_key(),
        group=request.form.get("group", "")[:255],
    )


def read_carried() -> Draft:
    """Read the words that somebody brings along from a search that found nothing."""
    words = " ".join("".join(one if one.isprintable() else " " for one in request.args.get("words", "")).split())
    return Draft(Field(words[:MAX_TITLE]))


def read_answer() -> Field:
    """Read an answer from the form."""
    return read_text("body", most=MAX_BODY)


@dataclass(frozen=True, slots=True)
class Look:
    """Which questions somebody looks at, from the address."""

    show: Show = Show.ALL
    page: int = 1
    about: int | None = None
    section: str = ""
    everywhere: bool = False


def read_look() -> Look:
    """Read from the address what to show; what is no choice is as if it were not there."""
    wanted = request.args.get("show", "")
    return Look(
        show=Show(wanted) if wanted in set(Show) else Show.ALL,
        page=_number("page") or 1,
        about=_number("about"),
        section=request.args.get("section", "")[:500],
        everywhere=request.args.get("everywhere") == "1",
    )


def _number(name: str) -> int | None:
    raw = request.args.get(name, "")
    return int(raw) if raw.isascii() and raw.isdecimal() and len(raw) <= 18 else None


def read_typed() -> str:
    """Read what has been typed so far."""
    return request.form.get("title", "")[:MAX_TITLE] + " " + request.form.get("body", "")[:MAX_BODY]
