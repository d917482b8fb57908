"""Which right each of Moodle's functions needs, in the words of Moodle's own admin pages."""

from __future__ import annotations

from dataclasses import dataclass

from lms_clients.base import Ability


@dataclass(frozen=True, slots=True)
class Right:
    """A capability as "Define roles" lists it."""

    ability: Ability
    capability: str
    title: str

    def __str__(self) -> str:
        return f"{self.capability} ({self.title})"


REST = Right(Ability.CONNECT, "webservice/rest:use", "Use REST protocol")
COURSE = Right(Ability.STRUCTURE, "moodle/course:view", "View courses without participation")
PARTICIPANTS = Right(Ability.ROSTER, "moodle/course:viewparticipants", "View participants")
ENROLMENTS = Right(Ability.ROSTER, "moodle/course:enrolreview", "Review course enrolments")
ROLES = Right(Ability.ROSTER, "moodle/role:review", "Review permissions for others")
PROFILES = Right(Ability.LAST_ACCESS, "moodle/user:viewdetails", "View user profiles")
IDENTITY = Right(Ability.EMAIL, "moodle/site:viewuseridentity", "See full user identity in lists")
ALL_GROUPS = Right(Ability.GROUPS, "moodle/site:accessallgroups", "Access all groups")
HIDDEN = Right(Ability.HIDDEN_ACTIVITIES, "moodle/course:viewhiddenactivities", "View hidden activities")
PROGRESS = Right(Ability.COMPLETION, "report/progress:view", "View activity completion reports")
USER_REPORT = Right(Ability.GRADES, "gradereport/user:view", "View your own grade report")
ALL_GRADES = Right(Ability.GRADES, "moodle/grade:viewall", "View grades of other users")
QUIZ = Right(Ability.ATTEMPTS, "mod/quiz:view", "View quiz information")
OVERRIDES = Right(Ability.DUE_DATES, "mod/quiz:viewoverrides", "View quiz settings overrides")
ASSIGN_OVERRIDES = Right(Ability.DUE_DATES, "mod/assign:manageoverrides", "Manage assignment overrides")
QUIZ_REPORTS = Right(Ability.ATTEMPTS, "mod/quiz:viewreports", "View quiz reports")
ASSIGN = Right(Ability.SUBMISSIONS, "mod/assign:view", "View assignment")
ASSIGN_GRADES = Right(Ability.SUBMISSIONS, "mod/assign:viewgrades", "View grades")
SEND = Right(Ability.MESSAGES, "moodle/site:sendmessage", "Send messages to any user")
SEND_ANYONE = Right(
    Ability.MESSAGES,
    "moodle/site:messageanyuser",
    "Bypass user privacy preferences for messaging any user",
)
CALENDAR = Right(Ability.EVENTS, "moodle/calendar:manageentries", "Manage any calendar entries")

RIGHTS = (
    REST, COURSE, PARTICIPANTS, ENROLMENTS, ROLES, PROFILES, IDENTITY, ALL_GROUPS, HIDDEN, PROGRESS, USER_REPORT,
    ALL_GRADES, QUIZ, QUIZ_REPORTS, OVERRIDES, ASSIGN, ASSIGN_GRADES, ASSIGN_OVERRIDES, SEND, SEND_ANYONE, CALENDAR,
)  # fmt: skip

# The functions an external service should hold, with the ability that each serves and the right it asks for first.
FUNCTIONS: dict[str, tuple[Ability, Right | None]] = {
    "core_webservice_get_site_info": (Ability.CONNECT, REST),
    "core_course_get_courses_by_field": (Ability.STRUCTURE, None),
    "core_course_get_contents": (Ability.STRUCTURE, COURSE),
    "core_course_get_updates_since": (Ability.STRUCTURE, COURSE),
    "core_enrol_get_enrolled_users": (Ability.ROSTER, PARTICIPANTS),
    "gradereport_user_get_grade_items": (Ability.GRADES, USER_REPORT),
    "core_completion_get_activities_completion_status": (Ability.COMPLETION, PROGRESS),
    "mod_quiz_get_quizzes_by_courses": (Ability.ATTEMPTS, QUIZ),
    "mod_quiz_get_user_attempts": (Ability.ATTEMPTS, QUIZ_REPORTS),
    "mod_quiz_get_user_quiz_attempts": (Ability.ATTEMPTS, QUIZ_REPORTS),
    "mod_quiz_get_user_best_grade": (Ability.ATTEMPTS, QUIZ_REPORTS),
    "mod_quiz_get_overrides": (Ability.DUE_DATES, OVERRIDES),
    "mod_assign_get_overrides": (Ability.DUE_DATES, ASSIGN_OVERRIDES),
    "mod_assign_get_assignments": (Ability.SUBMISSIONS, ASSIGN),
    "mod_assign_get_submissions": (Ability.SUBMISSIONS, ASSIGN_GRADES),
    "mod_assign_get_user_flags": (Ability.SUBMISSIONS, ASSIGN_GRADES),
    "core_calendar_get_calendar_events": (Ability.DUE_DATES, None),
    "core_message_send_instant_messages": (Ability.MESSAGES, SEND),
    "core_message_get_messages": (Ability.MESSAGES, None),
    "core_calendar_create_calendar_events": (Ability.EVENTS, CALENDAR),
    "core_calendar_delete_calendar_events": (Ability.EVENTS, CALENDAR),
}

# Nice to have: without them we ask more, or know a little less, but lose no ability.
OPTIONAL = frozenset(
    {
        # Without it a meeting that is moved or called off stays in the LMS's calendar as it was.
        "core_calendar_delete_calendar_events",
        "core_course_get_updates_since",
        "mod_quiz_get_user_quiz_attempts",
        "mod_quiz_get_user_best_grade",
        "mod_quiz_get_overrides",
        "mod_assign_get_overrides",
        "mod_assign_get_user_flags",
        # Tells whether a message whose answer was lost has arrived.
        "core_message_get_messages",
    }
)

_NOT_IN_COURSE = frozenset({"requireloginerror", "errorcoursecontextnotvalid"})


def lacking(function: str, code: str, message: str) -> str:
    """Name the right that a refusal of ``function`` speaks of; empty where it cannot be told."""
    if code in ("accessdenied", "notingroup"):
        return str(ALL_GROUPS)
    if code in _NOT_IN_COURSE:
        # A quiz that one may not see answers like a course that one may not enter.
        return f"{COURSE} or {QUIZ}" if function.startswith("mod_quiz_") else str(COURSE)
    for right in RIGHTS:
        if f"({right.title})" in message:
            return str(right)
    if function not in FUNCTIONS:
        return ""
    return str(FUNCTIONS[function][1] or "")
