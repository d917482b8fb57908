"""The course as one person sees it: sections, activities, marks and dates, ready for the page."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from lti_app.sandbox.lms import Lms
from lti_app.sandbox.people import Person
from lti_app.sandbox.platform.links import Link, links

Mark = str  # "done" | "passed" | "failed" | "todo" | "none"


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a section; ``panel`` when it is a panel that stands in the page."""

    cmid: int
    kind: str
    name: str
    mark: Mark
    by_hand: bool
    due_at: datetime | None
    late: bool
    panel: Link | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """A section with its lines."""

    number: int
    name: str
    items: list[Item] = field(default_factory=list)


def outline(here: Lms, person: Person) -> list[Section]:
    """Return the sections for this person, whose own completion marks the lines."""
    panels = {link.cmid: link for link in links(here) if link.tool.active}
    due = due_times(here)
    now = datetime.fromtimestamp(here.now(), UTC)
    found = []
    for section in here.course.sections:
        items = [_item(here, person, module, due, now, panels) for module in section["modules"]]
        found.append(Section(section["section"], section["name"], [i for i in items if i]))
    return found


def _item(
    here: Lms,
    person: Person,
    module: dict[str, Any],
    due: dict[tuple[str, int], int],
    now: datetime,
    panels: dict[int, Link],
) -> Item | None:
    panel = panels.get(module["id"])
    if module["modname"] == "lti" and panel is None:
        return None
    status = here.course.status(person.id, module["id"])
    mark = _mark(status) if person.role == "learner" else "none"
    time = due.get((module["modname"], module["instance"]))
    due_at = datetime.fromtimestamp(time, UTC) if time else None
    return Item(
        module["id"],
        module["modname"],
        module["name"],
        "none" if panel else mark,
        module["completion"] == 1,
        due_at,
        late=bool(due_at and due_at < now and mark in ("todo", "failed")),
        panel=panel,
    )


def _mark(status: dict[str, Any] | None) -> Mark:
    if status is None or not status["hascompletion"]:
        return "none"
    return {0: "todo", 1: "done", 2: "passed", 3: "failed"}[status["state"]]


def due_times(here: Lms) -> dict[tuple[str, int], int]:
    """Return when each activity is due, by module name and instance; a hard date before an expected one."""
    found: dict[tuple[str, int], int] = {}
    for kind in ("expectcompletionon", "due"):
        for event in here.course.events:
            if event["eventtype"] == kind:
                found[event["modulename"], event["instance"]] = event["timestart"]
    return found


def progress(sections: list[Section]) -> tuple[int, int]:
    """Return how many of the marked activities are done, and how many there are."""
    marks = [item.mark for section in sections for item in section.items if item.mark != "none"]
    return sum(mark in ("done", "passed") for mark in marks), len(marks)
