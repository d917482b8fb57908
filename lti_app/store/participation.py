"""The participation column of a course: switched on by its tutors, off by default; whose turn it is to be written.

The course's settings hold ``participation`` = {on, since, column: {address, error}}; ``column`` stays behind when the
course is copied.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from engagement.participation import Participation, participation
from lti_app.models import (
    AuditEntry,
    Context,
    Deployment,
    Episode,
    HelpOffer,
    Match,
    Membership,
    ParticipationScore,
    Person,
    Post,
    Thread,
)
from lti_app.store.scope import scope_of

NAME = "participation"


@dataclass(frozen=True, slots=True)
class Column:
    """The column as its settings hold it; ``address`` is the line item's, empty before it was made."""

    on: bool
    since: datetime | None
    address: str
    error: str
    can_write: bool


@dataclass(frozen=True, slots=True)
class Due:
    """One score to send: for whom (``sub``), what, and the time stamp of the last one."""

    membership_id: int
    sub: str
    taken: Participation
    last_stamp: datetime | None


def column_of(context: Context) -> Column:
    """Return the participation column of a course."""
    found = (context.settings or {}).get(NAME)
    said: Mapping[str, Any] = found if isinstance(found, dict) else {}
    column = said.get("column") if isinstance(said.get("column"), dict) else {}
    since = said.get("since")
    return Column(
        on=said.get("on") is True,
        since=datetime.fromisoformat(since) if isinstance(since, str) else None,
        address=str((column or {}).get("address", "")),
        error=str((column or {}).get("error", "")),
        can_write=bool(context.lineitems_url),
    )


def _change(context: Context, **said: Any) -> None:
    before = (context.settings or {}).get(NAME)
    context.settings = {**(context.settings or {}), NAME: {**(before if isinstance(before, dict) else {}), **said}}


def switch_column(session: Session, context_id: int, *, on: bool, by_id: int | None, now: datetime) -> None:
    """Switch the column on or off; off leaves what was written, for a mark that vanishes frightens."""
    context = session.get_one(Context, context_id)
    column = column_of(context)
    if column.on == on:
        return
    _change(context, on=on, since=(column.since or now).isoformat())
    who = session.scalar(select(Membership.person_id).where(Membership.id == by_id)) if by_id else None
    academy_id = session.scalar(select(Deployment.academy_id).where(Deployment.id == context.deployment_id))
    what = "participation_on" if on else "participation_off"
    session.add(AuditEntry(academy_id=academy_id, context_id=context_id, actor_id=who, what=what, facts={}, at=now))


def note_column(session: Session, context_id: int, *, address: str | None = None, error: str = "") -> None:
    """Keep the line item's address, and what went wrong with it last."""
    context = session.get_one(Context, context_id)
    _change(context, column={"address": column_of(context).address if address is None else address, "error": error})


def _days(session: Session, context_id: int, zone: ZoneInfo) -> dict[int, set[date]]:
    """Return for each member the days on which they turned to others: wrote, offered help, gave or took it."""
    posts = (
        select(Post.author_id, Post.created_at)
        .join(Thread, Thread.id == Post.thread_id)
        .where(Thread.context_id == context_id, Post.voice == "member", Post.hidden_at.is_(None))
    )
    offers = (
        select(HelpOffer.membership_id, HelpOffer.offered_at)
        .join(Membership, Membership.id == HelpOffer.membership_id)
        .where(Membership.context_id == context_id)
    )
    gave = select(Match.helper_id, Match.answered_at).where(
        Match.context_id == context_id, Match.state.in_(("accepted", "ended")), Match.answered_at.is_not(None)
    )
    took = (
        select(Episode.membership_id, Match.asked_at)
        .join(Episode, Episode.id == Match.episode_id)
        .where(Match.context_id == context_id, Match.asked_at.is_not(None))
    )
    found: dict[int, set[date]] = defaultdict(set)
    for query in (posts, offers, gave, took):
        for member_id, at in session.execute(query):
            if member_id is not None and at is not None:
                found[member_id].add(at.astimezone(zone).date())
    return found


def taking_part(session: Session, context: Context, now: datetime) -> dict[int, Participation]:
    """Return how each active learner of a course has taken part since the column was switched on."""
    column = column_of(context)
    zone = scope_of(session, context.id, context.time_zone, now).zone
    days = _days(session, context.id, zone)
    today, since = now.astimezone(zone).date(), column.since or context.created_at
    end = context.ends_at.astimezone(zone).date() if context.ends_at else None
    learners = session.execute(
        select(Membership.id, Membership.created_at, Membership.enrolled_at).where(
            Membership.context_id == context.id, Membership.state == "active", Membership.role == "learner"
        )
    )
    found = {}
    for row in learners:
        came = max(since, row.enrolled_at or since).astimezone(zone).date()
        found[row.id] = participation(days.get(row.id, ()), from_day=min(came, today), today=today, until=end)
    return found


def scores_due(session: Session, context_id: int, now: datetime) -> Sequence[Due]:
    """Return the scores that differ from what was sent last; nobody is sent a first score of nothing."""
    context = session.get_one(Context, context_id)
    taken = taking_part(session, context, now)
    sent = {
        row.membership_id: row
        for row in session.scalars(select(ParticipationScore).where(ParticipationScore.membership_id.in_(taken)))
    }
    subs = session.execute(
        select(Membership.id, Person.id_on_platform)
        .join(Person, Person.id == Membership.person_id)
        .where(Membership.id.in_(taken))
        .order_by(Membership.id)
    )
    due = []
    for member_id, sub in subs:
        now_is, before = taken[member_id], sent.get(member_id)
        told = (before.weeks, before.needed) if before else (0, now_is.needed)
        if sub and (now_is.weeks, now_is.needed) != told:
            due.append(Due(member_id, sub, now_is, before.stamped_at if before else None))
    return due


def note_sent(session: Session, due: Due, stamp: datetime, state: str) -> None:
    """Keep what was sent for one member, and with which time stamp."""
    make = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    values = {"weeks": due.taken.weeks, "needed": due.taken.needed, "state": state, "stamped_at": stamp}
    row = make(ParticipationScore).values(membership_id=due.membership_id, **values)
    session.execute(row.on_conflict_do_update(index_elements=["membership_id"], set_=values))
