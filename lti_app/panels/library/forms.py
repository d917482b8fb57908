"""What people send to the library, read once at the door."""

from __future__ import annotations

from dataclasses import dataclass, field

from flask import request
from flask_babel import gettext as _

from lti_app.fields import Field, read_text
from lti_app.panels.files import Files
from lti_app.store.library import KINDS, MaterialView
from lti_app.store.library_acts import MAX_TITLE, MAX_WHY, Piece
from lti_app.store.ties import LONGEST_OUTCOME, MOST_OUTCOMES, Ties
from lti_app.web_addresses import LONGEST, good_address


@dataclass(frozen=True, slots=True)
class Draft:
    """A piece's form: empty at first, or as it was sent, each fault beside its field."""

    kind: str = "link"
    title: Field = field(default_factory=Field)
    why: Field = field(default_factory=Field)
    url: Field = field(default_factory=Field)
    about: str = ""
    outcome: str = ""

    @property
    def is_good(self) -> bool:
        """Whether it can be taken."""
        return not (self.title.fault or self.why.fault or self.url.fault)

    def piece(self, files: Files) -> Piece:
        """Return the piece that a good draft describes."""
        tie, rest = self.about[:1], self.about[1:]
        return Piece(
            kind=self.kind,
            title=self.title.value,
            why=self.why.value,
            url=self.url.value or None,
            activity_id=int(rest) if tie == "a" else None,
            section=rest if tie == "s" else None,
            outcome=self.outcome or None,
            files=files.keys,
        )


def draft_of(view: MaterialView) -> Draft:
    """Return the form of a piece as it stands."""
    tie = f"a{view.activity.id}" if view.activity else f"s{view.section}" if view.section else ""
    return Draft(view.kind, Field(view.title), Field(view.why), Field(view.url or ""), tie, view.outcome)


def read_draft(ties: Ties, files: Files, has_file: bool = False) -> Draft:
    """Read the form; a piece is an address or a file, and a word on why it helped. ``has_file``: it has one already."""
    kind = request.form.get("kind", "")
    raw = request.form.get("about", "")
    known = {f"a{number}" for number, _title in ties.activities} | {f"s{section}" for section in ties.sections}
    return Draft(
        kind=kind if kind in KINDS else "link",
        title=read_text("title", most=MAX_TITLE, lines=False),
        why=read_text("why", most=MAX_WHY),
        url=_url(bool(files.kept or has_file), bool(files.fault)),
        about=raw if raw in known else "",
        outcome=next((one for one in ties.outcomes if one == request.form.get("outcome")), ""),
    )


def _url(has_file: bool, file_refused: bool) -> Field:
    url = read_text("url", most=LONGEST, needed=False, lines=False)
    if url.fault:
        return url
    if not url.value:
        if has_file or file_refused:
            return url
        return Field("", _("An address or a file is needed: one of the two is enough."))
    # People write addresses as they say them.
    whole = url.value if "://" in url.value else f"https://{url.value}"
    if good_address(whole) is None:
        return Field(url.value, _("This is no address that others could open: it begins with https:// or http://"))
    return Field(whole)


def read_outcomes() -> tuple[list[str], str]:
    """Read the learning outcomes of the course, one a line, and what is wrong with them."""
    text = read_text("outcomes", most=MOST_OUTCOMES * LONGEST_OUTCOME, needed=False)
    lines = list(dict.fromkeys(" ".join(line.split()) for line in text.value.split("\n") if line.strip()))
    if text.fault:
        return lines, text.fault
    if len(lines) > MOST_OUTCOMES:
        return lines, _("At most %(most)s outcomes: what is on the list should be looked at.", most=MOST_OUTCOMES)
    if any(len(line) > LONGEST_OUTCOME for line in lines):
        return lines, _("One of the lines is longer than %(most)s characters.", most=LONGEST_OUTCOME)
    return lines, ""
