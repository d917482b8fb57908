"""The academy's first words in a circle."""

from __future__ import annotations

from flask import g
from flask_babel import force_locale
from flask_babel import gettext as _


def opening_words() -> str:
    """Return what the academy says when a circle begins, in the academy's own language: all of the circle read it."""
    with force_locale(g.academy.locale or "en"):
        return _(
            "Welcome to your circle. You are at a similar point of the course and around at the same times. "
            "To begin: where are you, and what would you like to have done by next week?"
        )
