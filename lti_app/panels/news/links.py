"""Where a notification leads: the very place, or the nearest room that is built in."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from flask import Flask, current_app, url_for

from lti_app.store.news import Item
from lti_app.store.news_rows import TO_THE_LAST

# By the kind of thread: the pages that show one, best first; what they need is read from the notification.
THREADS: Mapping[str, tuple[str, ...]] = {
    "talk": ("panels.talk.thread", "panels.talk.show"),
    "ask": ("panels.ask.thread", "panels.ask.show"),
    "idea": ("panels.pulse.idea", "panels.pulse.show"),
    "win": ("panels.wins.project", "panels.wins.show"),
    "event": ("panels.events.event", "panels.events.show"),
    "match": ("panels.peer.meet", "panels.peer.show"),
    "circle": ("panels.circle.show",),
}
# By the group of what has no thread.
ROOMS: Mapping[str, tuple[str, ...]] = {
    "event_": ("panels.events.event", "panels.events.show"),
    "material_": ("panels.library.material", "panels.library.show"),
    "kudos": ("panels.wins.show",),
    "warm": ("panels.wins.show", "panels.home.show"),
    "praise_due": ("panels.wins.show", "desk.queue"),
    "idea_": ("panels.pulse.idea", "panels.pulse.show"),
    "changed_": ("panels.pulse.show",),
    "asked_time": ("desk.queue",),
    "wants_": ("panels.pulse.show",),
    "survey_": ("panels.pulse.survey", "panels.pulse.show"),
    "crisis": ("moderation.queue", "desk.queue"),
    "reported": ("moderation.queue",),
    "moderated": ("panels.safety.record",),
    "report_decided": ("panels.safety.record",),
    "role": ("moderation.queue",),
}


@lru_cache(maxsize=256)
def _needs(app: Flask, endpoint: str) -> frozenset[str] | None:
    """What a page's address is made of besides the visit, or None when there is no such page."""
    if endpoint not in app.view_functions:
        return None
    return frozenset(next(app.url_map.iter_rules(endpoint)).arguments) - {"ref"}


def _values(item: Item) -> dict[str, Any]:
    ids = {"thread_id": item.thread_id, "match_id": item.match_id, "circle_id": item.circle_id}
    told = {name: value for name, value in item.facts.items() if name.endswith("_id") and isinstance(value, int)}
    return {name: value for name, value in {**told, **ids}.items() if value is not None}


def place_of(item: Item) -> str:
    """Return the address that a notification leads to, at the post that it is about; home where no page shows it."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    known = _values(item)
    rooms = next((rooms for start, rooms in ROOMS.items() if item.kind.startswith(start)), ())
    # What moderators decided is read in their words about it: the thread itself may be gone.
    first = rooms if item.kind in TO_THE_LAST else THREADS.get(item.thread_kind or "", rooms)
    pages = (*first, *rooms)
    for endpoint in pages:
        needed = _needs(app, endpoint)
        if needed is not None and needed <= known.keys():
            at = item.post_id if item.thread_id is not None else None
            # The anchor alone would miss a post that stands on an earlier page of a long conversation.
            place: dict[str, Any] = {} if at is None else {"post": at, "_anchor": f"post-{at}"}
            return url_for(endpoint, **{name: known[name] for name in needed}, **place)
    return url_for("panels.home.show")
