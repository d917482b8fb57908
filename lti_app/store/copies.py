"""A copied course: its panels, their settings and the course's norms come along.

Three things tell of a copy, the surest first: the platform's own notice, the course's history in a custom variable,
and a panel that launches in another course than the one where a tutor placed it (its mark travels with the link).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_app.models import Activity, Context, Deployment, PlacedPanel, ResourceLink
from lti_app.store.inserts import insert_new

# What belongs to the people or to the gradebook of the old course stays there.
OF_THE_OLD_COURSE = frozenset({"column", "excluded", "since"})


def portable(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of a course's settings may go along to a copy, however deep it lies."""
    return {
        name: portable(value) if isinstance(value, dict) else value
        for name, value in settings.items()
        if name not in OF_THE_OLD_COURSE
    }


def adopt(session: Session, context: Context, source: Context) -> bool:
    """Take over the norms and settings of ``source``, once; what ``context`` has set itself stays."""
    if context.copied_from_id is not None or context.id == source.id or source.copied_from_id == context.id:
        return False
    context.copied_from_id = source.id
    context.settings = {**portable(source.settings or {}), **(context.settings or {})}
    if context.time_zone is None:
        context.time_zone = source.time_zone
    return True


def course_named(session: Session, registration_id: int, ids: Iterable[str]) -> Context | None:
    """Return the first course of a platform that one of these ids names."""
    for one in ids:
        query = (
            select(Context)
            .join(Deployment, Deployment.id == Context.deployment_id)
            .where(Deployment.registration_id == registration_id, Context.id_on_platform == one)
            .order_by(Context.id)
            .limit(1)
        )
        if (found := session.scalars(query).one_or_none()) is not None:
            return found
    return None


def course_in(session: Session, deployment_id: int, id_on_platform: str, title: str, now: datetime) -> Context:
    """Return a course of a deployment, made where nobody has launched from it yet; it is not due for anything."""
    ids = {"deployment_id": deployment_id, "id_on_platform": id_on_platform}
    insert_new(session, Context, **ids, title=title, settings={}, sync_cursor={}, created_at=now)
    query = select(Context).where(Context.deployment_id == deployment_id, Context.id_on_platform == id_on_platform)
    return session.scalars(query).one()


def _source(session: Session, context: Context, registration_id: int, history: str | None, mark: str | None) -> Any:
    # The history lists the nearest ancestor first (LTI core 1.3, B: Context.id.history).
    if history and (found := course_named(session, registration_id, history.split(","))) is not None:
        return found
    placed = session.get(PlacedPanel, mark) if mark else None
    if placed is None or placed.context_id == context.id:
        return None
    # A mark is no secret: it counts only within one platform.
    origin = session.get_one(Context, placed.context_id)
    ours = session.scalar(select(Deployment.registration_id).where(Deployment.id == origin.deployment_id))
    return origin if ours == registration_id else None


def reconcile(
    session: Session, context: Context, registration_id: int, *, history: str | None, mark: str | None
) -> Context | None:
    """Recognise at a launch that this course is a copy, and return the course that it took over from, if just now."""
    if context.copied_from_id is not None or not (history or mark):
        return None
    source = _source(session, context, registration_id, history, mark)
    return source if source is not None and adopt(session, context, source) else None


def settings_of(session: Session, context: Context, registration_id: int, mark: str | None) -> dict[str, Any]:
    """Return the settings with which a panel was placed, here or in the course that this one was copied from."""
    placed = session.get(PlacedPanel, mark) if mark else None
    if placed is None:
        return {}
    ours = session.scalar(
        select(Deployment.registration_id)
        .join(Context, Context.deployment_id == Deployment.id)
        .where(Context.id == placed.context_id)
    )
    return portable(placed.settings or {}) if ours == registration_id else {}


def activity_like(session: Session, context: Context, api_id: str) -> int | None:
    """Return the activity of this course that has the LMS's id, or that is its copy: same kind, same title.

    A copied course has its own numbers, so the old number is looked up in the course that it was copied from.
    """
    own = select(Activity.id).where(Activity.context_id == context.id, Activity.api_id == api_id)
    found = session.scalar(own)
    if found is not None or context.copied_from_id is None:
        return found
    old = session.execute(
        select(Activity.kind, Activity.title, Activity.section).where(
            Activity.context_id == context.copied_from_id, Activity.api_id == api_id
        )
    ).one_or_none()
    if old is None:
        return None
    alike = select(Activity.id, Activity.section).where(
        Activity.context_id == context.id,
        Activity.kind == old.kind,
        Activity.title == old.title,
        Activity.gone_at.is_(None),
    )
    rows = session.execute(alike.order_by(Activity.position)).all()
    return next((row.id for row in rows if row.section == old.section), rows[0].id if rows else None)


def panels_of(session: Session, context_id: int) -> list[ResourceLink]:
    """Return the links from which a course's panels were opened, the first one first."""
    return list(
        session.scalars(select(ResourceLink).where(ResourceLink.context_id == context_id).order_by(ResourceLink.id))
    )
