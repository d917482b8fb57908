"""Attempts, submissions and grades."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lti_app.sandbox.lms import Lms
from lti_app.sandbox.marks import PASSING
from lti_app.sandbox.services.asked import Asked, Refusal
from lti_app.sandbox.services.roster import only_this_course


def _attempts(here: Lms, asked: Asked) -> Any:
    """Without a status Moodle hides the attempts that are under way."""
    quiz, person, status = asked.number("quizid"), asked.number("userid", 0), asked.word("status", "finished")
    _quiz(here, quiz)
    attempts = here.course.attempts.get((quiz, person), [])
    if status == "finished":
        attempts = [a for a in attempts if a["state"] == "finished"]
    elif status == "unfinished":
        attempts = [a for a in attempts if a["state"] != "finished"]
    return {"attempts": attempts, "warnings": []}


def _best_grade(here: Lms, asked: Asked) -> Any:
    quiz = _quiz(here, asked.number("quizid"))
    marks = [a["sumgrades"] for a in here.course.attempts.get((quiz["id"], asked.number("userid", 0)), [])]
    reached = [m for m in marks if m is not None]
    answer: dict[str, Any] = {"hasgrade": bool(reached)}
    if reached:
        answer["grade"] = max(reached) * quiz["grade"] / quiz["sumgrades"]
    return {**answer, "gradetopass": PASSING["quiz"] * quiz["grade"], "warnings": []}


def _quiz(here: Lms, number: int) -> dict[str, Any]:
    found = next((q for q in here.course.quizzes if q["id"] == number), None)
    if found is None:
        raise Refusal("dml_missing_record_exception", "invalidrecord", "Can't find data record in database table quiz.")
    return found


def _grade_items(here: Lms, asked: Asked) -> Any:
    only_this_course(here, asked.number("courseid"))
    person = asked.number("userid", 0)
    found = [g for g in here.course.grades.values() if person in (0, g["userid"])]
    if not found:
        raise Refusal("core\\exception\\moodle_exception", "usernotenroled", "User is not enrolled in this course")
    return {"usergrades": found, "warnings": []}


def _submissions(here: Lms, asked: Asked) -> Any:
    since, status = asked.number("since", 0), asked.word("status")
    answer, warnings = [], []
    for number in asked.numbers("assignmentids"):
        if number not in here.course.submissions:
            warnings.append(_warning("module", number, "No submissions found"))
            continue
        found = [s for s in here.course.submissions[number] if s["timemodified"] >= since]
        found = [s for s in found if not status or s["status"] == status]
        answer.append({"assignmentid": number, "submissions": found})
        if not found:
            warnings.append(_warning("module", number, "No submissions found"))
    return {"assignments": answer, "warnings": warnings}


def _assign_grades(here: Lms, asked: Asked) -> Any:
    since = asked.number("since", 0)
    answer, warnings = [], []
    for number in asked.numbers("assignmentids"):
        found = [g for g in here.course.assign_grades.get(number, []) if g["timemodified"] >= since]
        if found:
            answer.append({"assignmentid": number, "grades": found})
        else:
            warnings.append(_warning("assignment", number, "No grades found"))
    return {"assignments": answer, "warnings": warnings}


def _warning(item: str, number: int, message: str) -> dict[str, Any]:
    return {"item": item, "itemid": number, "warningcode": "3", "message": message}


FUNCTIONS: dict[str, Callable[[Lms, Asked], Any]] = {
    "mod_quiz_get_user_attempts": _attempts,
    "mod_quiz_get_user_best_grade": _best_grade,
    "gradereport_user_get_grade_items": _grade_items,
    "mod_assign_get_submissions": _submissions,
    "mod_assign_get_grades": _assign_grades,
}
