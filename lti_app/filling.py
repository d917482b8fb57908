"""Words with places to fill in, such as "Hello {name},": all that a community manager's own words can do.

Nothing in them is ever run. A place holds a name from a short list, in English or in Italian; whatever else stands in
braces is a fault that names itself. A line whose place has nothing to say is left out whole.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches

#: What may be filled in, and what else it may be called.
PLACES: Mapping[str, tuple[str, ...]] = {
    "name": ("nome",),
    "activity": ("attività", "attivita"),
    "helpers": ("aiutanti",),
    "course": ("corso",),
    "academy": ("accademia",),
    "many": ("molti",),
    "tutor": (),
}
#: A nudge comes from nobody in particular.
ALLOWED: Mapping[str, tuple[str, ...]] = {
    "nudge": ("name", "activity", "helpers", "course", "academy"),
    "draft": ("name", "activity", "helpers", "course", "academy", "tutor"),
    "card": ("name", "activity", "helpers", "many", "course", "academy"),
    "peer": ("name", "activity", "course", "academy"),
}
#: Places that hold words of ours and may begin a sentence; names and titles stay as they are written.
COUNTED = ("helpers", "many")
#: What the headline or the subject that belongs to words is called.
TITLE = "_title"
_PLACE = re.compile(r"\{([^{}]*)\}")


def places_of(use: str) -> tuple[str, ...]:
    """Return what may be filled in, in words or in their headline."""
    return ALLOWED[use.removesuffix(TITLE)]


def is_choice(use: str) -> bool:
    """Whether only the first line of a paragraph that can be filled is said: on cards, in headlines and subjects."""
    return use == "card" or use.endswith(TITLE)


class BadPlace(Exception):
    """A place that nobody can fill: its name, and the nearest that exists (empty: none is near, or a lone brace)."""

    def __init__(self, name: str, nearest: str = "") -> None:
        self.name, self.nearest = name, nearest
        super().__init__(name)


def check(template: str, use: str, language: str = "en") -> None:
    """Raise BadPlace for the first place that could not be filled in words of this ``use`` (nudge or draft).

    The nearest name is looked for in the ``language`` of the words.
    """
    for found in _PLACE.finditer(template):
        _canonical(found.group(1), use, language)
    rest = _PLACE.sub("", template)
    lone = next((letter for letter in rest if letter in "{}"), None)
    if lone is not None:
        raise BadPlace(lone)


def fill(template: str, use: str, values: Mapping[str, str]) -> str:
    """Return the words with every place filled; raises BadPlace.

    Lines follow each other as sentences of one paragraph, or are a choice (``is_choice``); an empty line begins
    another. What is filled in is taken as it is: braces in somebody's name fill nothing.
    """
    check(template, use)
    paragraphs = []
    for paragraph in re.split(r"\n[ \t]*\n", template.replace("\r\n", "\n").strip()):
        lines = [line for raw in paragraph.split("\n") if (line := _line(raw.strip(), use, values))]
        if lines:
            paragraphs.append(lines[0] if is_choice(use) else " ".join(lines))
    return "\n\n".join(paragraphs)


def _line(line: str, use: str, values: Mapping[str, str]) -> str:
    names = [_canonical(found.group(1), use) for found in _PLACE.finditer(line)]
    if any(not values.get(name, "").strip() for name in names):
        return ""

    def said(found: re.Match[str]) -> str:
        name = _canonical(found.group(1), use)
        value = values[name].strip()
        if found.start() == 0 and name in COUNTED:
            value = value[:1].upper() + value[1:]
        # "Marco B." at the end of a sentence has its full stop already.
        return value[:-1] if value.endswith(".") and line[found.end() : found.end() + 1] == "." else value

    return _PLACE.sub(said, line)


def named(name: str, language: str) -> str:
    """Return what a place is called in words of this language."""
    return PLACES[name][0] if language == "it" and PLACES[name] else name


def _canonical(said: str, use: str, language: str = "en") -> str:
    wanted = said.strip().casefold()
    names = {alias: name for name in places_of(use) for alias in (name, *PLACES[name])}
    if wanted not in names:
        near = get_close_matches(wanted, [named(name, language) for name in places_of(use)], n=1, cutoff=0.6)
        raise BadPlace(said.strip(), near[0] if near else "")
    return names[wanted]
