"""Whose course a snapshot is saved for, and when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from lms_clients.records import CourseSnapshot, Part
from lti_app.models import Academy, Context, Deployment
from lti_app.store.bulk import table_of

_C, _D, _A = (table_of(model) for model in (Context, Deployment, Academy))
# Asked in every turn: put together once, on plain tables.
_HOME = (
    select(_D.c.registration_id, _C.c.time_zone, _A.c.time_zone)
    .join(_D, _D.c.id == _C.c.deployment_id)
    .join(_A, _A.c.id == _D.c.academy_id)
    .where(_C.c.id == bindparam("context_id"))
)


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
    row = session.execute(_HOME, {"context_id": context_id}).one()
    return Scope(context_id, row[0], zone_named(told_zone, row[1], row[2]), now)


def unsure_learners(snapshot: CourseSnapshot) -> frozenset[str] | None:
    """Return the learners of whom only a part was read (what was saved before is then kept); None means all."""
    if not snapshot.read >= DETAIL:
        return None
    return frozenset(gap.learner_id for gap in snapshot.gaps if gap.learner_id is not None)
