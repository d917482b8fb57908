"""Grades, submissions and course criteria, in the shapes in which Moodle tells them."""

from __future__ import annotations

from typing import Any

from lti_app.sandbox.course import Course
from lti_app.sandbox.ledger import Happening

#: Share of the maximum from which a grade passes, as recorded: 47 of 100 failed, 55 passed; quizzes 6 of 10.
PASSING = {"quiz": 0.6, "assign": 0.5}


def set_grade(course: Course, person: int, cmid: int, grade: float, at: int) -> bool:
    """Put a grade into the learner's gradebook and bring the total up to date; return whether it passes."""
    items = course.grades.get(person, {}).get("gradeitems", [])
    item = next((i for i in items if i.get("cmid") == cmid), None)
    if item is None:
        return False
    passed = bool(grade >= PASSING[item["itemmodule"]] * item["grademax"])
    raw = min(grade, item["grademax"])
    item.pop("status", None)
    item.update(
        graderaw=_whole(raw),
        gradedatesubmitted=item["gradedatesubmitted"] or at,
        gradedategraded=at,
        gradeformatted=_icon(passed) + f"{raw:.2f}",
        percentageformatted=f"{raw / item['grademax']:.2%}".replace("%", " %"),
    )
    if item["itemmodule"] == "quiz":
        item["gradedatesubmitted"] = at
    _total(items, at)
    return passed


def set_submitted(course: Course, person: int, cmid: int, at: int) -> None:
    """Note in the gradebook that there is work to grade."""
    for item in course.grades.get(person, {}).get("gradeitems", []):
        if item.get("cmid") == cmid:
            item["gradedatesubmitted"] = at


def _total(items: list[dict[str, Any]], at: int) -> None:
    graded = [i for i in items if i["itemtype"] == "mod" and i["graderaw"] is not None]
    most = sum(i["grademax"] for i in graded)
    reached = sum(i["graderaw"] for i in graded)
    for item in items:
        if item["itemtype"] == "mod":
            weight = item["grademax"] / most if item in graded else 0
            item.update(weightraw=_whole(round(weight, 5)), weightformatted=f"{weight * 100:.2f} %")
        elif item["itemtype"] == "course":
            item.update(
                graderaw=_whole(reached),
                gradedategraded=at,
                gradeformatted=f"{reached:.2f}",
                grademax=most,
                rangeformatted=f"0&ndash;{most}",
                percentageformatted=f"{reached / most * 100:.2f} %",
            )


def _whole(number: float) -> float:
    return int(number) if float(number).is_integer() else number


def _icon(passed: bool) -> str:
    icon, colour, word = ("check", "success", "Pass") if passed else ("xmark", "danger", "Fail")
    return (
        f'<i class="icon fa fa-{icon} text-{colour} fa-fw inline"  title="{word}" role="img" aria-label="{word}"></i>'
    )


def meet_criterion(course: Course, person: int, cmid: int, at: int) -> None:
    """Tick the course criterion that names the activity, and the course when it was the last."""
    status = course.criteria.get(person, {}).get("completionstatus")
    if status is None:
        return
    for criterion in status["completions"]:
        if criterion["details"]["criteria"].partition("?id=")[2].startswith(f'{cmid}"'):
            criterion.update(status="Yes", complete=True, timecompleted=at)
    status["completed"] = all(c["complete"] for c in status["completions"])


def submission(number: int, happening: Happening) -> dict[str, Any]:
    """Return a submission's record."""
    return {
        "id": number,
        "userid": happening.person,
        "attemptnumber": 0,
        "timecreated": happening.at,
        "timemodified": happening.at,
        "timestarted": None,
        "status": "submitted",
        "groupid": 0,
        "plugins": plugins(happening.facts["text"]),
        "gradingstatus": "notgraded",
    }


def plugins(text: str) -> list[dict[str, Any]]:
    """Return what an online text looks like inside a submission; ``text`` is HTML."""
    field = {"name": "onlinetext", "description": "Online text submissions", "text": text, "format": 1}
    return [
        {
            "type": "onlinetext",
            "name": "Online text",
            "fileareas": [{"area": "submissions_onlinetext", "files": []}],
            "editorfields": [field],
        },
        {"type": "comments", "name": "Submission comments"},
    ]
