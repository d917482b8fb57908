"""The course as it stands: the recorded answers, indexed so that what happens can change them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from lti_app.sandbox.ledger import Happening
from lti_app.sandbox.recorded import recorded_calls

Json = dict[str, Any]


@dataclass(slots=True)
class Course:
    """Every answer of the recording under the key by which it is asked for; answers are changed in place."""

    id: int
    single: dict[str, Any] = field(default_factory=dict)
    roster: dict[int, Json] = field(default_factory=dict)
    completion: dict[int, Json] = field(default_factory=dict)
    criteria: dict[int, Json] = field(default_factory=dict)
    attempts: dict[tuple[int, int], list[Json]] = field(default_factory=dict)
    grades: dict[int, Json] = field(default_factory=dict)
    submissions: dict[int, list[Json]] = field(default_factory=dict)
    assign_grades: dict[int, list[Json]] = field(default_factory=dict)
    discussions: dict[int, list[Json]] = field(default_factory=dict)
    posts: dict[int, Json] = field(default_factory=dict)
    #: What happened since the recording and has no place in a recorded answer.
    since: list[Happening] = field(default_factory=list)

    @property
    def sections(self) -> list[Json]:
        """Sections with their modules, in course order."""
        return list(self.single["core_course_get_contents"])

    @property
    def facts(self) -> Json:
        """The course's own record: names and dates."""
        return dict(self.single["core_course_get_courses_by_field"]["courses"][0])

    @property
    def assignments(self) -> list[Json]:
        """The assignments' records."""
        return list(self.single["mod_assign_get_assignments"]["courses"][0]["assignments"])

    @property
    def quizzes(self) -> list[Json]:
        """The quizzes' records."""
        return list(self.single["mod_quiz_get_quizzes_by_courses"]["quizzes"])

    @property
    def events(self) -> list[Json]:
        """The course calendar."""
        return list(self.single["core_calendar_get_calendar_events"]["events"])

    def modules(self) -> list[Json]:
        """All modules in course order."""
        return [module for section in self.sections for module in section["modules"]]

    def module(self, cmid: int) -> Json | None:
        """Return the module with this course-module id."""
        return next((m for m in self.modules() if m["id"] == cmid), None)

    def learners(self) -> list[int]:
        """Return the ids of everybody whose role in the course is student, in roster order."""
        return [i for i, p in self.roster.items() if any(r["shortname"] == "student" for r in p["roles"])]

    def status(self, person: int, cmid: int) -> Json | None:
        """Return a person's completion record of an activity."""
        statuses = self.completion.get(person, {}).get("statuses", [])
        return next((s for s in statuses if s["cmid"] == cmid), None)

    def happened(self, *kinds: str) -> list[Happening]:
        """Return what happened since the recording, of these kinds."""
        return [h for h in self.since if h.kind in kinds]


def read_course(*, shift: int, url: str) -> Course:
    """Return the recorded course; ``shift`` seconds are added to each time."""
    course = Course(id=2)
    for call in recorded_calls(shift=shift, url=url):
        person = int(call.params.get("userid", 0))
        answer = call.response
        match call.function:
            case "core_enrol_get_enrolled_users":
                course.roster = {p["id"]: p for p in answer}
            case "core_completion_get_activities_completion_status":
                course.completion[person] = answer
            case "core_completion_get_course_completion_status":
                course.criteria[person] = answer
            case "mod_quiz_get_user_attempts":
                course.attempts[int(call.params["quizid"]), person] = answer["attempts"]
            case "gradereport_user_get_grade_items":
                course.grades = {g["userid"]: g for g in answer["usergrades"]}
            case "mod_assign_get_submissions":
                course.submissions = {a["assignmentid"]: a["submissions"] for a in answer["assignments"]}
            case "mod_assign_get_grades":
                course.assign_grades = {a["assignmentid"]: a["grades"] for a in answer["assignments"]}
            case "mod_forum_get_forum_discussions":
                course.discussions[int(call.params["forumid"])] = answer["discussions"]
            case "mod_forum_get_discussion_posts":
                course.posts[int(call.params["discussionid"])] = answer
            case function:
                course.single[function] = answer
    course.id = int(course.facts["id"])
    return course
