"""What a tutor can choose when placing panels, and what they chose, read from the form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any

from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from lti_app.catalogue import HOME, panels
from lti_app.claim_fields import plain
from lti_app.lti.content_items import Chosen
from lti_app.store.places import PlaceOption, placeable

LOWEST, HIGHEST = 240, 1600
MOST_PANELS = 20


@dataclass(frozen=True, slots=True)
class Section:
    """A section of the course with its activities, as the picker lists them."""

    title: str
    activities: tuple[PlaceOption, ...]


def sections_of(session: Session, context_id: int | None) -> tuple[Section, ...]:
    """Return the places beside which a panel can stand; none before the first sync."""
    if context_id is None:
        return ()
    found = placeable(session, context_id)
    return tuple(Section(title, tuple(rows)) for title, rows in groupby(found, key=lambda one: one.section))


def _height(text: str, usual: int) -> int:
    sound = text.isascii() and text.isdecimal() and len(text) <= 5
    return min(max(int(text), LOWEST), HIGHEST) if sound else usual


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text) if text else None
    except ValueError:
        return None
    # Before the first and after the last day of all there is no midnight in another time zone.
    return day if day and date.min.year < day.year < date.max.year else None


def _one(form: Mapping[str, Any], key: str, sections: tuple[Section, ...]) -> Chosen:
    kind = panels()[key]
    about = str(form.get(f"about_{key}", ""))
    what, _, which = about.partition(":")
    known = {one.api_id for section in sections for one in section.activities}
    titles = {section.title for section in sections if section.title}
    first, last = _day(str(form.get("first_day", ""))), _day(str(form.get("last_day", "")))
    if first and last and last < first:
        first, last = last, first
    return Chosen(
        panel=key,
        title=plain(form.get(f"title_{key}"), 200) or str(kind.name),
        height=_height(str(form.get(f"height_{key}", "")), kind.height),
        activity=which if what == "activity" and which in known else "",
        section=which if what == "section" and which in titles else "",
        first_day=first,
        last_day=last,
    )


def chosen_in(form: MultiDict[str, str], sections: tuple[Section, ...], *, several: bool) -> list[Chosen]:
    """Return the chosen panels in the order of the picker; the first one alone where the platform takes only one."""
    wanted = [key for key in panels() if key in form.getlist("panel")] or [HOME]
    return [_one(form, key, sections) for key in (wanted[:MOST_PANELS] if several else wanted[:1])]
