"""What people say about themselves: a name, a colour, why they are here."""

from __future__ import annotations

from flask import request
from flask_babel import gettext as _

from engagement.values import Motive
from lti_app.fields import Field, read_number, read_text
from lti_app.store.selves import MAX_NAME, TINTS
from lti_app.store.why import MAX_WHY, NOBODY, SHARES, WhyView


def read_name() -> Field:
    """Read a display name; empty is an answer too."""
    name = read_text("display_name", most=MAX_NAME, needed=False, lines=False)
    if not name.fault and name.value and not any(letter.isalnum() for letter in name.value):
        return Field(name.value, _("A name needs at least one letter."))
    return name


def name_is_taken(name: Field) -> Field:
    """Return the field with the word for a name that somebody of the staff goes by."""
    return Field(
        name.value, _("A tutor of this course is called so. Choose another name, so that nobody mixes you up.")
    )


def read_tint() -> int | None:
    """Read the colour behind the initials; None is the one of the name."""
    return read_number("tint", low=0, high=TINTS - 1)


def read_why() -> tuple[WhyView, Field]:
    """Read why somebody is here; whoever asks for nothing to be shared shares nothing."""
    motive, shared = request.form.get("motive", ""), request.form.get("shared_with", NOBODY)
    words = read_text("why", most=MAX_WHY, needed=False)
    motive = motive if motive in set(Motive) else ""
    return WhyView(str(motive), words.value, shared if shared in SHARES else NOBODY), words
