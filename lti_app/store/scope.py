"""Whose course a snapshot is saved for, and when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms_clients.records import CourseSnapshot, Part
from lti_app.models import Academy, Context, Deployment


@dataclass(frozen=True, slots=True)
class Scope:
    """One course of one registration at one moment; ``zone`` is the course's own, else the academy's."""

    context_id: int
    registration_id: int
    zone: ZoneInfo
    now: datetime


# What a learner's rows of progress are made of.
DETAIL = frozenset({Part.COMPLETION, Part.GRADES, Part.SUBMISSIONS})


def zone_named(*names: str | None) -> ZoneInfo:
    """Return the first of ``names`` that is a time zone, UTC when none is (Moodle says "99" for its own)."""
    for name in names:
        try:
            if name:
                return ZoneInfo(name)
        except (ValueError, OSError, KeyError):
            continue
    return ZoneInfo("UTC")


def scope_of(session: Session, context_id: int, told_zone: str | None, now: datetime) -> Scope:
    """Return the scope of a course; ``told_zone`` is what the LMS says of its time zone."""
    row = session.execute(
        select(Deployment.registration_id, Context.time_zone, Academy.time_zone)
        .join(Deployment, Deployment.id == Context.deployment_id)
        .join(Academy, Academy.id == Deployment.academy_id)
        .where(Context.id == context_id)
    ).one()
    return Scope(context_id, row[0], zone_named(told_zone, row[1], row[2]), now)


def unsure_learners(snapshot: CourseSnapshot) -> frozenset[str] | None:
    """Return the learners of whom only a part was read (what was saved before is then kept); None means all."""
    if not snapshot.read >= DETAIL:
        return None
    return frozenset(gap.learner_id for gap in snapshot.gaps if gap.learner_id is not None)
