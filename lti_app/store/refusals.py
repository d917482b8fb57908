"""Why the store would not do what a person asked; the page finds the words."""

from __future__ import annotations


class Refusal(Exception):
    """Something a person asked for cannot be done; nothing was changed."""


class NotYours(Refusal):
    """It does not exist, or it belongs to other people: the page answers 404 either way."""


class Taken(Refusal):
    """Somebody else was quicker: the helper has no room left."""


class TooLate(Refusal):
    """It was still possible when the page was drawn and is not any more (answered, withdrawn, recovered)."""
