"""Whether a message whose answer was lost has arrived after all: its words, found again among those that we sent."""

from __future__ import annotations

import html
import re
from datetime import timedelta

#: The LMS's clock and ours may differ by so much.
SKEW = timedelta(minutes=10)
NOT_THERE = "not_there"
_TAG = re.compile(r"<[^>]*>")


def gist(words: str) -> str:
    """Return what is left of words that an LMS has laid out its own way: letters and digits, without tags."""
    return "".join(letter for letter in html.unescape(_TAG.sub(" ", words)) if letter.isalnum()).casefold()
