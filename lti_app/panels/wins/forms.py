"""What people send from the wins: a kind word, a project."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from flask import request
from flask_babel import gettext as _

from lti_app.fields import Field, form_key, read_number, read_text
from lti_app.store import kudos, remarks
from lti_app.store.views import Face

MAX_LINK = 2000
ID = 2**62


@dataclass(frozen=True, slots=True)
class Thanks:
    """A kind word as it is being written; ``found`` are the people whom a name found."""

    to_id: int | None = None
    find: Field = field(default_factory=Field)
    reason: str = ""
    words: Field = field(default_factory=Field)
    post_id: int | None = None
    match_id: int | None = None
    thread_id: int | None = None
    found: tuple[Face, ...] = ()
    fault: str = ""
    form_key: str | None = None
    is_open: bool = False


def read_thanks() -> Thanks:
    """Read a kind word from the form."""
    reason = request.form.get("reason", "")
    return Thanks(
        to_id=read_number("to_id", low=1, high=ID),
        find=read_text("find", most=80, needed=False, lines=False),
        reason=reason if reason in kudos.REASONS else "",
        words=read_text("words", most=kudos.MAX_WORDS, needed=False),
        post_id=read_number("post_id", low=1, high=ID),
        match_id=read_number("match_id", low=1, high=ID),
        thread_id=read_number("thread_id", low=1, high=ID),
        form_key=form_key(),
        is_open=True,
    )


@dataclass(frozen=True, slots=True)
class Showing:
    """A project as it is being written."""

    title: Field = field(default_factory=Field)
    body: Field = field(default_factory=Field)
    link: Field = field(default_factory=Field)
    form_key: str | None = None

    @property
    def fault(self) -> bool:
        """Whether anything could not be taken."""
        return bool(self.title.fault or self.body.fault or self.link.fault)


def read_showing() -> Showing:
    """Read a project from the form."""
    return Showing(
        read_text("title", most=remarks.MAX_TITLE, lines=False),
        read_text("body", most=remarks.MAX_BODY),
        read_link("link"),
        form_key(),
    )


def read_link(name: str) -> Field:
    """Read an address that leads out; without a scheme it is taken as https."""
    link = read_text(name, most=MAX_LINK, needed=False, lines=False)
    if link.fault or not link.value:
        return link
    value = link.value if "://" in link.value else f"https://{link.value}"
    try:
        parts = urlsplit(value)
        good = parts.scheme in ("http", "https") and "." in (parts.hostname or "") and " " not in value
    except ValueError:
        good = False
    return Field(value if good else link.value, "" if good else _("This is no address that others could open."))
