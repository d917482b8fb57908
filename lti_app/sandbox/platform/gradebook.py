"""Line items and scores that tools wrote: read from what happened, never stored twice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lti_app.sandbox.lms import Lms
from lti_app.sandbox.platform.links import links

#: Numbers of line items that a tool created begin after those of placed panels.
FIRST_CREATED = 100_000
PANEL_ITEMS = 1_000


@dataclass(frozen=True, slots=True)
class LineItem:
    """A gradebook column of a tool."""

    number: int
    type_id: str
    body: dict[str, Any]
    #: A panel's own column stays as long as the panel.
    of_panel: bool


def line_items(here: Lms, type_id: str) -> list[LineItem]:
    """Return the tool's columns: its panels' own first, then the created ones, without the deleted."""
    found = [
        LineItem(PANEL_ITEMS + link.id, type_id, _of_panel(link.line_item, link.id), of_panel=True)
        for link in links(here)
        if link.line_item is not None and link.tool.type_id == type_id
    ]
    written: dict[int, LineItem] = {}
    for happening in here.course.happened("line_item", "line_item_gone"):
        number = happening.facts.get("number") or FIRST_CREATED + happening.id
        if happening.kind == "line_item_gone":
            written.pop(number, None)
        elif happening.facts["type_id"] == type_id:
            written[number] = LineItem(number, type_id, happening.facts["body"], of_panel=number < FIRST_CREATED)
    changed = [written.pop(item.number, item) for item in found]
    return changed + list(written.values())


def _of_panel(line_item: dict[str, Any] | None, link: int) -> dict[str, Any]:
    given = line_item or {}
    return {
        "label": given.get("label", ""),
        "scoreMaximum": given.get("scoreMaximum", 100),
        "resourceId": given.get("resourceId", ""),
        "tag": given.get("tag", ""),
        "resourceLinkId": str(link),
        "ltiLinkId": str(link),
    }


def results(here: Lms, number: int) -> dict[str, dict[str, Any]]:
    """Return the last score of each person in a column, by user id."""
    found: dict[str, dict[str, Any]] = {}
    for happening in here.course.happened("score"):
        if happening.facts["number"] == number:
            found[happening.facts["score"]["userId"]] = happening.facts["score"]
    return found


def moment(written: object) -> datetime | None:
    """Read a score's timestamp: ISO 8601 with a zone."""
    try:
        at = datetime.fromisoformat(str(written).replace("Z", "+00:00"))
    except ValueError:
        return None
    return at if at.tzinfo else None
