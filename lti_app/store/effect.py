"""What a holdout has shown so far, read from the rows that sweeps and tutors left."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engagement.proof import Drawn, Report, report
from engagement.values import StallKind
from lti_app.models import (
    Activity,
    ActivityProgress,
    Context,
    CourseGroup,
    Deployment,
    Episode,
    GroupMember,
    Milestone,
)
from lti_app.store.course_facts import DONE
from lti_app.store.holdouts import HELD_OUT, HELPED, Holdout, drawn
from lti_app.store.outcomes import WINDOW

# With fewer past episodes their share says nothing about what is usual.
ENOUGH = 30
LOOK_BACK = timedelta(days=180)
PACE = timedelta(days=28)


@dataclass(frozen=True, slots=True)
class Effects:
    """One holdout's report: how many were drawn in each arm, and how many of them still have time to come back."""

    holdout: Holdout
    helped: int
    held_out: int
    waiting: int
    report: Report


@dataclass(frozen=True, slots=True)
class Before:
    """What the academy's past says for a plan: the share that comes back anyway, and new episodes in four weeks."""

    usual: float | None
    lately: int


def effects_of(session: Session, holdout: Holdout, now: datetime) -> Effects:
    """Return what a holdout has shown until now."""
    rows = session.scalars(select(Episode).where(Episode.lot_seed == holdout.seed)).all()
    counts = drawn(session, holdout.seed)
    over = [row for row in rows if row.opened_at + WINDOW <= now and _undisturbed(row, holdout)]
    waiting = sum(row.opened_at + WINDOW > now and _undisturbed(row, holdout) for row in rows)
    cases = _cases(session, over, holdout.seed)
    return Effects(holdout, counts[HELPED], counts[HELD_OUT], waiting, report(cases, holdout.planned))


def _undisturbed(row: Episode, holdout: Holdout) -> bool:
    # Turning it off lets everybody in again: whose fourteen days were not over then belong to neither arm.
    return holdout.stopped_at is None or row.opened_at + WINDOW <= holdout.stopped_at


def _cases(session: Session, rows: list[Episode], seed: int) -> list[Drawn]:
    done, finished, groups = _next_done(session, seed), _finished(session, seed), _groups(session, seed)
    return [
        Drawn(
            episode_id=row.id,
            opened_at=row.opened_at,
            kind=StallKind((row.stratum or "").rpartition(":")[2] or row.kind),
            way=row.way or "panel",
            groups=tuple(sorted(groups[row.membership_id])),
            held_out=row.arm == HELD_OUT,
            came_back=_within(row, row.moved_at),
            next_done=_within(row, done.get(row.id)),
            finished=row.id in finished,
            tutored=_within(row, row.tutored_at),
        )
        for row in rows
    ]


def _within(row: Episode, at: datetime | None) -> bool:
    return at is not None and at <= row.opened_at + WINDOW


def _next_done(session: Session, seed: int) -> dict[int, datetime]:
    query = (
        select(Episode.id, func.min(ActivityProgress.completed_at))
        .join(ActivityProgress, ActivityProgress.membership_id == Episode.membership_id)
        .join(Activity, Activity.id == ActivityProgress.activity_id)
        .where(Episode.lot_seed == seed, ActivityProgress.completed_at > Episode.opened_at)
        # A tutor's mark is not the learner's doing.
        .where(ActivityProgress.state.in_(DONE), Activity.tutor_marked.is_(False))
        .group_by(Episode.id)
    )
    return {episode_id: at for episode_id, at in session.execute(query) if at is not None}


def _finished(session: Session, seed: int) -> frozenset[int]:
    query = (
        select(Episode.id)
        .join(Milestone, Milestone.membership_id == Episode.membership_id)
        .where(Episode.lot_seed == seed, Milestone.kind == "course_completed")
        .where(Milestone.reached_at > Episode.opened_at)
    )
    return frozenset(session.scalars(query))


def _groups(session: Session, seed: int) -> dict[int, set[str]]:
    found: dict[int, set[str]] = defaultdict(set)
    query = (
        select(GroupMember.membership_id, CourseGroup.name, Context.title)
        .join(CourseGroup, CourseGroup.id == GroupMember.group_id)
        .join(Context, Context.id == CourseGroup.context_id)
        .where(GroupMember.membership_id.in_(select(Episode.membership_id).where(Episode.lot_seed == seed)))
    )
    for membership_id, name, course in session.execute(query):
        found[membership_id].add(f"{course}: {name}" if course else name)
    return found


def before(session: Session, academy_id: int, now: datetime) -> Before:
    """Return what is usual in an academy, from its episodes of the last half year whose fourteen days are over."""
    mine = select(Context.id).join(Deployment, Deployment.id == Context.deployment_id)
    mine = mine.where(Deployment.academy_id == academy_id)
    here: Any = Episode.context_id.in_(mine)
    rows = session.execute(
        select(Episode.opened_at, Episode.ended_at, Episode.outcome)
        .where(here, Episode.opened_at > now - LOOK_BACK, Episode.opened_at <= now - WINDOW)
        .order_by(Episode.opened_at.desc())
        .limit(5000)
    ).all()
    back = sum(
        row.ended_at is not None and row.ended_at <= row.opened_at + WINDOW and row.outcome not in ("left", "wrong")
        for row in rows
    )
    lately = session.scalar(select(func.count()).select_from(Episode).where(here, Episode.opened_at > now - PACE))
    return Before(min(max(back / len(rows), 0.05), 0.9) if len(rows) >= ENOUGH else None, lately or 0)
