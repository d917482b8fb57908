"""Who is in a Canvas course: enrolments merged into people, last activity, groups, course grades."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from urllib.parse import quote

from lms_clients.canvas.calls import Calls, Params
from lms_clients.canvas.shapes import Enrollment, Group
from lms_clients.errors import NotFound, Permission
from lms_clients.ledger import Ledger
from lms_clients.records import (
    Access,
    CourseGrade,
    Enrolment,
    EnrolmentState,
    GapReason,
    Learner,
    Part,
    Role,
)
from lms_clients.records import Group as GroupRecord
from lms_clients.values import decimal, digest, from_iso

_ROLES = {
    "StudentEnrollment": Role.LEARNER,
    "TeacherEnrollment": Role.INSTRUCTOR,
    "TaEnrollment": Role.TA,
    "ObserverEnrollment": Role.OBSERVER,
    "StudentViewEnrollment": Role.TEST_STUDENT,
    "DesignerEnrollment": Role.OTHER,
}
_STATES = {
    "active": EnrolmentState.ACTIVE,
    "invited": EnrolmentState.INVITED,
    "creation_pending": EnrolmentState.INVITED,
    "inactive": EnrolmentState.SUSPENDED,
    "completed": EnrolmentState.CONCLUDED,
    "rejected": EnrolmentState.DELETED,
    "deleted": EnrolmentState.DELETED,
}
# Canvas writes the last activity about every ten minutes.
_RESOLUTION = timedelta(minutes=10)
# So many people are asked for by their launches' name in one reading.
_NAMES = 100
_WANTED: Params = [
    *(("type[]", name) for name in ("StudentEnrollment", "TeacherEnrollment", "TaEnrollment", "ObserverEnrollment")),
    *(("state[]", name) for name in ("active", "invited", "inactive", "completed")),
    ("include[]", "group_ids"),
]

Rows = Mapping[str, Sequence[Enrollment]]


def enrolments(calls: Calls, course_path: str) -> Rows:
    """All enrolments by person, in the order of the listing."""
    rows = {str(row.id): row for row in calls.each(f"{course_path}/enrollments", Enrollment, _WANTED)}
    people: dict[str, list[Enrollment]] = {}
    for row in rows.values():
        people.setdefault(str(row.user_id), []).append(row)
    return people


def learners(rows: Rows) -> tuple[Learner, ...]:
    """One record a person, however many sections."""
    return tuple(_learner(who, own) for who, own in rows.items())


def _learner(who: str, rows: Sequence[Enrollment]) -> Learner:
    user = next((row.user for row in rows if row.user is not None), None)
    roles = frozenset(_ROLES.get(row.type, Role.OTHER) for row in rows)
    return Learner(
        id=who,
        name=user.name if user is not None else None,
        sortable_name=user.sortable_name if user is not None else None,
        email=user.email if user is not None else None,
        sis_id=user.sis_user_id if user is not None else None,
        roles=roles,
        raw_roles=tuple(dict.fromkeys(row.role or row.type for row in rows)),
        enrolments=tuple(_enrolment(row) for row in rows),
        is_test=Role.TEST_STUDENT in roles,
    )


def _enrolment(row: Enrollment) -> Enrolment:
    return Enrolment(
        enrolment_id=str(row.id),
        section_id=None if row.course_section_id is None else str(row.course_section_id),
        state=_STATES.get(row.enrollment_state, EnrolmentState.UNKNOWN),
        raw_state=row.enrollment_state,
        enrolled_at=from_iso(row.created_at),
        starts_at=from_iso(row.start_at),
        ends_at=from_iso(row.end_at),
    )


def find_by_sub(calls: Calls, course_path: str, sub: str) -> str | None:
    """The API's id of the person whom launches call ``sub``; None where Canvas finds nobody in the course."""
    wanted = [("user_id", f"lti_1_3_id:{quote(sub, safe='')}")]
    try:
        for row in calls.first(f"{course_path}/enrollments", Enrollment, wanted):
            return str(row.user_id)
    except (NotFound, Permission):
        return None
    return None


def named(
    calls: Calls, course_path: str, found: Sequence[Learner], unnamed: Iterable[str], nobody: frozenset[str]
) -> tuple[tuple[Learner, ...], frozenset[str]]:
    """The learners with the ``sub`` of their launches, where it was not known yet, and the subs that nobody has.

    One call for each; ``nobody`` are those (as digests) that an earlier reading asked for in vain.
    """
    asked = [sub for sub in sorted(unnamed) if digest(sub) not in nobody][:_NAMES]
    ids = {sub: find_by_sub(calls, course_path, sub) for sub in asked}
    # An old Canvas that does not know this kind of name may answer with anybody: one person has one sub.
    told = Counter(ids.values())
    subs = {who: sub for sub, who in ids.items() if who is not None and told[who] == 1}
    unknown = nobody | {digest(sub) for sub, who in ids.items() if who is None}
    return tuple(replace(one, lti_sub=subs.get(one.id)) for one in found) if subs else tuple(found), unknown


def access(rows: Rows, ledger: Ledger) -> tuple[Access, ...]:
    """Last activity, the latest of all sections; none with no time spent is "never", none at all is "not told"."""
    found = []
    for who, own in rows.items():
        seen = max((at for row in own if (at := from_iso(row.last_activity_at))), default=None)
        spent = max((row.total_activity_time for row in own if row.total_activity_time is not None), default=None)
        if seen is None and spent is None:
            continue
        never = True if seen is None and spent == 0 else False if seen is not None else None
        found.append(Access(who, seen, _RESOLUTION, never, total_seconds=spent))
    if len(found) < len(rows):
        ledger.note(Part.ACCESS, GapReason.PERMISSION, "last activity is not told: lacks View all reports in courses")
    if found or not rows:
        ledger.read.add(Part.ACCESS)
    return tuple(found)


def course_grades(rows: Rows) -> tuple[CourseGrade, ...]:
    """The course grade of each, in per cent."""
    found = []
    for who, own in rows.items():
        grades = next((row.grades for row in own if row.grades is not None), None)
        current = decimal(grades.current_score) if grades is not None else None
        final = decimal(grades.final_score) if grades is not None else None
        if current is not None or final is not None:
            found.append(CourseGrade(who, current, final, Decimal(100)))
    return tuple(found)


def groups(calls: Calls, course_path: str, rows: Rows, ledger: Ledger) -> tuple[GroupRecord, ...]:
    """The groups and, from the enrolments, who is in them."""
    named = ledger.attempt(Part.GROUPS, lambda: list(calls.each(f"{course_path}/groups", Group)))
    if not named:
        return ()
    users = [row.user for own in rows.values() for row in own if row.user is not None]
    if not any(user.group_ids is not None for user in users):
        ledger.read.discard(Part.GROUPS)
        ledger.note(Part.GROUPS, GapReason.FEATURE_OFF, "the developer key drops include parameters")
        return ()
    return tuple(_group(group, ((str(user.id), user.group_ids or ()) for user in users)) for group in named)


def _group(group: Group, users: Iterable[tuple[str, Iterable[str | int]]]) -> GroupRecord:
    inside = frozenset(who for who, ids in users if str(group.id) in {str(key) for key in ids})
    category = None if group.group_category_id is None else str(group.group_category_id)
    return GroupRecord(str(group.id), group.name, category, inside)
