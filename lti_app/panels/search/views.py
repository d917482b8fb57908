"""One field over everything that the viewer may see in this course."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, current_app, g, url_for

from lti_app import door
from lti_app.house import house
from lti_app.panels.search.forms import read_choice, read_id, read_words
from lti_app.shell import panels_off, render_panel
from lti_app.store import places, search

blueprint = Blueprint("search", __name__, url_prefix="/v/<ref>/search")
door.guard(blueprint)

# Where a thing that was found is shown, and under which tab its room stands.
PLACES: Mapping[str, tuple[str, str]] = {
    "ask": ("panels.ask.thread", "thread_id"),
    "talk": ("panels.talk.thread", "thread_id"),
    "win": ("panels.wins.project", "thread_id"),
    "idea": ("panels.pulse.idea", "thread_id"),
    "event": ("panels.events.event", "event_id"),
    "material": ("panels.library.material", "material_id"),
}
ROOMS = {"questions": "ask", "talk": "talk", "events": "event", "library": "material", "wins": "win", "pulse": "idea"}
TABS = {"questions": "ask"}


def _open() -> tuple[str, ...]:
    """Return the kinds of things that this course has a room for."""
    off = panels_off()
    return tuple(
        kind
        for kind in search.KINDS
        if TABS.get(kind, kind) not in off and PLACES[ROOMS[kind]][0] in current_app.view_functions
    )


def address(found: search.Found) -> str:
    """Return where a thing that was found is shown, at the very post."""
    endpoint, name = PLACES[found.kind]
    values: dict[str, Any] = {name: found.id}
    if found.post_id:
        values |= {"post": found.post_id, "_anchor": f"post-{found.post_id}"}
    return url_for(endpoint, **values)


def _page() -> str:
    me, words, kind = g.membership, read_words(), read_choice("kind")
    kinds = _open()
    kind = kind if kind in kinds else ""
    page = min(max(read_id("page", 1) or 1, 1), search.MOST_PAGES)
    about = read_id("about")
    asked = search.Asked(words, (kind,) if kind else kinds, about, page)
    viewer = search.Viewer(me.context_id, me.id, g.visit.is_staff)
    with house().db.reading() as session:
        found, more = search.find(session, viewer, asked) if words else ((), False)
        return render_panel(
            session,
            "panels/search/page.html",
            tab="search",
            words=words,
            kind=kind,
            kinds=kinds,
            about=about,
            activities=places.talkable(session, me.context_id),
            found=found,
            more=more and page < search.MOST_PAGES,
            page_number=page,
            address=address,
        )


@blueprint.route("", methods=["GET", "POST"])
def show() -> str:
    """Show the field, and what was found."""
    return _page()
