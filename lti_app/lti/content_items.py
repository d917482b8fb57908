"""What a platform gets for a chosen panel: a whole content item (deep linking 2.0, section 3.2)."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from lms_clients.advantage.grades import PARTICIPATION
from lti_app.config import Settings
from lti_app.lti.addresses import launch_url

FRAMES = ("iframe", "frame", "embed")


@dataclass(frozen=True, slots=True)
class Chosen:
    """One panel as a tutor chose it; ``activity`` is the LMS's id, ``section`` a title, ``days`` first and last."""

    panel: str
    title: str
    height: int
    activity: str = ""
    section: str = ""
    first_day: date | None = None
    last_day: date | None = None

    def settings(self) -> dict[str, Any]:
        """Return what we keep of it, and what goes along when the course is copied."""
        said = {"height": self.height, "activity": self.activity, "section": self.section}
        return {name: value for name, value in said.items() if value}


def new_mark() -> str:
    """Return an id of our own for a placed panel: it stays with the link when a course is copied."""
    return str(uuid.uuid4())


def _moment(day: date, at: time, zone: ZoneInfo) -> str:
    return datetime.combine(day, at, zone).astimezone(UTC).isoformat().replace("+00:00", "Z")


def _availability(chosen: Chosen, zone: ZoneInfo) -> dict[str, str]:
    span = {}
    if chosen.first_day:
        span["startDateTime"] = _moment(chosen.first_day, time(0, 0), zone)
    if chosen.last_day:
        span["endDateTime"] = _moment(chosen.last_day, time(23, 59, 59), zone)
    return span


def content_item(
    chosen: Chosen,
    mark: str,
    *,
    targets: Iterable[str],
    settings: Settings,
    zone: ZoneInfo,
    picture: str,
    column: str = "",
) -> dict[str, Any]:
    """Return the item of one panel; ``column`` is the label of a gradebook column to make with it, empty for none."""
    targets = tuple(targets)
    custom = {"panel": chosen.panel, "regista_link": mark}
    custom |= {name: value for name, value in (("activity", chosen.activity), ("section", chosen.section)) if value}
    item: dict[str, Any] = {
        "type": "ltiResourceLink",
        "title": chosen.title,
        "url": f"{launch_url(settings)}?panel={chosen.panel}",
        "icon": {"url": picture, "width": 64, "height": 64},
        "thumbnail": {"url": picture, "width": 64, "height": 64},
        "custom": custom,
    }
    if any(target in FRAMES for target in targets):
        item["iframe"] = {"height": chosen.height}
    if "window" in targets:
        item["window"] = {"targetName": f"regista-{chosen.panel}"}
    if span := _availability(chosen, zone):
        item["available"] = span
    if column:
        item["lineItem"] = {"label": column, "scoreMaximum": 100, "tag": PARTICIPATION, "resourceId": mark}
    return item
