"""When each person's next digest is due; whoever chose nothing gets one a week, if something happened."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import false, func, literal, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from engagement.moments import next_morning
from lti_app.models import (
    Academy,
    Context,
    Deployment,
    DigestPlan,
    Membership,
    Notification,
    Person,
    Post,
    Prompt,
    Thread,
)
from lti_app.store.channels import CONSOLE, DIGEST, EMAIL, PANEL
from lti_app.store.inserts import insert_all
from lti_app.store.news_rows import live
from lti_app.store.scope import zone_named

DAY, WEEK, NEVER = "day", "week", "never"
EVERY = (DAY, WEEK, NEVER)
MORNING = time(9, 0)
# What is older has grown cold: it waits in the panel.
REACH = timedelta(days=14)
# A plan that is never due again, until somebody chooses.
FAR = timedelta(days=3650)


@dataclass(frozen=True, slots=True)
class Plan:
    """How often one person wants a digest, and on which day of the week."""

    every: str = WEEK
    weekday: int = 0


@dataclass(frozen=True, slots=True)
class _Seat:
    """One course that a person is in; ``messages`` is the way that the course allows."""

    membership_id: int
    context_id: int
    messages: str
    zone: str


def plan_of(session: Session, person_id: int) -> Plan:
    """Return what this person chose, or what holds for everybody."""
    row = session.get(DigestPlan, person_id)
    return Plan(row.every, row.weekday) if row is not None else Plan()


def choose_plan(session: Session, person_id: int, plan: Plan, now: datetime) -> None:
    """Remember how often somebody wants a digest; the next tick looks when it is due."""
    make = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    values = {"every": plan.every, "weekday": plan.weekday, "scheduled": False, "due_at": now}
    statement = make(DigestPlan).values(person_id=person_id, **values)
    session.execute(statement.on_conflict_do_update(index_elements=[DigestPlan.person_id], set_=values))
    session.expire_all()


def has_heard(session: Session, membership_ids: Iterable[int], now: datetime) -> None:
    """Make sure that the people of these memberships have a plan, because something was told to them."""
    ids = sorted(membership_ids)
    make = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    columns = ["person_id", "every", "weekday", "scheduled", "due_at"]
    for start in range(0, len(ids), 500):
        people = (
            select(Membership.person_id, literal(WEEK), literal(0), false(), literal(now, DigestPlan.due_at.type))
            .where(Membership.id.in_(ids[start : start + 500]))
            .distinct()
        )
        session.execute(make(DigestPlan).from_select(columns, people).on_conflict_do_nothing())


def any_due(session: Session, now: datetime) -> bool:
    """Return whether somebody's digest is due."""
    return session.scalar(select(DigestPlan.person_id).where(DigestPlan.due_at <= now).limit(1)) is not None


def make_due(session: Session, now: datetime, *, limit: int, has_mail: bool) -> tuple[int, int]:
    """Put the digests of a portion of the people who are due into the outbox; returns how many people and digests.

    Nothing to say is nothing sent. A fixed number of queries a portion; twice, or two workers at once, are harmless.
    """
    rows = session.execute(
        select(DigestPlan.person_id, DigestPlan.every, DigestPlan.weekday, DigestPlan.scheduled)
        .add_columns(Person.email, Person.time_zone)
        .join(Person, Person.id == DigestPlan.person_id)
        .where(DigestPlan.due_at <= now)
        .order_by(DigestPlan.due_at, DigestPlan.person_id)
        .limit(limit)
        .with_for_update(of=DigestPlan, skip_locked=True)
    ).all()
    if not rows:
        return 0, 0
    seats = _seats(session, [row.person_id for row in rows])
    wanting = [row for row in rows if row.scheduled and row.every != NEVER]
    news = _waiting(session, [seat.membership_id for row in wanting for seat in seats.get(row.person_id, ())], now)
    prompts = [_prompt(row, seats.get(row.person_id, ()), news, now, has_mail=has_mail) for row in wanting]
    made = insert_all(session, Prompt, [one for one in prompts if one is not None])
    session.execute(update(DigestPlan), [_next(row, seats.get(row.person_id, ()), now) for row in rows])
    return len(rows), len(made)


def _seats(session: Session, person_ids: Sequence[int]) -> dict[int, list[_Seat]]:
    rows = session.execute(
        select(Membership.id, Membership.person_id, Context.id, Context.settings, Context.time_zone, Academy.time_zone)
        .join(Context, Context.id == Membership.context_id)
        .join(Deployment, Deployment.id == Context.deployment_id)
        .join(Academy, Academy.id == Deployment.academy_id)
        .where(Membership.person_id.in_(person_ids), Membership.state == "active", Deployment.status == "active")
        .order_by(Membership.id)
    )
    found: dict[int, list[_Seat]] = {}
    for member_id, person_id, context_id, settings, own, academy in rows:
        messages = str((settings or {}).get("messages", EMAIL))
        found.setdefault(person_id, []).append(_Seat(member_id, context_id, messages, zone_named(own, academy).key))
    return found


def _waiting(session: Session, membership_ids: Sequence[int], now: datetime) -> Mapping[int, int]:
    """Return how much each of these members has neither seen nor been written about."""
    if not membership_ids:
        return {}
    rows = session.execute(
        select(Notification.membership_id, func.count())
        .outerjoin(Thread, Thread.id == Notification.thread_id)
        .outerjoin(Post, Post.id == Notification.post_id)
        .where(Notification.membership_id.in_(membership_ids), *untold(now), live())
        .group_by(Notification.membership_id)
    )
    return {row[0]: row[1] for row in rows}


def untold(at: datetime) -> tuple[Any, ...]:
    """What a digest made ``at`` that moment may tell: neither seen nor in an earlier digest, and still warm."""
    return (
        Notification.seen_at.is_(None),
        Notification.digested_at.is_(None),
        Notification.made_at <= at,
        Notification.made_at > at - REACH,
    )


def _prompt(
    row: Any, seats: Sequence[_Seat], news: Mapping[int, int], now: datetime, *, has_mail: bool
) -> dict[str, Any] | None:
    open_seats = [seat for seat in seats if seat.messages != PANEL and news.get(seat.membership_id)]
    if not open_seats:
        return None
    first = max(open_seats, key=lambda seat: (news[seat.membership_id], -seat.membership_id))
    channel = CONSOLE if first.messages == CONSOLE else EMAIL
    if channel == EMAIL and not (has_mail and row.email):
        return None
    return {
        "key": f"digest:{row.person_id}:{now.astimezone(zone_named(row.time_zone, first.zone)).date()}",
        "kind": DIGEST,
        "context_id": first.context_id,
        "membership_id": first.membership_id,
        "channel": channel,
        "facts": {"membership_ids": [seat.membership_id for seat in open_seats], "every": row.every},
        "state": "due",
        "made_at": now,
        "due_at": now,
    }


def _next(row: Any, seats: Sequence[_Seat], now: datetime) -> dict[str, Any]:
    zone = zone_named(row.time_zone, seats[0].zone if seats else None).key
    due = (
        now + FAR
        if row.every == NEVER
        else next_morning(now, zone, MORNING, row.weekday if row.every == WEEK else None)
    )
    return {"person_id": row.person_id, "scheduled": True, "due_at": due}
