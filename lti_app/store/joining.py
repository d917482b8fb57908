"""Two entries that turn out to be one person: what launches told and what the LMS's own services told come together.

Whoever is found to be the same keeps the entry of their launches: their open panels hold its ids. Every table that
points at a person or a membership is carried over, whichever rooms are built later.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Index, Table, UniqueConstraint, delete, exists, select, update
from sqlalchemy.orm import Session

from lms_clients.records import EnrolmentState
from lti_app.models import ActiveDay, Base, CircleMember, Episode, Match, Membership, Person, Prompt
from lti_app.store.days import add_days

QUIET = {"synchronize_session": False}
OUTCOME = "merged"


@dataclass(frozen=True, slots=True)
class _Link:
    """A column that points at a person or a membership, and the other columns of each unique key that it is part of."""

    table: Table
    column: Column[Any]
    keys: tuple[tuple[Column[Any], ...], ...]


def _links(target: str) -> Iterator[_Link]:
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            if any(key.target_fullname == target for key in column.foreign_keys):
                yield _Link(table, column, tuple(_keys_with(table, column)))


def _keys_with(table: Table, column: Column[Any]) -> Iterator[tuple[Column[Any], ...]]:
    groups: list[tuple[Column[Any], ...]] = [tuple(table.primary_key.columns)]
    groups += [tuple(one.columns) for one in table.constraints if isinstance(one, UniqueConstraint)]
    groups += [
        tuple(column for column in one.columns) for one in table.indexes if one.unique and _binds_like_a_key(one)
    ]
    for group in groups:
        if column in group:
            yield tuple(other for other in group if other is not column)


def _binds_like_a_key(index: Index) -> bool:
    """Whether a unique index binds every row, or every row in which one of its own columns says something.

    A key that binds other rows (one open episode) has a way of its own: those are settled before anything moves.
    """
    wheres = [index.dialect_options[name].get("where") for name in ("sqlite", "postgresql")]
    own = {f"{column.name} IS NOT NULL" for column in index.columns}
    return all(where is None or str(where) in own for where in wheres)


def _carry(session: Session, target: str, from_id: int, to_id: int) -> None:
    """Point everything at ``to_id``; where it has the like already (a unique key), its own row stays."""
    for link in _links(target):
        for others in link.keys:
            mine = link.table.alias()
            same = [mine.c[other.name] == other for other in others]
            there = exists().where(mine.c[link.column.name] == to_id, *same)
            session.execute(delete(link.table).where(link.column == from_id, there), execution_options=QUIET)
        moved = update(link.table).where(link.column == from_id).values({link.column.name: to_id})
        session.execute(moved, execution_options=QUIET)


def same_name(one: str | None, other: str | None) -> bool:
    """Return whether two names may be the same person's; one that nobody told contradicts nothing."""

    def plain(name: str) -> str:
        return " ".join(unicodedata.normalize("NFC", name).casefold().split())

    return one is None or other is None or plain(one) == plain(other)


def join_persons(session: Session, keep_id: int, other_id: int, now: datetime) -> None:
    """Make two entries one, with all memberships, progress, posts, offers and history; ``other_id`` is gone then."""
    if keep_id == other_id:
        return
    session.flush()
    kept, other = session.get_one(Person, keep_id), session.get_one(Person, other_id)
    told = {column.key: getattr(other, column.key) for column in Person.__table__.columns}
    ours = {
        row.context_id: row.id
        for row in session.execute(select(Membership.context_id, Membership.id).where(Membership.person_id == keep_id))
    }
    theirs = session.execute(select(Membership.context_id, Membership.id).where(Membership.person_id == other_id)).all()
    for context_id, membership_id in theirs:
        if context_id in ours:
            _join_memberships(session, ours[context_id], membership_id, now)
    _carry(session, "person.id", other_id, keep_id)
    session.expire_all()
    session.execute(delete(Person).where(Person.id == other_id), execution_options=QUIET)
    session.expunge(other)
    for name, value in told.items():
        if name not in ("id", "created_at") and value is not None and getattr(kept, name) is None:
            setattr(kept, name, value)
    kept.created_at = min(kept.created_at, told["created_at"])
    session.flush()


def _join_memberships(session: Session, keep_id: int, other_id: int, now: datetime) -> None:
    kept, other = session.get_one(Membership, keep_id), session.get_one(Membership, other_id)
    _settle_episodes(session, keep_id, other_id, now)
    _settle_circles(session, keep_id, other_id, now)
    days = session.execute(select(ActiveDay.day, ActiveDay.proofs).where(ActiveDay.membership_id == other_id))
    add_days(session, {(keep_id, day): proofs for day, proofs in days})
    _take_over(kept, other)
    session.flush()
    _carry(session, "membership.id", other_id, keep_id)
    own = select(Episode.id).where(Episode.membership_id == keep_id)
    # Nobody helps themselves, though the two entries were proposed to each other.
    session.execute(delete(Match).where(Match.helper_id == keep_id, Match.episode_id.in_(own)), execution_options=QUIET)
    session.expire_all()
    session.execute(delete(Membership).where(Membership.id == other_id), execution_options=QUIET)
    session.expunge(other)


def _take_over(kept: Membership, other: Membership) -> None:
    """Bring into the kept place what only the other knew; what launches told of role and state stays."""
    seen = [at for at in (kept.last_access_at, other.last_access_at) if at is not None]
    begun = [at for at in (kept.enrolled_at, other.enrolled_at) if at is not None]
    kept.last_access_at, kept.enrolled_at = max(seen, default=None), min(begun, default=None)
    never = {kept.never_accessed, other.never_accessed}
    kept.never_accessed = False if False in never else True if True in never else None
    if kept.launched_at is None and other.launched_at is not None:
        kept.launched_at, kept.role, kept.raw_roles = other.launched_at, other.role, other.raw_roles
    if kept.state != EnrolmentState.ACTIVE and other.state == EnrolmentState.ACTIVE:
        kept.state = other.state
    for name in ("grade_share", "motive", "lms_mark", "lms_read_at"):
        if getattr(kept, name) is None:
            setattr(kept, name, getattr(other, name))
    # The roster's last word was about the other entry: the next one is taken whole.
    kept.digest = other.digest or kept.digest
    kept.settings = {**(other.settings or {}), **(kept.settings or {})}
    kept.created_at = min(kept.created_at, other.created_at)


def _settle_circles(session: Session, keep_id: int, other_id: int, now: datetime) -> None:
    """Nobody sits in two circles: the kept place's stays."""
    live = CircleMember.state.in_(("invited", "in"))
    if session.scalar(select(CircleMember.id).where(CircleMember.membership_id == keep_id, live)) is not None:
        left = update(CircleMember).where(CircleMember.membership_id == other_id, live)
        session.execute(left.values(state="left", ended_at=now), execution_options=QUIET)


def _settle_episodes(session: Session, keep_id: int, other_id: int, now: datetime) -> None:
    """Of two open episodes the kept place's goes on: one person stalls once."""
    open_ones = select(Episode.id).where(Episode.ended_at.is_(None))
    if session.scalar(open_ones.where(Episode.membership_id == keep_id)) is None:
        return
    closing = session.scalars(open_ones.where(Episode.membership_id == other_id)).all()
    if not closing:
        return
    ended = update(Episode).where(Episode.id.in_(closing))
    session.execute(ended.values(state="ended", ended_at=now, updated_at=now, outcome=OUTCOME), execution_options=QUIET)
    live = Match.state.in_(("proposed", "asked", "called", "accepted"))
    matches = update(Match).where(Match.episode_id.in_(closing), live)
    session.execute(matches.values(state="ended", ended_at=now, ended_why="gone"), execution_options=QUIET)
    prompts = update(Prompt).where(Prompt.episode_id.in_(closing), Prompt.state.in_(("due", "claimed")))
    session.execute(prompts.values(state="withdrawn"), execution_options=QUIET)
