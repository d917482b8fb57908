"""The panels that stand in the course: two from the start, and those that were placed by deep linking."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from lti_app.sandbox.lms import Lms
from lti_app.sandbox.placing import FIRST_PANEL
from lti_app.sandbox.platform.tools import FIRST_TYPE, RegisteredTool, tool_by_type
from lti_app.sandbox.recorded import COMPACT_PANEL, HOME_PANEL


@dataclass(frozen=True, slots=True)
class Link:
    """An external-tool activity: ``id`` is the LTI resource link id (Moodle's instance, not its course module)."""

    id: int
    cmid: int
    title: str
    description: str
    tool: RegisteredTool
    target: str
    custom: dict[str, str]
    line_item: dict[str, Any] | None = None
    compact: bool = False


def links(here: Lms) -> list[Link]:
    """Return all panels, in the order in which they came."""
    first = tool_by_type(here, FIRST_TYPE)
    if first is None:
        return []
    home = here.course.module(HOME_PANEL)
    compact = here.course.module(COMPACT_PANEL)
    found = []
    if home:
        grade = {"scoreMaximum": 100, "label": home["name"]}
        found.append(
            Link(home["instance"], HOME_PANEL, home["name"], "Pannello", first, first.launch_url, {}, line_item=grade)
        )
    if compact:
        custom = {"panel": "talk", "activity": str(_quiz_beside(here))}
        panel = Link(compact["instance"], COMPACT_PANEL, compact["name"], "Pannello", first, first.launch_url, custom)
        found.append(replace(panel, compact=True))
    return found + [link for link in (_placed(here, h.id, h.facts) for h in here.course.happened("panel")) if link]


def _placed(here: Lms, number: int, facts: dict[str, Any]) -> Link | None:
    tool = tool_by_type(here, facts["type_id"])
    if tool is None:
        return None
    return Link(
        FIRST_PANEL + number,
        FIRST_PANEL + number,
        facts["title"],
        facts.get("text", ""),
        tool,
        facts.get("url") or tool.launch_url,
        facts.get("custom", {}),
        facts.get("line_item"),
        compact=True,
    )


def _quiz_beside(here: Lms) -> int | None:
    """The quiz that stands right before the compact panel in its section."""
    for section in here.course.sections:
        quiz = None
        for module in section["modules"]:
            if module["id"] == COMPACT_PANEL:
                return quiz
            quiz = module["id"] if module["modname"] == "quiz" else quiz
    return None


def link_by_cmid(here: Lms, cmid: int) -> Link | None:
    """Return the panel with this course-module id."""
    return next((link for link in links(here) if link.cmid == cmid), None)
