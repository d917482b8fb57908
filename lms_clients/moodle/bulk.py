"""The calls about a Moodle course as a whole: what stands in it, when it is due, what passes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from lms_clients.ledger import REFUSALS, Ledger
from lms_clients.moodle import overrides, structure, work
from lms_clients.moodle.calls import Calls
from lms_clients.moodle.shapes import Section, User
from lms_clients.moodle.work_shapes import Assignment, Assignments, BestGrade, Event, Events, Quiz, Quizzes
from lms_clients.records import Part
from lms_clients.values import decimal

_FUTURE = timedelta(days=1500)
_PASS_MARKS_FOR = timedelta(days=1)


def read_structure(
    calls: Calls, course_id: str, functions: frozenset[str], now: datetime, ledger: Ledger, users: Sequence[User] = ()
) -> structure.Plan:
    """Read sections, quizzes, assignments, personal dates and calendar; raises only where the sections are refused."""
    plan = structure.Plan(calls.call("core_course_get_contents", list[Section], {"courseid": course_id}))
    ledger.read.add(Part.STRUCTURE)
    kinds = {module.modname for _, module in plan.course_modules()}
    plan.quizzes, plan.assignments = [], []
    if "quiz" in kinds:
        plan.quizzes = _quizzes(calls, course_id, ledger)
    if "assign" in kinds:
        plan.assignments = _assignments(calls, course_id, ledger)
    plan.own_dates = _own_dates(calls, plan, functions, users, ledger)
    plan.events = _events(calls, course_id, now, ledger)
    return plan


def _own_dates(
    calls: Calls, plan: structure.Plan, functions: frozenset[str], users: Sequence[User], ledger: Ledger
) -> overrides.Dates:
    found: list[Mapping[int, Mapping[str, datetime | None]]] = []
    if overrides.is_unknown(plan.quizzes, functions):
        overrides.note_unknown(ledger)
    elif overrides.OF_QUIZZES in functions:
        found.append(overrides.of_quizzes(calls, plan.quizzes, users, ledger))
    if overrides.OF_ASSIGNMENTS in functions:
        found.append(overrides.of_assignments(calls, plan.assignments, users, ledger))
    if plan.assignments and "mod_assign_get_user_flags" in functions:
        found.append(work.read_extensions(calls, plan.assignments, ledger))
    return overrides.joined(*found)


def _quizzes(calls: Calls, course_id: str, ledger: Ledger) -> list[Quiz] | None:
    try:
        return calls.call("mod_quiz_get_quizzes_by_courses", Quizzes, {"courseids[0]": course_id}).quizzes
    except REFUSALS as error:
        ledger.refused(Part.ATTEMPTS, error)
        return None


def _assignments(calls: Calls, course_id: str, ledger: Ledger) -> list[Assignment] | None:
    # Without includenotenrolledcourses a service user, who is in no course, gets none and only a warning.
    params: dict[str, str | int] = {"courseids[0]": course_id, "includenotenrolledcourses": 1}
    try:
        answer = calls.call("mod_assign_get_assignments", Assignments, params)
    except REFUSALS as error:
        ledger.refused(Part.SUBMISSIONS, error)
        return None
    return [one for course in answer.courses if str(course.id) == course_id for one in course.assignments]


def _events(calls: Calls, course_id: str, now: datetime, ledger: Ledger) -> list[Event] | None:
    params: dict[str, str | int] = {
        "events[courseids][0]": course_id,
        "options[userevents]": 0,
        "options[siteevents]": 0,
        "options[timestart]": 0,
        "options[timeend]": int((now + _FUTURE).timestamp()),
    }
    try:
        return calls.call("core_calendar_get_calendar_events", Events, params).events
    except REFUSALS as error:
        ledger.refused(Part.DUE_DATES, error)
        return None


def pass_marks(
    calls: Calls, quizzes: Sequence[Quiz] | None, who: str | None, cursor: Mapping[str, str], now: datetime
) -> dict[str, Decimal | None]:
    """Each quiz's pass mark in points (0 is "none set"), asked once a day through any one learner ``who``.

    Where the function is refused nothing is lost but sharpness: attempts are then judged by what completion says.
    """
    cached = _cached(cursor, now)
    if cached is not None and not [quiz for quiz in quizzes or () if str(quiz.coursemodule) not in cached]:
        return cached
    found: dict[str, Decimal | None] = {}
    for quiz in quizzes or () if who is not None else ():
        params: dict[str, str | int] = {"quizid": quiz.id, "userid": who or ""}
        try:
            best = calls.call("mod_quiz_get_user_best_grade", BestGrade, params)
        except REFUSALS:
            return {}
        found[str(quiz.coursemodule)] = decimal(best.gradetopass)
    return found


def _cached(cursor: Mapping[str, str], now: datetime) -> dict[str, Decimal | None] | None:
    try:
        at = datetime.fromisoformat(cursor["pass_at"])
        marks = {str(key): decimal(value) for key, value in json.loads(cursor["pass"]).items()}
    except (KeyError, ValueError, AttributeError, TypeError):
        return None
    return marks if timedelta(0) <= now - at < _PASS_MARKS_FOR else None


def as_cursor(marks: Mapping[str, Decimal | None], before: Mapping[str, str], now: datetime) -> dict[str, str]:
    """The pass marks as they go into the cursor, with the day they were asked."""
    text = json.dumps({key: None if value is None else str(value) for key, value in marks.items()}, sort_keys=True)
    if not marks:
        return {}
    kept = before.get("pass") == text and _cached(before, now) is not None
    return {"pass": text, "pass_at": before["pass_at"] if kept else now.isoformat()}
