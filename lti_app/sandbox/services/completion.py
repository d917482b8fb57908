"""How far each learner is, and the forums."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lti_app.sandbox.lms import Lms
from lti_app.sandbox.services.asked import Asked, Refusal, not_enrolled
from lti_app.sandbox.services.roster import only_this_course


def _activities(here: Lms, asked: Asked) -> Any:
    only_this_course(here, asked.number("courseid"))
    person = asked.number("userid")
    if person in here.course.completion:
        return here.course.completion[person]
    if person not in here.people:
        raise Refusal("dml_missing_record_exception", "invaliduser", "Invalid user")
    # Somebody who is not enrolled gets the full list with nothing done, and no error.
    teacher = next(i for i, p in here.people.items() if p.role == "teacher")
    return here.course.completion[teacher]


def _course(here: Lms, asked: Asked) -> Any:
    only_this_course(here, asked.number("courseid"))
    found = here.course.criteria.get(asked.number("userid"))
    if found is None:
        raise not_enrolled()
    return found


def _discussions(here: Lms, asked: Asked) -> Any:
    return {"discussions": here.course.discussions.get(asked.number("forumid"), []), "warnings": []}


def _posts(here: Lms, asked: Asked) -> Any:
    found = here.course.posts.get(asked.number("discussionid"))
    if found is None:
        raise Refusal(
            "dml_missing_record_exception",
            "invalidrecord",
            "Can't find data record in database table forum_discussions.",
        )
    return found


FUNCTIONS: dict[str, Callable[[Lms, Asked], Any]] = {
    "core_completion_get_activities_completion_status": _activities,
    "core_completion_get_course_completion_status": _course,
    "mod_forum_get_forum_discussions": _discussions,
    "mod_forum_get_discussion_posts": _posts,
}
