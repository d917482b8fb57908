"""What a person can do next in the course: the pages' own forms and the bar's "things that happen" both ask here."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import Any, Literal

from lti_app.sandbox.course import Course
from lti_app.sandbox.lms import Lms
from lti_app.sandbox.marks import PASSING

Kind = Literal["open", "pass", "fail", "hand_in", "write", "tick", "come"]


@dataclass(frozen=True, slots=True)
class Deed:
    """One thing that may happen: somebody does something with an activity."""

    kind: Kind
    person: int
    cmid: int | None
    activity: str
    tries: int = 0


def open_activities(course: Course, person: int) -> list[dict[str, Any]]:
    """Return the activities that this person has not completed, in course order; panels are not among them."""
    found = []
    for module in course.modules():
        status = course.status(person, module["id"])
        if status and status["hascompletion"] and not status["isoverallcomplete"] and module["modname"] != "lti":
            found.append(module)
    return found


def possible(course: Course, person: int) -> list[Deed]:
    """Return what this learner can do now: the next of each kind, nearest in the course first."""
    found: dict[str, list[Deed]] = {}
    for module in open_activities(course, person):
        for deed in _with(course, person, module):
            found.setdefault(deed.kind, []).append(deed)
    nearest = [deeds[0] for deeds in found.values()]
    return [*nearest, Deed("come", person, None, "")]


def _with(course: Course, person: int, module: dict[str, Any]) -> list[Deed]:
    name, cmid = module["name"], module["id"]
    if module["modname"] == "quiz":
        tries = len(course.attempts.get((module["instance"], person), []))
        return [Deed("pass", person, cmid, name, tries), Deed("fail", person, cmid, name, tries)]
    if module["modname"] == "assign":
        return [Deed("hand_in", person, cmid, name)]
    if module["modname"] == "forum":
        return [Deed("write", person, cmid, name)]
    if module["completion"] == 1:
        return [Deed("tick", person, cmid, name)]
    return [Deed("open", person, cmid, name)]


def do(here: Lms, deed: Deed, *, at: int | None = None, share: float | None = None) -> None:
    """Let it happen; ``share`` is the part of a quiz's marks that is reached, else just enough or clearly not."""
    course = here.course
    match deed.kind:
        case "open":
            here.happen(deed.person, "view", deed.cmid, at=at)
        case "tick":
            here.happen(deed.person, "mark", deed.cmid, at=at, done=True)
        case "hand_in":
            here.happen(deed.person, "submit", deed.cmid, at=at, text="<p>La mia consegna.</p>")
        case "write":
            name = here.people[deed.person].given
            here.happen(
                deed.person, "post", deed.cmid, at=at, subject=f"{name}: {deed.activity}", text="<p>Eccomi.</p>"
            )
        case "pass" | "fail":
            quiz = next(q for q in course.quizzes if q["coursemodule"] == deed.cmid)
            wanted = share if share is not None else (PASSING["quiz"] + 0.2 if deed.kind == "pass" else 0.4)
            here.happen(deed.person, "attempt", deed.cmid, at=at, sumgrades=round(wanted * quiz["sumgrades"]))
        case "come":
            here.happen(deed.person, "visit", at=at)


def paragraphs(text: str) -> str:
    """Return plain text as the HTML that Moodle would keep."""
    parts = [html.escape(part.strip()) for part in text.replace("\r", "").split("\n\n") if part.strip()]
    return "".join(f"<p>{part}</p>" for part in parts)
