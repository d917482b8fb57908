"""Circles as their people see them: an invitation without names, and the circle itself once they are in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, exists, func, or_, select, update
from sqlalchemy.orm import Session

from lti_app.models import (
    Circle,
    CircleCheckIn,
    CircleItem,
    CircleMember,
    CircleWish,
    Membership,
    Person,
    Post,
    Thread,
    ThreadSeen,
)
from lti_app.store.bound_threads import read_circle
from lti_app.store.circle_changes import ANSWER_WITHIN
from lti_app.store.course_facts import activity_refs, time_zone_of
from lti_app.store.inserts import changed_rows
from lti_app.store.people import face
from lti_app.store.policies import policy_of
from lti_app.store.presence import is_here
from lti_app.store.refusals import NotYours
from lti_app.store.thread_page import ThreadPage
from lti_app.store.views import ActivityRef, Face

DONE_SHOWN = 3


@dataclass(frozen=True, slots=True)
class WishView:
    """What the viewer said about groups; ``wants`` is None where they said nothing."""

    wants: bool | None
    windows: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class InvitationView:
    """An invitation: how many, when, why; nobody's name before both have said yes. ``yes`` counts who has."""

    circle_id: int
    people: int
    yes: int
    times: tuple[str, ...]
    reasons: tuple[str, ...]
    activity: ActivityRef | None
    answer_by: datetime
    wished: bool


@dataclass(frozen=True, slots=True)
class MateView:
    """Somebody in my circle; ``said`` and ``words`` are this week's check-in, None where they said nothing."""

    face: Face
    is_me: bool
    is_here: bool
    said: str | None
    words: str


@dataclass(frozen=True, slots=True)
class ItemView:
    """Something on the agenda; ``starts_at`` makes it a meeting."""

    id: int
    words: str
    by: Face | None
    starts_at: datetime | None
    is_done: bool


@dataclass(frozen=True, slots=True)
class CircleView:
    """My circle; ``thread`` is None until a second one has said yes, ``invited`` counts those who have not answered."""

    circle_id: int
    is_open: bool
    mates: tuple[MateView, ...]
    invited: int
    times: tuple[str, ...]
    activity: ActivityRef | None
    items: tuple[ItemView, ...]
    done: tuple[ItemView, ...]
    thread: ThreadPage | None

    @property
    def me(self) -> MateView | None:
        """The viewer among the mates."""
        return next((mate for mate in self.mates if mate.is_me), None)

    @property
    def others(self) -> tuple[MateView, ...]:
        """Everybody but the viewer."""
        return tuple(mate for mate in self.mates if not mate.is_me)


@dataclass(frozen=True, slots=True)
class CirclesView:
    """All that the circle panel shows to one person; ``may`` is False for those whom the course leaves out."""

    circle: CircleView | None
    invitation: InvitationView | None
    wish: WishView
    may: bool


def circles_for(
    session: Session, member: Membership, now: datetime, *, before: int | None = None, at: int | None = None
) -> CirclesView:
    """Return a member's circle, invitation and wish; raises NotYours when the membership is not active.

    ``before`` and ``at`` choose the page of what the circle said, as in ``talk.read_thread``.
    """
    if member.state != "active":
        raise NotYours
    may = member.role == "learner" and member.id not in policy_of(session, member.context_id).excluded
    wish = session.scalar(select(CircleWish).where(CircleWish.membership_id == member.id))
    row = session.execute(
        select(Circle, CircleMember)
        .join(CircleMember, CircleMember.circle_id == Circle.id)
        .where(CircleMember.membership_id == member.id, CircleMember.state.in_(("invited", "in")))
    ).one_or_none()
    circle = invitation = None
    if row is not None and row[1].state == "in":
        circle = _circle(session, row[0], member, now, before, at)
    elif row is not None:
        invitation = _invitation(session, row[0], row[1], wish)
    said = WishView(wish.wants if wish else None, tuple(wish.windows) if wish else ())
    return CirclesView(circle, invitation, said, may)


def _invitation(session: Session, circle: Circle, me: CircleMember, wish: CircleWish | None) -> InvitationView:
    states = session.scalars(select(CircleMember.state).where(CircleMember.circle_id == circle.id)).all()
    return InvitationView(
        circle_id=circle.id,
        people=sum(state in ("invited", "in") for state in states),
        yes=states.count("in"),
        times=tuple(circle.times),
        reasons=tuple(circle.reasons),
        activity=activity_refs(session, [circle.activity_id]).get(circle.activity_id or 0),
        answer_by=me.invited_at + ANSWER_WITHIN,
        wished=wish is not None and wish.wants,
    )


def _circle(
    session: Session, circle: Circle, member: Membership, now: datetime, before: int | None, at: int | None
) -> CircleView:
    rows = session.execute(
        select(CircleMember, Membership, Person)
        .join(Membership, Membership.id == CircleMember.membership_id)
        .join(Person, Person.id == Membership.person_id)
        .where(CircleMember.circle_id == circle.id, CircleMember.state.in_(("in", "invited")))
        .order_by(CircleMember.answered_at, CircleMember.id)
    ).all()
    said = _said(session, circle, now)
    mates = tuple(
        MateView(
            face=face(row[1].id, row[2]),
            is_me=row[1].id == member.id,
            is_here=row[1].id != member.id and is_here(row[1], row[2], now),
            said=said[row[1].id].said if row[1].id in said else None,
            words=said[row[1].id].words if row[1].id in said else "",
        )
        for row in rows
        if row[0].state == "in"
    )
    thread = read_circle(session, circle.id, member.id, before=before, at=at) if circle.state == "open" else None
    items, done = _agenda(session, circle.id, {mate.face.membership_id: mate.face for mate in mates})
    return CircleView(
        circle_id=circle.id,
        is_open=circle.state == "open",
        mates=mates,
        invited=len(rows) - len(mates),
        times=tuple(circle.times),
        activity=activity_refs(session, [circle.activity_id]).get(circle.activity_id or 0),
        items=items,
        done=done,
        thread=thread,
    )


def _said(session: Session, circle: Circle, now: datetime) -> Mapping[int, CircleCheckIn]:
    today = now.astimezone(time_zone_of(session, circle.context_id)).date()
    monday = today - timedelta(days=today.weekday())
    rows = session.scalars(
        select(CircleCheckIn).where(CircleCheckIn.circle_id == circle.id, CircleCheckIn.week_on == monday)
    )
    return {row.membership_id: row for row in rows}


def _agenda(
    session: Session, circle_id: int, faces: Mapping[int, Face]
) -> tuple[tuple[ItemView, ...], tuple[ItemView, ...]]:
    rows: Sequence[CircleItem] = session.scalars(
        select(CircleItem)
        .where(CircleItem.circle_id == circle_id)
        .order_by(CircleItem.starts_at.nulls_last(), CircleItem.id)
    ).all()
    views = [
        (
            row.done_at,
            ItemView(row.id, row.words, faces.get(row.author_id or 0), row.starts_at, row.done_at is not None),
        )
        for row in rows
    ]
    done = sorted(((at, view) for at, view in views if at is not None), key=lambda one: one[0], reverse=True)
    return tuple(view for at, view in views if at is None), tuple(view for _, view in done[:DONE_SHOWN])


def circle_news(membership_id: int) -> ColumnElement[int]:
    """Count what is new for a member: an invitation not seen yet, and a thread that others moved."""
    unread = exists().where(
        Post.thread_id == Thread.id,
        Post.hidden_at.is_(None),
        or_(Post.author_id.is_(None), Post.author_id != membership_id),
        or_(ThreadSeen.seen_at.is_(None), Post.created_at > ThreadSeen.seen_at),
    )
    mine = and_(CircleMember.membership_id == membership_id, CircleMember.seen_at.is_(None))
    invited = select(func.count()).select_from(CircleMember).where(mine, CircleMember.state == "invited")
    moved = (
        select(func.count())
        .select_from(Thread)
        .join(CircleMember, CircleMember.circle_id == Thread.circle_id)
        .outerjoin(ThreadSeen, and_(ThreadSeen.thread_id == Thread.id, ThreadSeen.membership_id == membership_id))
        .where(CircleMember.membership_id == membership_id, CircleMember.state == "in", Thread.closed_at.is_(None))
        .where(unread)
    )
    return invited.scalar_subquery() + moved.scalar_subquery()


def saw_invitation(session: Session, membership_id: int, now: datetime) -> None:
    """Record that a member has seen the invitation that waits for them."""
    mine = update(CircleMember).where(CircleMember.membership_id == membership_id, CircleMember.seen_at.is_(None))
    changed_rows(session, mine.where(CircleMember.state == "invited").values(seen_at=now))
