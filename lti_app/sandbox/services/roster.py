"""Who is in the course, in which groups, and when they last came."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lti_app.sandbox.lms import Lms
from lti_app.sandbox.services.asked import Asked, Refusal

_USER_KEYS = (
    "id", "firstname", "lastname", "fullname", "email", "firstaccess", "lastaccess", "city", "country",
    "profileimageurlsmall", "profileimageurl",
)  # fmt: skip


def only_this_course(here: Lms, courseid: int) -> None:
    """Raise Moodle's error for a course that is not here."""
    if courseid != here.course.id:
        raise Refusal(
            "dml_missing_record_exception", "invalidrecord", "Can't find data record in database table course."
        )


def _enrolled_users(here: Lms, asked: Asked) -> Any:
    only_this_course(here, asked.number("courseid"))
    options = asked.options()
    people = list(here.course.roster.values())
    if group := int(options.get("groupid") or 0):
        people = [p for p in people if any(g["id"] == group for g in p.get("groups", []))]
    if options.get("sortby") == "id":
        people.sort(key=lambda p: p["id"], reverse=options.get("sortdirection", "").upper() == "DESC")
    first, most = int(options.get("limitfrom") or 0), int(options.get("limitnumber") or 0)
    people = people[first : first + most] if most else people[first:]
    if fields := options.get("userfields"):
        wanted = {"id", "fullname", *fields.split(",")}
        return [{k: v for k, v in p.items() if k in wanted} for p in people]
    return people


def _users_courses(here: Lms, asked: Asked) -> Any:
    person = asked.number("userid")
    if person not in here.course.roster:
        return []
    facts = here.course.facts
    statuses = [s for s in here.course.completion[person]["statuses"] if s["hascompletion"]]
    done = sum(s["isoverallcomplete"] for s in statuses)
    status = here.course.criteria[person].get("completionstatus", {})
    copied = ("id", "shortname", "fullname", "displayname", "visible", "summary", "summaryformat", "format", "lang")
    return [
        {
            **{key: facts[key] for key in copied},
            "enrolledusercount": len(here.course.roster),
            "idnumber": next(iter(here.course.grades.values()))["courseidnumber"],
            "courseimage": facts["courseimage"],
            "showgrades": True,
            "enablecompletion": True,
            "completionhascriteria": True,
            "completionusertracked": person in here.course.learners(),
            "category": facts["categoryid"],
            "progress": 100 * done / len(statuses) if statuses else None,
            "completed": bool(status.get("completed")),
            "startdate": facts["startdate"],
            "enddate": facts["enddate"],
            "marker": 0,
            "lastaccess": here.course.roster[person]["lastcourseaccess"] or None,
            "isfavourite": False,
            "hidden": False,
            "overviewfiles": [],
            "showactivitydates": facts["showactivitydates"],
            "showcompletionconditions": facts["showcompletionconditions"],
            "timemodified": here.started_at,
        }
    ]


def _users_by_field(here: Lms, asked: Asked) -> Any:
    """By id or e-mail; Moodle finds nobody by user name or number for a service user like the recorded one."""
    field = asked.word("field")
    wanted = {v for k, v in asked.options("values").items()} | {
        asked.word(f"values[{i}]") for i in range(200) if asked.word(f"values[{i}]")
    }
    if field not in ("id", "email"):
        return []
    found = [p for p in here.course.roster.values() if str(p[field]) in wanted]
    return [{**{k: p[k] for k in _USER_KEYS}, "suspended": False, "timezone": "99"} for p in found]


def _groups(here: Lms, asked: Asked) -> Any:
    only_this_course(here, asked.number("courseid"))
    return here.course.single["core_group_get_course_groups"]


def _group_members(here: Lms, asked: Asked) -> Any:
    members = {m["groupid"]: m for m in here.course.single["core_group_get_group_members"]}
    return [members[i] for i in asked.numbers("groupids") if i in members]


def _user_groups(here: Lms, asked: Asked) -> Any:
    person = here.course.roster.get(asked.number("userid"))
    return {"groups": person.get("groups", []) if person else [], "warnings": []}


FUNCTIONS: dict[str, Callable[[Lms, Asked], Any]] = {
    "core_enrol_get_enrolled_users": _enrolled_users,
    "core_enrol_get_users_courses": _users_courses,
    "core_user_get_users_by_field": _users_by_field,
    "core_group_get_course_groups": _groups,
    "core_group_get_group_members": _group_members,
    "core_group_get_course_user_groups": _user_groups,
}
