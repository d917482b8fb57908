"""What an LTI role list lets a person do in one course (LTI core 1.3, appendix A.2).

Only a full URI of the course's own vocabulary raises anybody: short names ("Instructor") and unknown roles are
accepted and count for nothing. Roles at the institution or the system never open a course by themselves: somebody who
administers the whole platform is ``admin`` here only when the course itself also names them as staff, or when there
is no course.
"""

from __future__ import annotations

from collections.abc import Iterable

MEMBERSHIP = "http://purl.imsglobal.org/vocab/lis/v2/membership"
ADMINISTRATORS = frozenset(
    {
        "http://purl.imsglobal.org/vocab/lis/v2/institution/person#Administrator",
        "http://purl.imsglobal.org/vocab/lis/v2/system/person#Administrator",
        "http://purl.imsglobal.org/vocab/lis/v2/system/person#SysAdmin",
    }
)
# Canvas calls its student view a test user; the name is in the LTI vocabulary for persons of the system.
TEST_USERS = frozenset(
    {
        "http://purl.imsglobal.org/vocab/lti/system/person#TestUser",
        "http://purl.imsglobal.org/vocab/lis/v2/system/person#TestUser",
    }
)
RANKS = ("observer", "learner", "tutor", "manager", "admin")
_PRINCIPAL = {
    "Learner": "learner",
    "Instructor": "tutor",
    "Administrator": "manager",
    "Manager": "manager",
    "Mentor": "observer",
    "Member": "observer",
    "Officer": "observer",
    "ContentDeveloper": "observer",
}
# "Manager" has sub-roles that only look on.
_LOOKING_ON = frozenset({"Observer", "ExternalObserver"})


def course_role(role: str) -> str | None:
    """Return what one role URI means in the course, or None when it says nothing about the course."""
    if not role.startswith(MEMBERSHIP):
        return None
    rest = role[len(MEMBERSHIP) :]
    if rest.startswith("#"):
        return _PRINCIPAL.get(rest[1:])
    if rest.startswith("/"):
        principal, _, sub_role = rest[1:].partition("#")
        return "observer" if sub_role in _LOOKING_ON else _PRINCIPAL.get(principal)
    return None


def highest_role(roles: Iterable[str], *, in_course: bool) -> str:
    """Return observer, learner, tutor, manager or admin; a list that says nothing (or is empty) makes a learner.

    ``in_course`` is False for a launch without a context, the only place where a platform role counts alone.
    """
    roles = list(roles)
    found = [meant for role in roles if (meant := course_role(role))]
    best = max(found, key=RANKS.index, default="learner")
    if ADMINISTRATORS.intersection(roles) and (best in ("tutor", "manager") or not in_course):
        return "admin"
    if not found and ADMINISTRATORS.intersection(roles):
        # They look in from outside; counting them as a learner would put them in the cohort.
        return "observer"
    return best


def is_test_user(roles: Iterable[str]) -> bool:
    """Return whether this is the platform's student view, about whom nothing may be kept."""
    return not TEST_USERS.isdisjoint(roles)
