"""What people send when they ask a person to look."""

from __future__ import annotations

from dataclasses import dataclass, field

from flask import request
from flask_babel import gettext as _

from lti_app.fields import Field, read_text
from lti_app.store.reports import MOST_WORDS, REASONS


@dataclass(frozen=True, slots=True)
class Complaint:
    """A report: empty at first, or as it was sent."""

    why: Field = field(default_factory=Field)
    words: Field = field(default_factory=Field)

    @property
    def is_good(self) -> bool:
        """Whether it can be taken."""
        return not (self.why.fault or self.words.fault)


def read_complaint() -> Complaint:
    """Read a report from the form."""
    why = request.form.get("why", "")
    fault = "" if why in REASONS else _("Choose what comes nearest.")
    return Complaint(Field(why if not fault else "", fault), read_text("words", most=MOST_WORDS, needed=False))
