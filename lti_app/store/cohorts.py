"""A course's rows become the values that decisions read: the cohort, and who may be asked for help.

The number of queries does not hang on the number of people: nothing here looks at one learner at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Row, Select, bindparam, func, select
from sqlalchemy.orm import Session

from engagement.values import Activity, ActivityKind, Cohort, Holiday, Knowledge, Learner, Motive
from engagement.values import Feeling as Felt
from lti_app.db import UtcDateTime
from lti_app.models import ActiveDay, Context, Episode, Feeling, GroupMember, Membership, Person, SyncGap
from lti_app.models import Activity as ActivityRow
from lti_app.store.bulk import table_of
from lti_app.store.cohort_progress import progress_of
from lti_app.store.freshness import Freshness, GapNote, freshness
from lti_app.store.helpers import load_helpers
from lti_app.store.knowledge import OF_THE_DETAIL, hidden_by, known_by
from lti_app.store.questions import open_questions
from lti_app.store.scope import scope_of

__all__ = ["Freshness", "GapNote", "freshness", "load_cohort", "load_helpers"]

FELT_LATELY = timedelta(days=60)
# Every sweep asks these: they are put together once, on plain tables (several times cheaper than on mapped classes).
_A, _M, _P, _E, _F, _G = (table_of(model) for model in (ActivityRow, Membership, Person, Episode, Feeling, SyncGap))
_HERE, _NOW = _M.c.context_id == bindparam("context_id"), bindparam("now", type_=UtcDateTime())
_ACTIVITIES = (
    select(
        _A.c.id, _A.c.title, _A.c.kind, _A.c.section, _A.c.position, _A.c.due_at, _A.c.opens_at, _A.c.tutor_marked,
        _A.c.points_possible, _A.c.pass_points,
    )
    .where(_A.c.context_id == bindparam("context_id"), _A.c.gone_at.is_(None), _A.c.visible.is_not(False))
    .order_by(_A.c.position, _A.c.id)
)  # fmt: skip
_EVERYBODY = (
    select(
        _M.c.id, _M.c.enrolled_at, _M.c.last_access_at, _M.c.launched_at, _M.c.never_accessed, _M.c.lms_read_at,
        _M.c.motive, _P.c.locale,
    )
    .join(_P, _P.c.id == _M.c.person_id)
    .where(_HERE, _M.c.role == "learner")
    .order_by(_M.c.id)
)  # fmt: skip
_MEMBERS = _EVERYBODY.where(_M.c.state == "active")
_FEELINGS = (
    select(_F.c.membership_id, _F.c.said, _F.c.at, _F.c.activity_id)
    .join(_M, _M.c.id == _F.c.membership_id)
    .where(_HERE, _F.c.at > bindparam("felt_from", type_=UtcDateTime()), _F.c.at <= _NOW)
    .where(_F.c.said.in_([str(said) for said in Felt]))
    .order_by(_F.c.at, _F.c.id)
)
_SNOOZES = (
    select(_E.c.membership_id, func.max(_E.c.snoozed_until))
    .where(_E.c.context_id == bindparam("context_id"), _E.c.snoozed_until > _NOW)
    .group_by(_E.c.membership_id)
)
_GAPS = select(_G.c.membership_id, _G.c.what).where(_G.c.context_id == bindparam("context_id"))


def _of_members(model: Any, column: str) -> Select[tuple[int, Any]]:
    table = table_of(model)
    return select(table.c.membership_id, table.c[column]).join(_M, _M.c.id == table.c.membership_id).where(_HERE)


_DAYS, _GROUPS = _of_members(ActiveDay, "day"), _of_members(GroupMember, "group_id")


def _activities(session: Session, context_id: int) -> dict[int, Activity]:
    return {row.id: _activity(row) for row in session.execute(_ACTIVITIES, {"context_id": context_id})}


def _activity(row: Row[*tuple[Any, ...]]) -> Activity:
    pass_share = None
    if row.pass_points is not None and row.points_possible:
        pass_share = float(row.pass_points / row.points_possible)
    return Activity(
        id=row.id,
        title=row.title,
        kind=ActivityKind(row.kind) if row.kind in set(ActivityKind) else ActivityKind.OTHER,
        section=row.section,
        position=row.position,
        due_at=row.due_at,
        opens_at=row.opens_at,
        graded=row.points_possible is not None,
        tutor_marked=row.tutor_marked,
        pass_share=pass_share,
    )


def _members(session: Session, context_id: int, also_gone: bool) -> dict[int, Row[*tuple[Any, ...]]]:
    rows = session.execute(_EVERYBODY if also_gone else _MEMBERS, {"context_id": context_id})
    return {row.id: row for row in rows}


def _collected(session: Session, query: Any, context_id: int) -> dict[int, set[Any]]:
    """Collect the second column of a query by the first."""
    found: dict[int, set[Any]] = {}
    for key, value in session.execute(query, {"context_id": context_id}):
        found.setdefault(key, set()).add(value)
    return found


def _feelings(session: Session, context_id: int, now: datetime) -> dict[int, Row[*tuple[Any, ...]]]:
    rows = session.execute(_FEELINGS, {"context_id": context_id, "felt_from": now - FELT_LATELY, "now": now})
    return {row.membership_id: row for row in rows}


def _snoozes(session: Session, context_id: int, now: datetime) -> Mapping[int, datetime]:
    rows = session.execute(_SNOOZES, {"context_id": context_id, "now": now})
    return {row[0]: row[1] for row in rows if row[1] is not None}


def load_cohort(session: Session, context_id: int, now: datetime, *, also_gone: bool = False) -> Cohort:
    """Return the course as values: each learner with what is known of them and nothing else.

    Active learners only; with ``also_gone`` those too who have left the course since.
    """
    context = session.get_one(Context, context_id)
    zone = scope_of(session, context_id, context.time_zone, now).zone
    activities = _activities(session, context_id)
    read = _Read(
        days=_collected(session, _DAYS, context_id),
        groups=_collected(session, _GROUPS, context_id),
        progress=progress_of(session, context_id, activities),
        feelings=_feelings(session, context_id, now),
        snoozes=_snoozes(session, context_id, now),
        questions=open_questions(session, context_id, now),
        known=_Known(session, context),
        days_known_from=context.days_known_from,
        day_of=lambda at: at.astimezone(zone).date() if at else None,
    )
    settings = context.settings or {}
    return Cohort(
        context_id=context_id,
        activities=tuple(activities.values()),
        learners=tuple(read.learner(row) for row in _members(session, context_id, also_gone).values()),
        time_zone=zone.key,
        starts_on=read.day_of(context.starts_at),
        ends_on=read.day_of(context.ends_at),
        as_of=context.synced_at,
        holidays=spans_from(settings.get("holidays")),
        exam_weeks=spans_from(settings.get("exam_weeks")),
        same_group_only=settings.get("same_group_only") is True,
    )


def spans_from(told: Any) -> tuple[Holiday, ...]:
    """Return the spans of days that a course's settings list as pairs of ISO dates; what cannot be read is left out."""
    spans = []
    for pair in told if isinstance(told, list) else ():
        try:
            first_on, last_on = (date.fromisoformat(day) for day in pair)
        except (TypeError, ValueError):
            continue
        spans.append(Holiday(first_on, last_on))
    return tuple(spans)


class _Known:
    """What is known of each learner: what the course can tell, less what a gap hides."""

    def __init__(self, session: Session, context: Context) -> None:
        course = known_by(context.parts_read or ()) if context.synced_at else frozenset[Knowledge]()
        self._hidden: dict[int, frozenset[Knowledge]] = {}
        for membership_id, what in session.execute(_GAPS, {"context_id": context.id}):
            if membership_id is None:
                course -= hidden_by(what)
            else:
                self._hidden[membership_id] = self._hidden.get(membership_id, frozenset()) | hidden_by(what)
        self._course = course

    def of(self, row: Row[*tuple[Any, ...]]) -> frozenset[Knowledge]:
        known = self._course - self._hidden.get(row.id, frozenset())
        if row.lms_read_at is None:
            known -= OF_THE_DETAIL
        if row.last_access_at is None and row.launched_at is None and row.never_accessed is None:
            known -= {Knowledge.ACCESS, Knowledge.DAYS}
        return known


class _Read:
    """All that was read about a course's people, by membership."""

    def __init__(
        self,
        *,
        days: Mapping[int, set[date]],
        groups: Mapping[int, set[int]],
        progress: Mapping[int, Mapping[int, Any]],
        feelings: Mapping[int, Row[*tuple[Any, ...]]],
        snoozes: Mapping[int, datetime],
        questions: Mapping[int, Mapping[int, datetime]],
        known: _Known,
        days_known_from: date | None,
        day_of: Callable[[datetime | None], date | None],
    ) -> None:
        self._days, self._groups, self._progress = days, groups, progress
        self._feelings, self._snoozes, self._known = feelings, snoozes, known
        self._questions = questions
        self._days_known_from, self.day_of = days_known_from, day_of

    def learner(self, row: Row[*tuple[Any, ...]]) -> Learner:
        seen = [at for at in (row.last_access_at, row.launched_at) if at is not None]
        felt = self._feelings.get(row.id)
        return Learner(
            id=row.id,
            enrolled_on=self.day_of(row.enrolled_at),
            last_seen_at=max(seen, default=None),
            never_seen=False if seen else row.never_accessed,
            active_days=frozenset(self._days.get(row.id, ())),
            days_known_from=self._days_known_from,
            progress=self._progress.get(row.id, {}),
            groups=frozenset(self._groups.get(row.id, ())),
            languages=frozenset({row.locale.replace("_", "-").split("-")[0].lower()} if row.locale else ()),
            motive=Motive(row.motive) if row.motive in set(Motive) else None,
            feeling=Felt(felt.said) if felt else None,
            feeling_at=felt.at if felt else None,
            feeling_about=felt.activity_id if felt else None,
            known=self._known.of(row),
            snoozed_until=self._snoozes.get(row.id),
            questions=self._questions.get(row.id, {}),
        )
