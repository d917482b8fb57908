"""Who is in a Moodle course: roster, roles, groups, last access."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from lms_clients.errors import Permission
from lms_clients.ledger import REFUSALS, Ledger
from lms_clients.moodle.calls import Calls
from lms_clients.moodle.rights import ALL_GROUPS, PROFILES
from lms_clients.moodle.shapes import User
from lms_clients.records import Access, Enrolment, EnrolmentState, GapReason, Group, Learner, Part, Role
from lms_clients.values import from_epoch

_PAGE = 1000
_FIELDS = "id,fullname,firstname,lastname,email,idnumber,lastcourseaccess,roles,groups"
_SEPARATE_GROUPS = 1
_ROLES = {
    "student": Role.LEARNER,
    "editingteacher": Role.INSTRUCTOR,
    "teacher": Role.TA,
    "manager": Role.OTHER,
    "coursecreator": Role.OTHER,
    "guest": Role.OTHER,
}
# Moodle writes a course's last access at most once a minute for one person.
_RESOLUTION = timedelta(minutes=1)


def roster(calls: Calls, course_id: str) -> list[User]:
    """Everybody enrolled, suspended ones too, page by page; raises where the list is refused."""
    return _listed(calls, course_id, {"userfields": _FIELDS})


def _listed(calls: Calls, course_id: str, options: dict[str, str]) -> list[User]:
    found: dict[int, User] = {}
    start = 0
    while True:
        wanted = {**options, "limitfrom": str(start), "limitnumber": str(_PAGE), "sortby": "id"}
        params: dict[str, str | int] = {"courseid": course_id}
        for number, (name, value) in enumerate(wanted.items()):
            params[f"options[{number}][name]"] = name
            params[f"options[{number}][value]"] = value
        page = calls.call("core_enrol_get_enrolled_users", list[User], params)
        fresh = {user.id: user for user in page if user.id not in found}
        found.update(fresh)
        if len(page) < _PAGE or not fresh:
            return list(found.values())
        start += _PAGE


def active_ids(calls: Calls, course_id: str, ledger: Ledger) -> frozenset[int] | None:
    """The ids of those whose enrolment is active; None and a gap where we may not know."""
    try:
        return frozenset(user.id for user in _listed(calls, course_id, {"onlyactive": "1", "userfields": "id"}))
    except REFUSALS as error:
        ledger.refused("roster:suspended", error)
        return None


def tracked_ids(calls: Calls, course_id: str, ledger: Ledger) -> frozenset[int]:
    """The ids of those whose completion Moodle tracks: learners, whatever their role is called."""
    wanted = {"withcapability": "moodle/course:isincompletionreports", "userfields": "id"}
    try:
        return frozenset(user.id for user in _listed(calls, course_id, wanted))
    except REFUSALS as error:
        ledger.refused("roster:roles", error)
        return frozenset()


def check_empty(users: Sequence[User], group_mode: int | None) -> None:
    """Refuse an empty roster that only means separate groups: Moodle then hides everybody without a word."""
    if not users and group_mode == _SEPARATE_GROUPS:
        raise Permission(f"core_enrol_get_enrolled_users: lacks {ALL_GROUPS}", code="separate_groups")


def has_unknown_roles(users: Sequence[User]) -> bool:
    """Whether somebody holds none of Moodle's own roles, so that the name tells nothing."""
    return any(not ({role.shortname for role in user.roles or ()} & _ROLES.keys()) for user in users)


def learners(users: Sequence[User], active: frozenset[int] | None, tracked: frozenset[int]) -> tuple[Learner, ...]:
    """The roster as records; ``tracked`` are learners by Moodle's own reckoning where role names do not tell."""
    return tuple(_learner(user, active, tracked) for user in users)


def _learner(user: User, active: frozenset[int] | None, tracked: frozenset[int]) -> Learner:
    names = tuple(role.shortname for role in user.roles or ())
    roles = {_ROLES[name] for name in names if name in _ROLES}
    if not roles:
        roles = {Role.LEARNER if user.id in tracked else Role.OTHER}
    # A Moodle that does not tell suspended from active is believed: the gap says so.
    is_active = active is None or user.id in active
    enrolment = Enrolment(
        state=EnrolmentState.ACTIVE if is_active else EnrolmentState.SUSPENDED,
        raw_state="" if active is None else "active" if is_active else "suspended",
    )
    sortable = ", ".join(part for part in (user.lastname, user.firstname) if part)
    return Learner(
        id=str(user.id),
        lti_sub=str(user.id),
        name=user.fullname or None,
        sortable_name=sortable or user.fullname or None,
        email=user.email or None,
        sis_id=user.idnumber or None,
        roles=frozenset(roles),
        raw_roles=names,
        enrolments=(enrolment,),
    )


def access(users: Sequence[User], ledger: Ledger) -> tuple[Access, ...]:
    """Last course access of each; 0 is "never", a missing key is "not told" and leaves a gap."""
    told = [user for user in users if user.lastcourseaccess is not None]
    if len(told) < len(users):
        ledger.note(Part.ACCESS, GapReason.PERMISSION, f"last access: lacks {PROFILES}")
    if told or not users:
        ledger.read.add(Part.ACCESS)
    return tuple(
        Access(
            learner_id=str(user.id),
            last_seen_at=from_epoch(user.lastcourseaccess),
            resolution=_RESOLUTION,
            never=user.lastcourseaccess == 0,
        )
        for user in told
    )


def groups(users: Sequence[User], ledger: Ledger) -> tuple[Group, ...]:
    """The groups, gathered from the roster: the group functions would ask for a right to change groups."""
    if users and all(user.groups is None for user in users):
        ledger.note(Part.GROUPS, GapReason.PERMISSION, f"groups: lacks {ALL_GROUPS}")
        return ()
    ledger.read.add(Part.GROUPS)
    names: dict[int, str] = {}
    members: dict[int, set[str]] = {}
    for user in users:
        for group in user.groups or ():
            names[group.id] = group.name
            members.setdefault(group.id, set()).add(str(user.id))
    return tuple(Group(str(key), names[key], member_ids=frozenset(members[key])) for key in sorted(names))
