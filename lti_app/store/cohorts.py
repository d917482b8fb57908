"""A course's rows become the values that decisions read: the cohort, and who may be asked for help.

The number of queries does not hang on the number of people: nothing here looks at one learner at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Row, func, select, true
from sqlalchemy.orm import Session

from engagement.values import Activity, ActivityKind, Cohort, Feeling, Holiday, Knowledge, Learner, Motive
from lti_app import models
from lti_app.models import ActiveDay, Context, Episode, GroupMember, Membership, Person, SyncGap
from lti_app.store.cohort_progress import progress_of
from lti_app.store.freshness import Freshness, GapNote, freshness
from lti_app.store.helpers import load_helpers
from lti_app.store.knowledge import OF_THE_DETAIL, hidden_by, known_by
from lti_app.store.questions import open_questions
from lti_app.store.scope import scope_of

__all__ = ["Freshness", "GapNote", "freshness", "load_cohort", "load_helpers"]

FELT_LATELY = timedelta(days=60)


def _activities(session: Session, context_id: int) -> dict[int, Activity]:
    table = models.Activity
    rows = session.scalars(
        select(table)
        .where(table.context_id == context_id, table.gone_at.is_(None), table.visible.is_not(False))
        .order_by(table.position, table.id)
    )
    return {row.id: _activity(row) for row in rows}


def _activity(row: models.Activity) -> Activity:
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
    m = Membership
    here = true() if also_gone else m.state == "active"
    rows = session.execute(
        select(
            m.id, m.enrolled_at, m.last_access_at, m.launched_at, m.never_accessed, m.lms_read_at, m.motive,
            Person.locale,
        )
        .join(Person, Person.id == m.person_id)
        .where(m.context_id == context_id, here, m.role == "learner")
        .order_by(m.id)
    )  # fmt: skip
    return {row.id: row for row in rows}


def _collected(session: Session, query: Any) -> dict[int, set[Any]]:
    """Collect the second column of a query by the first."""
    found: dict[int, set[Any]] = {}
    for key, value in session.execute(query):
        found.setdefault(key, set()).add(value)
    return found


def _feelings(session: Session, context_id: int, now: datetime) -> dict[int, Row[*tuple[Any, ...]]]:
    f = models.Feeling
    rows = session.execute(
        select(f.membership_id, f.said, f.at, f.activity_id)
        .join(Membership, Membership.id == f.membership_id)
        .where(Membership.context_id == context_id, f.at > now - FELT_LATELY, f.at <= now)
        .where(f.said.in_([str(said) for said in Feeling]))
        .order_by(f.at, f.id)
    )
    return {row.membership_id: row for row in rows}


def _snoozes(session: Session, context_id: int, now: datetime) -> Mapping[int, datetime]:
    rows = session.execute(
        select(Episode.membership_id, func.max(Episode.snoozed_until))
        .where(Episode.context_id == context_id, Episode.snoozed_until > now)
        .group_by(Episode.membership_id)
    )
    return {row[0]: row[1] for row in rows if row[1] is not None}


def load_cohort(session: Session, context_id: int, now: datetime, *, also_gone: bool = False) -> Cohort:
    """Return the course as values: each learner with what is known of them and nothing else.

    Active learners only; with ``also_gone`` those too who have left the course since.
    """
    context = session.get_one(Context, context_id)
    zone = scope_of(session, context_id, context.time_zone, now).zone
    activities = _activities(session, context_id)
    in_course = Membership.context_id == context_id

    def mine(column: Any) -> Any:
        return select(column.class_.membership_id, column).join(Membership).where(in_course)

    read = _Read(
        days=_collected(session, mine(ActiveDay.day)),
        groups=_collected(session, mine(GroupMember.group_id)),
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
        rows = session.execute(select(SyncGap.membership_id, SyncGap.what).where(SyncGap.context_id == context.id))
        for membership_id, what in rows:
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
            feeling=Feeling(felt.said) if felt else None,
            feeling_at=felt.at if felt else None,
            feeling_about=felt.activity_id if felt else None,
            known=self._known.of(row),
            snoozed_until=self._snoozes.get(row.id),
            questions=self._questions.get(row.id, {}),
        )
