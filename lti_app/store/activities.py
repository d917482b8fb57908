"""The things in the course that a learner can complete."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from engagement.values import ActivityKind
from lms_clients import records
from lms_clients.records import CourseSnapshot, Part
from lti_app.models import Activity, ResourceLink
from lti_app.store.bulk import insert_rows, table_of, update_rows
from lti_app.store.digests import digest, number, text
from lti_app.store.scope import Scope

TABLE, LINKS = table_of(Activity), table_of(ResourceLink)
_HERE = select(
    *(TABLE.c[name] for name in ("id", "api_id", "digest", "gone_at", "points_possible", "tutor_marked"))
).where(TABLE.c.context_id == bindparam("context_id"))
_OUR_LINKS = select(LINKS.c.id, LINKS.c.id_on_platform, LINKS.c.api_id).where(
    LINKS.c.context_id == bindparam("context_id")
)
COLUMNS = (
    "kind", "raw_kind", "title", "section", "position", "due_at", "opens_at", "closes_at", "points_possible",
    "pass_points", "max_attempts", "required", "visible", "tutor_marked", "url", "gone_at", "digest",
)  # fmt: skip
KINDS = {
    records.ActivityKind.ASSIGNMENT: ActivityKind.ASSIGNMENT,
    records.ActivityKind.QUIZ: ActivityKind.QUIZ,
    records.ActivityKind.FORUM: ActivityKind.FORUM,
    records.ActivityKind.PAGE: ActivityKind.PAGE,
    records.ActivityKind.FILE: ActivityKind.PAGE,
    records.ActivityKind.LINK: ActivityKind.PAGE,
    records.ActivityKind.VIDEO: ActivityKind.PAGE,
}


@dataclass(frozen=True, slots=True)
class Place:
    """An activity's row, and what a reader of its progress must know."""

    id: int
    points: Decimal | None
    tutor_marked: bool


def _can_be_done(activity: records.Activity, panels: frozenset[str]) -> bool:
    """Return whether a learner can complete it; our own panels in the course page are no work of the course."""
    if activity.lti_link_id is not None and activity.lti_link_id in panels:
        return False
    asked = activity.points_possible is not None or activity.due_at is not None
    return activity.tracked is not False or asked


def _wanted(activity: records.Activity, at: int, sections: dict[str, str]) -> tuple[Any, ...]:
    section = activity.section_title or sections.get(activity.section_id or "")
    said = (
        str(KINDS.get(activity.kind, ActivityKind.OTHER)),
        text(activity.raw_kind or activity.kind, 40),
        text(activity.title, 500),
        text(section, 500),
        at if activity.position is None else activity.position,
        activity.due_at,
        activity.opens_at,
        activity.closes_at,
        number(activity.points_possible),
        number(activity.pass_points),
        activity.max_attempts,
        activity.required,
        activity.visible,
        activity.tutor_marked,
        text(activity.url, 2000),
    )
    return (*said, None, digest(*said))


def _own_panels(session: Session, scope: Scope, snapshot: CourseSnapshot) -> frozenset[str]:
    """Return the link ids of our own panels, after keeping the LMS's number of each (it makes a panel's address)."""
    numbers = {one.lti_link_id: one.id for one in snapshot.activities if one.lti_link_id}
    links = session.execute(_OUR_LINKS, {"context_id": scope.context_id}).all()
    for link in links:
        if (told := numbers.get(link.id_on_platform)) is not None and link.api_id != told:
            session.execute(update(LINKS).where(LINKS.c.id == link.id).values(api_id=told))
    return frozenset(link.id_on_platform for link in links)


def save_activities(
    session: Session, scope: Scope, snapshot: CourseSnapshot, written: dict[str, int]
) -> dict[str, Place]:
    """Save the activities and return each one's place by the LMS's id; those that vanished are kept as gone."""
    here = {"context_id": scope.context_id}
    old = {row.api_id: row for row in session.execute(_HERE, here)}
    if Part.STRUCTURE in snapshot.read:
        panels, sections = (
            _own_panels(session, scope, snapshot),
            {module.id: module.title for module in snapshot.modules},
        )
        told = {
            activity.id: _wanted(activity, at, sections)
            for at, activity in enumerate(snapshot.activities)
            if _can_be_done(activity, panels)
        }
        new = [(scope.context_id, key, *wanted) for key, wanted in told.items() if key not in old]
        changes = [
            (*wanted, old[key].id)
            for key, wanted in told.items()
            if key in old and (old[key].digest != wanted[-1] or old[key].gone_at is not None)
        ]
        gone = [(scope.now, row.id) for key, row in old.items() if key not in told and row.gone_at is None]
        written["activity"] = insert_rows(session, TABLE, ("context_id", "api_id", *COLUMNS), new)
        written["activity"] += update_rows(session, TABLE, COLUMNS, changes)
        written["activity"] += update_rows(session, TABLE, ("gone_at",), gone)
        if new or changes:
            old = {row.api_id: row for row in session.execute(_HERE, here)}
    return {key: Place(row.id, row.points_possible, row.tutor_marked) for key, row in old.items()}
