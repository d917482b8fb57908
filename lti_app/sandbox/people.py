"""Who is who: everybody in the recorded course, two who stand beside it, and the few whom the practice bar offers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from lti_app.sandbox.course import Course
from lti_app.sandbox.recorded import RECORDED_AT

Role = Literal["learner", "teacher", "tutor", "manager", "admin"]
DAY = 86_400
MEMBERSHIP = "http://purl.imsglobal.org/vocab/lis/v2/membership#"
INSTITUTION = "http://purl.imsglobal.org/vocab/lis/v2/institution/person#"
SYSTEM = "http://purl.imsglobal.org/vocab/lis/v2/system/person#"
SERVICE_USER = 47


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an account in the practice LMS."""

    id: int
    given: str
    family: str
    username: str
    email: str
    number: str
    role: Role
    groups: tuple[int, ...] = ()

    @property
    def name(self) -> str:
        """The name as the LMS shows it."""
        return f"{self.given} {self.family}"

    @property
    def initials(self) -> str:
        """Two letters for the round picture."""
        return self.given[:1] + self.family[:1]

    @property
    def teaches(self) -> bool:
        """Whether launches say Instructor; Moodle says so of tutors and managers too."""
        return self.role != "learner"

    @property
    def edits(self) -> bool:
        """Whether this person may change the course page."""
        return self.role in ("teacher", "manager", "admin")

    @property
    def lti_roles(self) -> list[str]:
        """The roles claim, as recorded for each role."""
        if self.role == "admin":
            return [INSTITUTION + "Administrator", MEMBERSHIP + "Instructor", SYSTEM + "Administrator"]
        return [MEMBERSHIP + ("Instructor" if self.teaches else "Learner")]


_BESIDE = (
    Person(46, "Carla", "Manager", "manager1", "manager1@example.com", "MGR01", "manager"),
    Person(2, "Admin", "User", "admin", "admin@example.com", "", "admin"),
)
_STAFF_NUMBERS = {"docente1": "DOC01", "docente2": "DOC02", "tutor1": "TUT01"}
_ROLES: dict[str, Role] = {"student": "learner", "editingteacher": "teacher", "teacher": "tutor"}


def everybody(course: Course) -> dict[int, Person]:
    """Return everybody by id: the enrolled in roster order, then the manager and the admin."""
    people = [_from_roster(course, record) for record in course.roster.values()]
    return {person.id: person for person in (*people, *_BESIDE)}


def _from_roster(course: Course, record: dict[str, Any]) -> Person:
    username = record["email"].partition("@")[0]
    number = course.grades.get(record["id"], {}).get("useridnumber", _STAFF_NUMBERS.get(username, ""))
    role = next(_ROLES[r["shortname"]] for r in record["roles"])
    groups = tuple(g["id"] for g in record.get("groups", []))
    return Person(
        record["id"], record["firstname"], record["lastname"], username, record["email"], number, role, groups
    )


@dataclass(frozen=True, slots=True)
class Cast:
    """The few persons whom the bar offers, found by what the recording says of them."""

    well: int
    stalled: int
    helper: int
    tutor: int
    manager: int
    admin: int


@dataclass(frozen=True, slots=True)
class Trail:
    """What the recording says of one learner; ``silent`` in days before the recording, None who never came."""

    person: int
    done: int
    silent: float | None
    #: The activity whose every attempt so far failed, and how many there were.
    stuck_at: int | None
    failed: int


def trails(course: Course, recorded_at: int) -> list[Trail]:
    """Return every learner's trail at the moment of the recording."""
    return [_trail(course, person, recorded_at) for person in course.learners()]


def _trail(course: Course, person: int, recorded_at: int) -> Trail:
    statuses = course.completion[person]["statuses"]
    last = course.roster[person]["lastcourseaccess"]
    stuck_at, failed = None, 0
    for status in statuses:
        if status["state"] == 3:
            stuck_at = status["cmid"]
            failed = len(course.attempts.get((status["instance"], person), []))
    return Trail(
        person,
        done=sum(s["isoverallcomplete"] for s in statuses),
        silent=(recorded_at - last) / DAY if last else None,
        stuck_at=stuck_at,
        failed=failed,
    )


def cast(course: Course, recorded_at: int = RECORDED_AT) -> Cast:
    """Choose the persons of the bar from a course that nothing has happened in yet."""
    known = [t for t in trails(course, recorded_at) if t.silent is not None]
    activities = max(t.done for t in known)
    stalled = max((t for t in known if t.stuck_at), key=lambda t: (t.failed, t.silent or 0))
    on_the_way = [t for t in known if t.done < activities and not t.stuck_at and (t.silent or 0) < 2]
    well = max(on_the_way, key=lambda t: (t.done, -(t.silent or 0)))
    passed_late = [t for t in known if t != well and (t.silent or 0) < 4 and _passed_late(course, t, stalled)]
    helper = max(passed_late, key=lambda t: (t.done, -(t.silent or 0)))
    people = everybody(course)
    by_role = {role: next(p.id for p in people.values() if p.role == role) for role in ("teacher", "manager", "admin")}
    return Cast(well.person, stalled.person, helper.person, by_role["teacher"], by_role["manager"], by_role["admin"])


def _passed_late(course: Course, trail: Trail, stalled: Trail) -> bool:
    """Whether the learner failed what the stalled one is stuck on, and passed it in the end."""
    status = course.status(trail.person, stalled.stuck_at or 0)
    return bool(status and status["isoverallcomplete"] and len(course.attempts[status["instance"], trail.person]) > 1)
