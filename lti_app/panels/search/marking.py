"""A piece of what somebody wrote, around what was looked for, with those words marked."""

from __future__ import annotations

import re

from markupsafe import Markup, escape

from lti_app.markup import plain
from lti_app.store.stems import asked_stems

LENGTH = 180
BEFORE = 60
_WORD = re.compile(r"[^\W_]+")


def _hits(text: str, asked: frozenset[str]) -> list[tuple[int, int]]:
    found = []
    for word in _WORD.finditer(text):
        if any(stems & asked for stems in asked_stems(word.group())):
            found.append(word.span())
    return found


def marked(text: str, looked_for: str) -> Markup:
    """Return ``text`` as HTML with the words marked that were looked for; everything else is escaped."""
    asked = frozenset(stem for stems in asked_stems(looked_for) for stem in stems)
    parts, at = [Markup("")], 0
    for start, end in _hits(text, asked):
        parts += [escape(text[at:start]), Markup("<mark>"), escape(text[start:end]), Markup("</mark>")]
        at = end
    return Markup("").join([*parts, escape(text[at:])])


def snippet(text: str, looked_for: str) -> Markup:
    """Return the words around the first that was looked for, without Markdown's signs, cut at words."""
    words = plain(text, most=6000)
    asked = frozenset(stem for stems in asked_stems(looked_for) for stem in stems)
    hits = _hits(words, asked)
    start = max(0, hits[0][0] - BEFORE) if hits else 0
    if start:
        start = words.find(" ", start) + 1
    piece = words[start : start + LENGTH]
    if start + LENGTH < len(words):
        piece = piece.rsplit(" ", 1)[0] + "…"
    return escape("…" if start else "") + marked(piece, looked_for)
