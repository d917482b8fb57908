"""Where in the course a panel stands, and which activities can be talked about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, SQLColumnExpression, func, or_, select, true
from sqlalchemy.orm import Session

from lti_app.models import Academy, Activity, Context, Deployment, PlacedPanel, ResourceLink
from lti_app.store.built import built, read_rows
from lti_app.store.course_facts import activity_refs
from lti_app.store.refusals import NotYours
from lti_app.store.views import ActivityRef


def activity_beside(
    session: Session, context_id: int, resource_link_id: int | None, asked_id: int | None = None
) -> ActivityRef | None:
    """Return the activity that was asked for, else the one beside which the panel was placed; only of this course."""
    wanted = asked_id
    if wanted is None and resource_link_id is not None:
        wanted = session.scalar(
            select(ResourceLink.activity_id).where(
                ResourceLink.id == resource_link_id, ResourceLink.context_id == context_id
            )
        )
    if wanted is None:
        return None
    own = session.scalar(select(Activity.id).where(Activity.id == wanted, Activity.context_id == context_id))
    return activity_refs(session, [own]).get(own) if own is not None else None


@dataclass(frozen=True, slots=True)
class Beside:
    """Where in the course a panel looks: at one activity, at a whole section (by its title), or at everything."""

    activity: ActivityRef | None = None
    section: str = ""

    def __bool__(self) -> bool:
        return bool(self.activity or self.section)

    @property
    def shape(self) -> str:
        """What it looks at: activity, section, or nothing in particular ("")."""
        return "activity" if self.activity is not None else "section" if self.section else ""

    @property
    def activity_id(self) -> int:
        """The activity's id, 0 where there is none."""
        return self.activity.id if self.activity is not None else 0


def beside(
    session: Session,
    context_id: int,
    resource_link_id: int | None,
    *,
    activity_id: int | None = None,
    section: str = "",
    everywhere: bool = False,
) -> Beside:
    """Return what a panel looks at: what was asked for, else the activity or section beside which it was placed.

    Only ever of this course; ``everywhere`` looks away from the place on purpose. Pages pass
    ``g.visit.resource_link_id`` and filter with ``stands_at``.
    """
    if everywhere:
        return Beside()
    if section:
        return Beside(section=section if _has_section(session, context_id, section) else "")
    activity = activity_beside(session, context_id, resource_link_id, activity_id)
    if activity is not None or activity_id is not None or resource_link_id is None:
        return Beside(activity)
    settings = session.scalar(
        select(ResourceLink.settings).where(ResourceLink.id == resource_link_id, ResourceLink.context_id == context_id)
    )
    placed = str((settings or {}).get("section") or "")[:500]
    return Beside(section=placed if placed and _has_section(session, context_id, placed) else "")


def _has_section(session: Session, context_id: int, section: str) -> bool:
    rows = select(Activity.id).where(Activity.context_id == context_id, Activity.section == section[:500])
    return session.scalar(rows.where(Activity.gone_at.is_(None)).limit(1)) is not None


def stands_at(
    place: Beside,
    context_id: int,
    activity_column: SQLColumnExpression[Any],
    section_column: SQLColumnExpression[Any] | None = None,
) -> ColumnElement[bool]:
    """Return the condition that a row's activity (or, where it has one, its own section) is at ``place``.

    For a section: all that is tied to the section itself, or to any activity in it. Everywhere: no condition.
    """
    return stands(place.shape, place.activity_id, place.section, context_id, activity_column, section_column)


def stands(
    shape: str,
    activity_id: int,
    section: str,
    context_id: int,
    activity_column: SQLColumnExpression[Any],
    section_column: SQLColumnExpression[Any] | None = None,
) -> ColumnElement[bool]:
    """Return the condition of ``stands_at`` for a statement that is built before its place is known."""
    if shape == "activity":
        return activity_column == activity_id
    if shape != "section":
        return true()
    inside = select(Activity.id).where(Activity.context_id == context_id, Activity.section == section)
    tied = activity_column.in_(inside)
    return tied if section_column is None else or_(tied, section_column == section)


def sections(session: Session, context_id: int, limit: int = 100) -> tuple[str, ...]:
    """Return the titles of a course's sections in its own order."""
    return tuple(str(row[0]) for row in read_rows(session, _sections(context_id, limit)))


@built
def _sections(context_id: int, limit: int) -> Select[*tuple[Any, ...]]:
    return (
        select(Activity.section, func.min(Activity.position))
        .where(Activity.context_id == context_id, Activity.gone_at.is_(None), Activity.section.is_not(None))
        .where(Activity.section != "", or_(Activity.visible.is_(None), Activity.visible.is_(True)))
        .group_by(Activity.section)
        .order_by(func.min(Activity.position), Activity.section)
        .limit(limit)
    )


def check_tie(session: Session, context_id: int, activity_id: int | None, section: str) -> None:
    """Raise NotYours unless the activity and the section, where given, are of this course."""
    if activity_id is not None:
        own = select(Activity.id).where(Activity.id == activity_id, Activity.context_id == context_id)
        if session.scalar(own) is None:
            raise NotYours
    if section and section not in sections(session, context_id):
        raise NotYours


def talkable(session: Session, context_id: int, limit: int = 200) -> tuple[ActivityRef, ...]:
    """Return the visible activities of a course in its own order."""
    return tuple(ActivityRef(*row) for row in read_rows(session, _talkable(context_id, limit)))


@built
def _talkable(context_id: int, limit: int) -> Select[int, str, str, str | None]:
    return (
        select(Activity.id, Activity.title, Activity.kind, Activity.url)
        .where(Activity.context_id == context_id, Activity.gone_at.is_(None))
        .where(or_(Activity.visible.is_(None), Activity.visible.is_(True)))
        .order_by(Activity.position, Activity.id)
        .limit(limit)
    )


@dataclass(frozen=True, slots=True)
class PlaceOption:
    """An activity beside which a panel can be placed; ``api_id`` is the LMS's id of it."""

    api_id: str
    title: str
    section: str


def placeable(session: Session, context_id: int, limit: int = 500) -> tuple[PlaceOption, ...]:
    """Return the visible activities of a course in its own order, with their sections."""
    rows = session.execute(
        select(Activity.api_id, Activity.title, Activity.section)
        .where(Activity.context_id == context_id, Activity.gone_at.is_(None))
        .where(or_(Activity.visible.is_(None), Activity.visible.is_(True)))
        .order_by(Activity.position, Activity.id)
        .limit(limit)
    )
    return tuple(PlaceOption(row.api_id, row.title, row.section or "") for row in rows)


def zone_of(session: Session, context_id: int | None) -> str | None:
    """Return the time zone of a course, else of its academy."""
    row = session.execute(
        select(Context.time_zone, Academy.time_zone)
        .join(Deployment, Deployment.id == Context.deployment_id)
        .join(Academy, Academy.id == Deployment.academy_id)
        .where(Context.id == context_id)
    ).one_or_none()
    return (row[0] or row[1]) if row else None


def keep_placed(
    session: Session,
    mark: str,
    context_id: int,
    panel: str,
    title: str,
    settings: Mapping[str, Any],
    by_id: int | None,
    now: datetime,
) -> None:
    """Keep what a tutor placed under our own id of it."""
    row = PlacedPanel(mark=mark, context_id=context_id, panel=panel, title=title, by_id=by_id, placed_at=now)
    row.settings = dict(settings)
    session.add(row)
