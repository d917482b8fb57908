"""The panels that can stand in a course page, and which of them this installation has.

A panel is offered when its room serves ``/v/<ref>/<key>``, so a new room appears in the picker by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from flask import current_app
from flask_babel import lazy_gettext

HOME = "home"
EXTENSION = "regista_panels"


@dataclass(frozen=True, slots=True)
class PanelKind:
    """One kind of panel; name and words are translated when shown, the height is what it mostly needs, in pixels."""

    key: str
    name: object
    words: object
    icon: str
    height: int = 640


KINDS = (
    PanelKind(
        HOME,
        lazy_gettext("The course's community"),
        lazy_gettext("For each person first what is for them, then what moves in the course. The one to begin with."),
        "home",
        720,
    ),
    PanelKind(
        "ask",
        lazy_gettext("Ask the course"),
        lazy_gettext("A question, and who has just been through it."),
        "lightbulb",
    ),
    PanelKind(
        "talk", lazy_gettext("Discussions"), lazy_gettext("Where everybody can begin and answer."), "message-circle"
    ),
    PanelKind(
        "circle",
        lazy_gettext("Study circles"),
        lazy_gettext("Three to five people who meet once a week and keep each other going."),
        "users",
    ),
    PanelKind(
        "peer",
        lazy_gettext("Lend a hand"),
        lazy_gettext("Offer help with what one has passed, and meet those who are stuck there."),
        "hand-helping",
    ),
    PanelKind(
        "events", lazy_gettext("Meetings"), lazy_gettext("When the course meets next, and with whom."), "calendar"
    ),
    PanelKind(
        "library",
        lazy_gettext("Shared library"),
        lazy_gettext("What others found useful, with a word on why."),
        "book-open",
    ),
    PanelKind(
        "wins",
        lazy_gettext("What went well"),
        lazy_gettext("Things reached, for those who like to show them."),
        "award",
    ),
    PanelKind(
        "pulse",
        lazy_gettext("How is it going?"),
        lazy_gettext("One tap, and the tutor knows how it feels."),
        "smile",
        320,
    ),
)


def panels() -> Mapping[str, PanelKind]:
    """Return the panels of this installation by their keys, in the order in which they are offered."""
    found: Mapping[str, PanelKind] | None = current_app.extensions.get(EXTENSION)
    if found is None:
        served = {rule.rule for rule in current_app.url_map.iter_rules()}
        found = MappingProxyType({kind.key: kind for kind in KINDS if f"/v/<ref>/{kind.key}" in served})
        current_app.extensions[EXTENSION] = found
    return found
