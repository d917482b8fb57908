"""The large course in the words of Moodle's web services."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

FIRST_LEARNER, COURSE, DAY = 10_000, 2, 86_400
FUNCTIONS = (
    "core_webservice_get_site_info", "core_course_get_courses_by_field", "core_enrol_get_enrolled_users",
    "core_course_get_contents", "core_course_get_updates_since", "core_calendar_get_calendar_events",
    "core_completion_get_activities_completion_status", "gradereport_user_get_grade_items",
    "mod_assign_get_assignments", "mod_assign_get_submissions", "mod_quiz_get_quizzes_by_courses",
    "mod_quiz_get_user_attempts", "mod_quiz_get_user_best_grade",
)  # fmt: skip
Params = Mapping[str, str]


class MoodleCourse:
    """Answers each function; ``started`` is the second from which days are counted back."""

    def __init__(self, learners: int, activities: int, started: int) -> None:
        self._learners = range(FIRST_LEARNER, FIRST_LEARNER + learners)
        self._started, self._moved, self._moved_at = started, frozenset[int](), 0
        kinds = ["quiz" if n % 10 == 0 else "assign" if n % 20 == 5 else "page" for n in range(activities)]
        self._modules = {100 + n: kind for n, kind in enumerate(kinds)}
        self._quizzes = [cmid for cmid, kind in self._modules.items() if kind == "quiz"]
        self._assignments = [cmid for cmid, kind in self._modules.items() if kind == "assign"]

    def move(self, people: int) -> None:
        """Let the first learners who ever came come now."""
        came = [who for who in self._learners if self._came(who)]
        self._moved, self._moved_at = frozenset(came[:people]), int(time.time())

    def answer(self, function: str, params: Params) -> Any:
        """Answer a function with its parameters, as Moodle names them."""
        return getattr(self, f"_{function}")(params)

    @staticmethod
    def _came(who: int) -> bool:
        return who % 5 != 0

    def _seen(self, who: int) -> int:
        if who in self._moved:
            return self._moved_at
        return self._started - (who % 500) * 3600 - 60 if self._came(who) else 0

    def _done(self, who: int, cmid: int) -> int:
        """When it was done, or 0."""
        is_done = self._came(who) and (who + cmid) % 4 != 0
        return self._started - (cmid % 40 + 1) * DAY - who % 600 * 60 if is_done else 0

    def _score(self, who: int, cmid: int) -> float | None:
        return float((who * 7 + cmid) % 11) if self._done(who, cmid) and self._modules[cmid] != "page" else None

    def _core_webservice_get_site_info(self, params: Params) -> Any:
        functions = [{"name": name, "version": "2024100700"} for name in FUNCTIONS]
        return {"userid": 2, "sitename": "Large", "release": "4.5 (Build: 20241007)", "functions": functions}

    def _core_course_get_courses_by_field(self, params: Params) -> Any:
        course = {
            "id": COURSE, "fullname": "A large course", "shortname": "LARGE", "startdate": self._started - 60 * DAY,
            "enddate": 0, "visible": 1, "enablecompletion": 1, "groupmode": 0, "lang": "",
        }  # fmt: skip
        return {"courses": [course], "warnings": []}

    def _core_enrol_get_enrolled_users(self, params: Params) -> Any:
        named = {params[f"options[{n}][name]"]: params[f"options[{n}][value]"] for n in range(len(params) // 2 - 2)
                 if f"options[{n}][name]" in params}  # fmt: skip
        start = int(named.get("limitfrom", 0))
        page = self._learners[start : start + int(named.get("limitnumber", 0))]
        if named.get("userfields") == "id":
            return [{"id": who} for who in page]
        return [
            {
                "id": who, "fullname": f"Persona {who}", "firstname": "Persona", "lastname": str(who),
                "email": f"persona{who}@example.org", "idnumber": "", "lastcourseaccess": self._seen(who),
                "roles": [{"roleid": 5, "name": "", "shortname": "student", "sortorder": 0}],
                "groups": [{"id": who % 20 + 1, "name": f"Gruppo {who % 20 + 1}", "description": ""}],
            }
            for who in page
        ]  # fmt: skip

    def _core_course_get_contents(self, params: Params) -> Any:
        cmids = list(self._modules)
        return [
            {
                "id": 10 + start, "name": f"Settimana {start // 10 + 1}", "section": start // 10, "visible": 1,
                "summary": "", "modules": [
                    {
                        "id": cmid, "name": f"Lavoro {cmid}", "modname": self._modules[cmid], "instance": cmid + 1000,
                        "visible": 1, "completion": 2, "url": f"https://moodle.example/mod/view.php?id={cmid}",
                        "dates": [],
                    }
                    for cmid in cmids[start : start + 10]
                ],
            }
            for start in range(0, len(cmids), 10)
        ]  # fmt: skip

    def _core_course_get_updates_since(self, params: Params) -> Any:
        return {"instances": [], "warnings": []}

    def _core_calendar_get_calendar_events(self, params: Params) -> Any:
        return {"events": [], "warnings": []}

    def _core_completion_get_activities_completion_status(self, params: Params) -> Any:
        who = int(params["userid"])
        return {
            "statuses": [
                {
                    "cmid": cmid, "modname": kind, "instance": cmid + 1000, "state": 1 if self._done(who, cmid) else 0,
                    "timecompleted": self._done(who, cmid), "tracking": 2, "istrackeduser": True,
                    "isoverallcomplete": bool(self._done(who, cmid)),
                }
                for cmid, kind in self._modules.items()
            ],
            "warnings": [],
        }  # fmt: skip

    def _gradereport_user_get_grade_items(self, params: Params) -> Any:
        wanted = int(params["userid"])
        return {"usergrades": [self._grades(who) for who in ([wanted] if wanted else self._learners)], "warnings": []}

    def _grades(self, who: int) -> Any:
        items: list[dict[str, Any]] = [
            {
                "id": cmid, "itemtype": "mod", "itemmodule": self._modules[cmid], "cmid": cmid, "grademin": 0,
                "graderaw": self._score(who, cmid), "grademax": 10, "gradedategraded": self._done(who, cmid) or None,
                "gradeishidden": False, "gradehiddenbydate": False,
            }
            for cmid in (*self._quizzes, *self._assignments)
        ]  # fmt: skip
        return {"courseid": COURSE, "userid": who, "gradeitems": [*items, {"itemtype": "course", "grademax": 100}]}

    def _mod_assign_get_assignments(self, params: Params) -> Any:
        rows = [
            {"id": cmid + 1000, "cmid": cmid, "duedate": self._started - DAY, "grade": 10, "maxattempts": -1}
            for cmid in self._assignments
        ]
        return {"courses": [{"id": COURSE, "assignments": rows}], "warnings": []}

    def _mod_assign_get_submissions(self, params: Params) -> Any:
        return {"assignments": [
            {"assignmentid": cmid + 1000, "submissions": [
                {
                    "id": who, "userid": who, "attemptnumber": 0, "timecreated": at, "timemodified": at,
                    "status": "submitted", "groupid": 0, "gradingstatus": "graded",
                }
                for who in self._learners if (at := self._done(who, cmid))
            ]}
            for cmid in self._assignments
        ], "warnings": []}  # fmt: skip

    def _mod_quiz_get_quizzes_by_courses(self, params: Params) -> Any:
        rows = [
            {"id": cmid + 1000, "coursemodule": cmid, "attempts": 0, "sumgrades": 10, "grade": 10}
            for cmid in self._quizzes
        ]
        return {"quizzes": rows, "warnings": []}

    def _mod_quiz_get_user_attempts(self, params: Params) -> Any:
        who, cmid = int(params["userid"]), int(params["quizid"]) - 1000
        at = self._done(who, cmid)
        tries = [{
            "id": who, "attempt": 1, "state": "finished", "preview": 0, "timestart": at - 1800, "timefinish": at,
            "sumgrades": self._score(who, cmid),
        }]  # fmt: skip
        return {"attempts": tries if at else [], "warnings": []}

    def _mod_quiz_get_user_best_grade(self, params: Params) -> Any:
        return {"hasgrade": True, "grade": 5, "gradetopass": 6, "warnings": []}
