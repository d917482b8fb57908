"""What the course is made of, what is due, and what has changed since."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lti_app.sandbox.lms import Lms
from lti_app.sandbox.services.asked import Asked, bad_parameter
from lti_app.sandbox.services.changes import updates_since
from lti_app.sandbox.services.roster import only_this_course


def _courses(here: Lms, asked: Asked) -> Any:
    """All courses of this site: one, whatever ids are asked for beside it."""
    wanted = asked.numbers("options[ids]")
    facts = here.course.facts
    keys: tuple[str, ...] = (
        "id",
        "shortname",
        "categoryid",
        "fullname",
        "displayname",
        "summary",
        "summaryformat",
        "format",
    )
    keys += ("startdate", "enddate", "showactivitydates", "showcompletionconditions")
    return [{key: facts[key] for key in keys}] if not wanted or facts["id"] in wanted else []


def _courses_by_field(here: Lms, asked: Asked) -> Any:
    field, value = asked.word("field"), asked.word("value")
    facts = here.course.facts
    number = next(iter(here.course.grades.values()))["courseidnumber"]
    names = {"": "", "id": str(facts["id"]), "shortname": facts["shortname"], "idnumber": number}
    if field not in (*names, "ids"):
        raise bad_parameter()
    found = str(facts["id"]) in value.split(",") if field == "ids" else names[field] == value or not field
    return {"courses": [facts] if found else [], "warnings": []}


def _contents(here: Lms, asked: Asked) -> Any:
    only_this_course(here, asked.number("courseid"))
    return here.course.sections


def _of_courses(function: str, key: str) -> Callable[[Lms, Asked], Any]:
    def answer(here: Lms, asked: Asked) -> Any:
        found = here.course.single[function]
        wanted = asked.numbers("courseids")
        if wanted and here.course.id not in wanted:
            return {**found, key: []} if isinstance(found, dict) else []
        return found

    return answer


def _calendar(here: Lms, asked: Asked) -> Any:
    first, last = asked.number("options[timestart]", 0), asked.number("options[timeend]", 0)
    courses = asked.numbers("events[courseids]")
    events = [
        e
        for e in here.course.events
        if e["courseid"] in courses and first <= e["timestart"] and (not last or e["timestart"] <= last)
    ]
    return {**here.course.single["core_calendar_get_calendar_events"], "events": events}


def _updates(here: Lms, asked: Asked) -> Any:
    only_this_course(here, asked.number("courseid"))
    return {"instances": updates_since(here, asked.number("since")), "warnings": []}


FUNCTIONS: dict[str, Callable[[Lms, Asked], Any]] = {
    "core_course_get_courses": _courses,
    "core_course_get_courses_by_field": _courses_by_field,
    "core_course_get_contents": _contents,
    "core_course_get_updates_since": _updates,
    "core_calendar_get_calendar_events": _calendar,
    "mod_assign_get_assignments": _of_courses("mod_assign_get_assignments", "courses"),
    "mod_quiz_get_quizzes_by_courses": _of_courses("mod_quiz_get_quizzes_by_courses", "quizzes"),
    "mod_lti_get_ltis_by_courses": _of_courses("mod_lti_get_ltis_by_courses", "ltis"),
    "mod_forum_get_forums_by_courses": _of_courses("mod_forum_get_forums_by_courses", "forums"),
}
