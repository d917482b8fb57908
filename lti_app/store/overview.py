"""What the community manager and the admin see of an academy at one look."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from lti_app.models import (
    Context,
    Deployment,
    Episode,
    HelpOffer,
    LmsConnection,
    Match,
    Membership,
    Post,
    Registration,
    SyncRun,
    Thread,
)
from lti_app.store.freshness import Freshness, freshness_of


@dataclass(frozen=True, slots=True)
class CourseLine:
    """One course: its people, its community of the last seven days, its stalls, and how fresh the data is."""

    context_id: int
    title: str
    learners: int
    open_episodes: int
    helped: int
    returned: int
    ended: int
    helpers: int
    posts: int
    freshness: Freshness


@dataclass(frozen=True, slots=True)
class PlatformLine:
    """One registration as its admin sees it; ``cannot`` are lms_clients' Missing, as they are stored."""

    registration_id: int
    name: str
    issuer: str
    client_id: str
    status: str
    deployments: int
    waiting: int
    connection: str | None
    connection_status: str | None
    connection_detail: str
    cannot: tuple[Mapping[str, str], ...]
    last_run_at: datetime | None
    last_run_state: str | None
    last_run_calls: int | None
    last_error: str | None


def _by_context(session: Session, statement: object) -> dict[int, tuple[int, ...]]:
    return {row[0]: tuple(int(n or 0) for n in row[1:]) for row in session.execute(statement)}  # type: ignore[call-overload]


def academy_courses(session: Session, academy_id: int, since: datetime) -> tuple[CourseLine, ...]:
    """Return every course of one academy, by title; posts are counted from ``since``.

    There are as many queries for one course as for a hundred.
    """
    courses = session.execute(
        select(Context).join(Deployment).where(Deployment.academy_id == academy_id).order_by(Context.title)
    ).scalars()
    mine = list(courses)
    ids = [c.id for c in mine]
    learners = _by_context(
        session,
        select(Membership.context_id, func.count())
        .where(Membership.context_id.in_(ids), Membership.role == "learner", Membership.state == "active")
        .group_by(Membership.context_id),
    )
    back = ("came_back", "after_nudge", "after_match", "after_tutor", "completed")
    episodes = _by_context(
        session,
        select(
            Episode.context_id,
            func.count(case((Episode.ended_at.is_(None), 1))),
            func.count(case((Episode.outcome.in_(back), 1))),
            func.count(Episode.ended_at),
        )
        .where(Episode.context_id.in_(ids))
        .group_by(Episode.context_id),
    )
    helped = _by_context(
        session,
        select(Match.context_id, func.count())
        .where(Match.context_id.in_(ids), Match.state.in_(("accepted", "ended")))
        .group_by(Match.context_id),
    )
    helpers = _by_context(
        session,
        select(Membership.context_id, func.count(func.distinct(HelpOffer.membership_id)))
        .join(Membership, Membership.id == HelpOffer.membership_id)
        .where(Membership.context_id.in_(ids), HelpOffer.ended_at.is_(None), HelpOffer.paused_at.is_(None))
        .group_by(Membership.context_id),
    )
    posts = _by_context(
        session,
        select(Thread.context_id, func.count(Post.id))
        .join(Post, Post.thread_id == Thread.id)
        .where(Thread.context_id.in_(ids), Thread.match_id.is_(None), Post.created_at >= since)
        .group_by(Thread.context_id),
    )
    fresh = freshness_of(session, ids)

    def of(table: dict[int, tuple[int, ...]], key: int, n: int = 0) -> int:
        return table.get(key, (0, 0, 0))[n]

    return tuple(
        CourseLine(
            context_id=c.id,
            title=c.title or c.id_on_platform,
            learners=of(learners, c.id),
            open_episodes=of(episodes, c.id, 0),
            returned=of(episodes, c.id, 1),
            ended=of(episodes, c.id, 2),
            helped=of(helped, c.id),
            helpers=of(helpers, c.id),
            posts=of(posts, c.id),
            freshness=fresh[c.id],
        )
        for c in mine
    )


def academy_platforms(session: Session, academy_id: int) -> tuple[PlatformLine, ...]:
    """Return the registrations of one academy with their connection and the last sync run."""
    lines = []
    rows = session.execute(
        select(Registration, LmsConnection)
        .outerjoin(LmsConnection, LmsConnection.registration_id == Registration.id)
        .where(Registration.academy_id == academy_id)
        .order_by(Registration.id)
    ).all()
    for registration, connection in rows:
        total, waiting = session.execute(
            select(func.count(), func.count(case((Deployment.status == "waiting", 1)))).where(
                Deployment.registration_id == registration.id
            )
        ).one()
        run = session.execute(
            select(SyncRun)
            .join(Context, Context.id == SyncRun.context_id)
            .join(Deployment, Deployment.id == Context.deployment_id)
            .where(Deployment.registration_id == registration.id)
            .order_by(SyncRun.started_at.desc())
            .limit(1)
        ).scalar_one_or_none()
        lines.append(
            PlatformLine(
                registration_id=registration.id,
                name=registration.name,
                issuer=registration.issuer,
                client_id=registration.client_id,
                status=registration.status,
                deployments=total,
                waiting=waiting,
                connection=connection.kind if connection else None,
                connection_status=connection.status if connection else None,
                connection_detail=connection.status_detail if connection else "",
                cannot=tuple(connection.cannot or ()) if connection else (),
                last_run_at=run.started_at if run else None,
                last_run_state=run.state if run else None,
                last_run_calls=run.calls if run else None,
                last_error=run.error if run else None,
            )
        )
    return tuple(lines)
