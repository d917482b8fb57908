"""The pages of activities: opening one is a visit, and completes it where the course says so."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import Blueprint, abort, request

from lti_app.sandbox import recording
from lti_app.sandbox.lms import Lms, lms
from lti_app.sandbox.marks import PASSING
from lti_app.sandbox.pages.frame import page
from lti_app.sandbox.pages.outline import due_times
from lti_app.sandbox.people import Person
from lti_app.sandbox.platform.links import link_by_cmid
from lti_app.sandbox.session import present

blueprint = Blueprint("activities", __name__)


@lru_cache(maxsize=1)
def _lessons() -> dict[str, list[str]]:
    path = Path(str(recording.__file__)).parent / "lessons.json"
    return dict(json.loads(path.read_text("utf-8")))


@blueprint.get("/mod/<kind>/view.php")
def view(kind: str) -> str:
    """One activity, whatever it is."""
    here, person = lms(), present()
    module = here.course.module(request.args.get("id", 0, type=int))
    if module is None or module["modname"] != kind or kind not in _FACTS:
        abort(404)
    if person.id in here.course.roster:
        here.happen(person.id, "view", module["id"])
    status = here.course.status(person.id, module["id"]) if person.role == "learner" else None
    due = due_times(here).get((kind, module["instance"]))
    facts = _FACTS[kind](here, person, module)
    return page(
        f"{kind}.html", course=here.course.facts, module=module, status=status,
        due_at=datetime.fromtimestamp(due, UTC) if due else None, **facts,
    )  # fmt: skip


def _page(here: Lms, person: Person, module: dict[str, Any]) -> dict[str, Any]:
    return {"paragraphs": _lessons().get(module["name"], [])}


def _quiz(here: Lms, person: Person, module: dict[str, Any]) -> dict[str, Any]:
    quiz = next(q for q in here.course.quizzes if q["coursemodule"] == module["id"])
    attempts = here.course.attempts.get((quiz["id"], person.id), [])
    shown = [
        {
            "number": a["attempt"],
            "at": datetime.fromtimestamp(a["timefinish"] or a["timestart"], UTC),
            "grade": None if a["sumgrades"] is None else a["sumgrades"] * quiz["grade"] / quiz["sumgrades"],
        }
        for a in attempts
    ]
    return {"quiz": quiz, "attempts": shown, "to_pass": PASSING["quiz"] * quiz["grade"], "marks": quiz["sumgrades"]}


def _assign(here: Lms, person: Person, module: dict[str, Any]) -> dict[str, Any]:
    assignment = next(a for a in here.course.assignments if a["cmid"] == module["id"])
    submissions = here.course.submissions.get(assignment["id"], [])
    mine = next((s for s in submissions if s["userid"] == person.id), None)
    grades = {g["userid"]: float(g["grade"]) for g in here.course.assign_grades.get(assignment["id"], [])}
    waiting = [
        {
            "person": here.people[s["userid"]],
            "at": datetime.fromtimestamp(s["timemodified"], UTC),
            "text": _text(s),
        }
        for s in sorted(submissions, key=lambda s: s["timemodified"])
        if s["gradingstatus"] == "notgraded"
    ]
    return {
        "assignment": assignment,
        "mine": {"at": datetime.fromtimestamp(mine["timemodified"], UTC), "text": _text(mine)} if mine else None,
        "grade": grades.get(person.id),
        "waiting": waiting if person.teaches else [],
    }


def _text(submission: dict[str, Any]) -> str:
    """Return what was handed in; its HTML was made here or by the recorded LMS, from escaped text."""
    fields = [f for plugin in submission["plugins"] for f in plugin.get("editorfields", [])]
    return str(fields[0]["text"]) if fields else ""


def _forum(here: Lms, person: Person, module: dict[str, Any]) -> dict[str, Any]:
    forums = here.course.single["mod_forum_get_forums_by_courses"]
    forum = next(f for f in forums if f["cmid"] == module["id"])
    discussions = sorted(here.course.discussions.get(forum["id"], []), key=lambda d: -d["timemodified"])
    shown = [
        {
            "subject": d["name"],
            "author": d["userfullname"],
            "at": datetime.fromtimestamp(d["created"], UTC),
            "posts": sorted(
                here.course.posts.get(d["discussion"], {}).get("posts", []), key=lambda p: p["timecreated"]
            ),
        }
        for d in discussions
    ]
    return {"discussions": shown, "may_write": forum["type"] == "general" and person.id in here.course.roster}


def _lti(here: Lms, person: Person, module: dict[str, Any]) -> dict[str, Any]:
    return {"panel": link_by_cmid(here, module["id"])}


_FACTS = {"page": _page, "quiz": _quiz, "assign": _assign, "forum": _forum, "lti": _lti}
