"""Milestones: real things that learners reached, shown to others only where they wish."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import ColumnElement, Select, delete, func, or_, select, true
from sqlalchemy.orm import Session

from engagement.recognition import Milestone as Reached
from lti_app.models import Membership, Milestone, Reaction
from lti_app.store.built import built, read_rows
from lti_app.store.course_facts import STAFF, active_membership, activity_refs, faces, hidden_activities
from lti_app.store.inserts import insert_all, insert_new
from lti_app.store.names import full_name, short_name
from lti_app.store.refusals import NotYours
from lti_app.store.views import ActivityRef, Face

TOGETHER_FOR = timedelta(days=7)
# Fewer could be guessed by those who know each other.
TOGETHER_FROM = 3
SHOWS = "shows_milestones"
_kept: WeakKeyDictionary[Any, dict[int, tuple[tuple[Any, ...], Sequence[Any]]]] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class MilestoneView:
    """One milestone; ``warm`` counts the reactions, ``mine`` and ``i_reacted`` are the viewer's."""

    id: int
    face: Face
    kind: str
    activity: ActivityRef | None
    facts: Mapping[str, Any]
    reached_at: datetime
    warm: int
    mine: bool
    i_reacted: bool


@dataclass(frozen=True, slots=True)
class Together:
    """How many people (three at least) reached the same thing lately, without a name."""

    kind: str
    activity: ActivityRef | None
    people: int
    last_at: datetime


def save_milestones(session: Session, context_id: int, reached: Iterable[Reached], now: datetime) -> list[int]:
    """Record milestones that are not there yet and return the ids of the new ones; those to come are left out.

    One that rests on a mark which the learner may not see yet waits until they may.
    """
    reached = list(reached)
    hidden = hidden_activities(session, {one.learner_id for one in reached})
    known = {
        (row[0], row[1])
        for row in session.execute(
            select(Milestone.membership_id, Milestone.key).where(Milestone.context_id == context_id)
        )
    }
    rows = [
        {
            "context_id": context_id,
            "membership_id": one.learner_id,
            "key": one.key,
            "kind": one.kind.value,
            "activity_id": one.activity_id,
            "facts": dict(one.facts),
            "reached_at": one.reached_at,
        }
        for one in reached
        if one.reached_at <= now
        and (one.learner_id, one.key) not in known
        and (one.learner_id, one.activity_id) not in hidden
    ]
    return insert_all(session, Milestone, rows)


def _shown_to(viewer: Membership) -> ColumnElement[bool]:
    return _shown("staff" if viewer.role in STAFF else "learner", viewer.id)


def _shown(who: str, viewer_id: int) -> ColumnElement[bool]:
    shows: ColumnElement[bool] = Membership.settings[SHOWS].as_boolean().is_(True)
    if who == "staff":
        return true()
    return or_(shows, Membership.id == viewer_id) if who == "learner" else shows


@built
def _recent(context_id: int, now: datetime, viewer_id: int, limit: int, *, who: str) -> Select[*tuple[Any, ...]]:
    facts = (Milestone.kind, Milestone.activity_id, Milestone.facts, Milestone.reached_at)
    return (
        select(Milestone.id, Milestone.membership_id, *facts)
        .join(Membership, Membership.id == Milestone.membership_id)
        .where(Milestone.context_id == context_id, Milestone.reached_at <= now, Membership.state == "active")
        .where(_shown(who, viewer_id))
        .order_by(Milestone.reached_at.desc(), Milestone.id.desc())
        .limit(limit)
    )


def recent_milestones(
    session: Session, context_id: int, now: datetime, limit: int = 10, *, viewer_id: int | None = None
) -> tuple[MilestoneView, ...]:
    """Return the newest milestones: the viewer's own, and those of members who let them be seen; staff see all.

    Raises NotYours when the viewer is not of this course.
    """
    viewer = active_membership(session, viewer_id) if viewer_id is not None else None
    if viewer is not None and viewer.context_id != context_id:
        raise NotYours
    who = "" if viewer is None else "staff" if viewer.role in STAFF else "learner"
    rows: Sequence[Any] = read_rows(session, _recent(context_id, now, viewer_id or 0, limit, who=who)).all()
    warm = _warmth(session, [row.id for row in rows], viewer_id or 0)
    refs = activity_refs(session, [row.activity_id for row in rows])
    naming = full_name if viewer is not None and viewer.role in STAFF else short_name
    people = faces(session, [row.membership_id for row in rows], naming)
    return tuple(
        MilestoneView(
            id=row.id,
            face=people[row.membership_id],
            kind=row.kind,
            activity=refs.get(row.activity_id or 0),
            facts=row.facts,
            reached_at=row.reached_at,
            warm=warm.get(row.id, (0, False))[0],
            mine=row.membership_id == viewer_id,
            i_reacted=warm.get(row.id, (0, False))[1],
        )
        for row in rows
    )


@built
def _given(milestone_ids: list[int], viewer_id: int) -> Select[*tuple[Any, ...]]:
    mine = func.count().filter(Reaction.membership_id == viewer_id)
    query = select(Reaction.milestone_id, func.count(), mine).where(Reaction.milestone_id.in_(milestone_ids))
    return query.group_by(Reaction.milestone_id)


def _warmth(session: Session, milestone_ids: list[int], viewer_id: int) -> dict[int, tuple[int, bool]]:
    """Return how many warm signs each milestone has, and whether the viewer gave one."""
    if not milestone_ids:
        return {}
    rows = read_rows(session, _given(milestone_ids, viewer_id))
    return {row[0]: (row[1], row[2] > 0) for row in rows if row[0] is not None}


@built
def _together(context_id: int, since: datetime, now: datetime, limit: int) -> Select[*tuple[Any, ...]]:
    people = func.count(func.distinct(Milestone.membership_id))
    last_at = func.max(Milestone.reached_at, type_=Milestone.reached_at.type)
    return (
        select(Milestone.kind, Milestone.activity_id, people, last_at)
        .where(Milestone.context_id == context_id, Milestone.activity_id.is_not(None))
        .where(Milestone.reached_at > since, Milestone.reached_at <= now)
        .group_by(Milestone.kind, Milestone.activity_id)
        .having(people >= TOGETHER_FROM)
        .order_by(people.desc(), Milestone.activity_id)
        .limit(limit)
    )


@built
def _marks(context_id: int, since: datetime, now: datetime) -> Select[*tuple[Any, ...]]:
    of_week = (Milestone.context_id == context_id, Milestone.reached_at > since, Milestone.reached_at <= now)
    # SQLite gives an id again whose row has gone, so whose they are and about what counts as well.
    sums = (func.sum(Milestone.id), func.sum(Milestone.membership_id), func.sum(Milestone.activity_id))
    return select(func.count(), *sums).where(*of_week)


def _counted(session: Session, context_id: int, now: datetime, limit: int) -> Sequence[Any]:
    """Return what many reached, counted anew only when the week's milestones are others than at the last look.

    A milestone is never changed, so the same ids are the same milestones: looking which they are takes a tenth of
    counting people in thousands of them.
    """
    marks = (context_id, limit, *read_rows(session, _marks(context_id, now - TOGETHER_FOR, now)).one())
    kept = _kept.setdefault(session.get_bind(), {})
    found = kept.get(context_id)
    if found is None or found[0] != marks:
        rows = read_rows(session, _together(context_id, now - TOGETHER_FOR, now, limit)).all()
        found = kept[context_id] = (marks, rows)
    return found[1]


def reached_together(session: Session, context_id: int, now: datetime, limit: int = 3) -> tuple[Together, ...]:
    """Return what three or more members reached in the last seven days, most people first, without names."""
    rows = _counted(session, context_id, now, limit)
    refs = activity_refs(session, [row[1] for row in rows])
    return tuple(Together(row[0], refs.get(row[1] or 0), row[2], row[3]) for row in rows)


def show_milestones(session: Session, membership_id: int, shows: bool) -> None:
    """Let others see this member's milestones, or not any more (they do not unless the member says so)."""
    member = active_membership(session, membership_id, lock=True)
    member.settings = {**(member.settings or {}), SHOWS: shows}
    session.flush()


def react(session: Session, milestone_id: int, membership_id: int, now: datetime) -> bool:
    """Give or take back a warm sign and return whether it is given now.

    Raises NotYours for a milestone that this member may not see.
    """
    # The lock makes two quick clicks follow each other: the unique key does not cover a NULL post.
    member = active_membership(session, membership_id, lock=True)
    visible = session.scalar(
        select(Milestone.id)
        .join(Membership, Membership.id == Milestone.membership_id)
        .where(Milestone.id == milestone_id, Milestone.context_id == member.context_id, _shown_to(member))
    )
    if visible is None:
        raise NotYours
    mine = (Reaction.membership_id == membership_id, Reaction.milestone_id == milestone_id)
    if session.scalar(select(Reaction.id).where(*mine).limit(1)) is not None:
        session.execute(delete(Reaction).where(*mine))
        return False
    # Two taps at once leave one sign.
    insert_new(session, Reaction, membership_id=membership_id, milestone_id=milestone_id, created_at=now)
    session.flush()
    return True
