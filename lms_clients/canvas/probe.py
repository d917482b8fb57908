"""What the Canvas user may do: each read is tried once, one row long; writes are never tried."""

from __future__ import annotations

from lms_clients.base import Ability, Capabilities, Missing
from lms_clients.canvas.calls import Calls, Params
from lms_clients.canvas.shapes import User
from lms_clients.errors import NotFound, ScopeMissing
from lms_clients.ledger import REFUSALS
from lms_clients.records import Source

# Path under the course, what it serves, and the permission as Canvas's "Permissions" page calls it.
_READS: tuple[tuple[str, Ability, str, Params], ...] = (
    ("enrollments", Ability.ROSTER, "Users - view list", []),
    ("assignments", Ability.STRUCTURE, "Course Content - view", []),
    ("modules", Ability.COMPLETION, "Course Content - view", []),
    ("students/submissions", Ability.SUBMISSIONS, "Grades - view all grades", [("student_ids[]", "all")]),
    ("groups", Ability.GROUPS, "Groups - view all student groups", []),
)


def capabilities(calls: Calls, course_path: str | None) -> Capabilities:
    """Tell what works; ``course_path`` names a course on which the reads are tried."""
    me = calls.get("/api/v1/users/self", User)
    missing: list[Missing] = []
    for name, ability, permission, wanted in _READS if course_path is not None else ():
        try:
            calls.first(f"{course_path}/{name}", object, wanted)
        except REFUSALS as error:
            scope = f"url:GET|/api/v1/courses/:course_id/{name}"
            told = scope if isinstance(error, ScopeMissing) else permission
            if ability is Ability.ROSTER and isinstance(error, NotFound):
                # Nothing of it can be tried: a course that is not there and one that may not be seen look the same.
                detail = "not found: there is no such course, or it may not be seen"
                missing.append(Missing(ability, capability="Courses - view list", detail=detail))
                break
            missing.append(Missing(ability, capability=told, title=told, detail=error.detail))
    lost = {one.ability for one in missing}
    if any(one.capability == "Courses - view list" for one in missing):
        lost |= {ability for _, ability, _, _ in _READS}
    if Ability.SUBMISSIONS in lost:
        lost |= {Ability.GRADES, Ability.ATTEMPTS}
    return Capabilities(
        source=Source.CANVAS,
        identity=me.name or "",
        can=frozenset(ability for ability in Ability if ability not in lost),
        missing=tuple(missing),
    )
