"""How a happening changes the course: the same change wherever the LMS would show it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lti_app.sandbox import marks, placing
from lti_app.sandbox.course import Course
from lti_app.sandbox.ledger import Happening

#: Ids of rows made here begin where the recording's end.
FIRST_ID = 10_000
DONE, PASSED, FAILED = 1, 2, 3


def take_in(course: Course, happening: Happening) -> None:
    """Change the course by what happened; a kind with no place in the recorded answers is only remembered."""
    course.since.append(happening)
    if happening.kind in _COMES:
        _seen(course, happening)
    effect = _EFFECTS.get(happening.kind)
    if effect is not None:
        effect(course, happening)


def _seen(course: Course, happening: Happening) -> None:
    person = course.roster.get(happening.person)
    if person is None:
        return
    person["firstaccess"] = person["firstaccess"] or happening.at
    for key in ("lastaccess", "lastcourseaccess"):
        person[key] = max(person[key] or 0, happening.at)


def _view(course: Course, happening: Happening) -> None:
    status = course.status(happening.person, happening.cmid or 0)
    if status and _rules(status) == {"completionview"}:
        _complete(course, happening, DONE)


def _mark(course: Course, happening: Happening) -> None:
    status = course.status(happening.person, happening.cmid or 0)
    if status and status["tracking"] == 1:
        _complete(course, happening, DONE if happening.facts["done"] else 0)


def _attempt(course: Course, happening: Happening) -> None:
    quiz = next(q for q in course.quizzes if q["coursemodule"] == happening.cmid)
    mine = course.attempts.setdefault((quiz["id"], happening.person), [])
    marked = happening.facts["sumgrades"]
    number = FIRST_ID + happening.id
    mine[:] = [a for a in mine if a["state"] != "inprogress"]
    mine.append(
        {
            "id": number,
            "quiz": quiz["id"],
            "userid": happening.person,
            "attempt": len(mine) + 1,
            "uniqueid": number,
            "layout": "1,2,3,4,5,0",
            "currentpage": 0,
            "preview": 0,
            "state": "finished",
            "timestart": happening.at - 600,
            "timefinish": happening.at,
            "timemodified": happening.at,
            "timemodifiedoffline": 0,
            "timecheckstate": None,
            "sumgrades": marked,
            "gradeitemmarks": [],
            "gradednotificationsenttime": happening.at,
        }
    )
    best = max(a["sumgrades"] or 0 for a in mine) * quiz["grade"] / quiz["sumgrades"]
    passed = marks.set_grade(course, happening.person, quiz["coursemodule"], best, happening.at)
    _complete(course, happening, PASSED if passed else FAILED)


def _submit(course: Course, happening: Happening) -> None:
    assignment = next(a for a in course.assignments if a["cmid"] == happening.cmid)
    handed_in = course.submissions.setdefault(assignment["id"], [])
    earlier = next((s for s in handed_in if s["userid"] == happening.person), None)
    if earlier is None:
        handed_in.append(marks.submission(FIRST_ID + happening.id, happening))
    else:
        earlier.update(timemodified=happening.at, status="submitted", gradingstatus="notgraded")
        earlier["plugins"] = marks.plugins(happening.facts["text"])
    marks.set_submitted(course, happening.person, assignment["cmid"], happening.at)
    _complete(course, happening, DONE)


def _grade(course: Course, happening: Happening) -> None:
    """The person is the grader; the facts name the learner."""
    assignment = next(a for a in course.assignments if a["cmid"] == happening.cmid)
    learner, grade = happening.facts["learner"], happening.facts["grade"]
    given = course.assign_grades.setdefault(assignment["id"], [])
    given[:] = [g for g in given if g["userid"] != learner]
    given.append(
        {
            "id": FIRST_ID + happening.id,
            "userid": learner,
            "attemptnumber": 0,
            "timecreated": happening.at,
            "timemodified": happening.at,
            "grader": happening.person,
            "grade": f"{grade:.5f}",
        }
    )
    for submission in course.submissions.get(assignment["id"], []):
        if submission["userid"] == learner:
            submission["gradingstatus"] = "graded"
    marks.set_grade(course, learner, assignment["cmid"], grade, happening.at)


def _post(course: Course, happening: Happening) -> None:
    placing.place_post(course, happening, FIRST_ID + happening.id)
    status = course.status(happening.person, happening.cmid or 0)
    if status and "completionposts" in _rules(status):
        _complete(course, happening, DONE)


def _rules(status: dict[str, Any]) -> set[str]:
    return {detail["rulename"] for detail in status["details"]}


def _complete(course: Course, happening: Happening, state: int) -> None:
    status = course.status(happening.person, happening.cmid or 0)
    if status is None or not status["istrackeduser"] or (status["state"] in (DONE, PASSED) and state):
        return
    done = state in (DONE, PASSED)
    status.update(state=state, timecompleted=happening.at if state else 0, isoverallcomplete=done)
    for detail in status["details"]:
        got_a_grade = state == FAILED and detail["rulename"] == "completionusegrade"
        detail["rulevalue"]["status"] = DONE if got_a_grade else state
    if done:
        marks.meet_criterion(course, happening.person, status["cmid"], happening.at)


_EFFECTS: dict[str, Callable[[Course, Happening], None]] = {
    "view": _view,
    "mark": _mark,
    "attempt": _attempt,
    "submit": _submit,
    "grade": _grade,
    "post": _post,
    "panel": placing.place_panel,
    "calendar": placing.place_event,
    "calendar_gone": placing.remove_event,
}
_COMES = {"visit", "view", "mark", "attempt", "submit", "grade", "post"}
