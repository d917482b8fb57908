"""What one person's digest says: what they have not seen, the next meetings, and a question that they could answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, exists, or_, select, update
from sqlalchemy.orm import Session

from lti_app.models import Context, Event, Membership, Notification, Post, Prompt, Thread
from lti_app.store.channels import DIGEST, course_addresses
from lti_app.store.digest_plans import NEVER, plan_of, untold
from lti_app.store.inserts import changed_rows
from lti_app.store.news import Line, gather, items
from lti_app.store.news_rows import MOST, live

SHOWN = 6
MEETINGS = 2
MEETS_WITHIN = timedelta(days=8)
ASKED_WITHIN = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class CoursePart:
    """What one course has to say; ``more`` counts what is left out, ``question`` is one that waits for an answer.

    ``meetings`` are the next ones: title and beginning.
    """

    title: str
    address: str | None
    lines: tuple[Line, ...]
    more: int
    question: str | None
    meetings: tuple[tuple[str, datetime], ...] = ()


@dataclass(frozen=True, slots=True)
class Digest:
    """One person's digest over their courses of one platform; ``every`` is day or week."""

    every: str
    parts: tuple[CoursePart, ...]

    @property
    def count(self) -> int:
        """How much is told in all."""
        return sum(len(part.lines) + part.more for part in self.parts)


def is_digest_wanted(session: Session, prompt: Prompt, member: Membership) -> bool:
    """Return whether a digest still has something to say to somebody who still wants it."""
    if plan_of(session, member.person_id).every == NEVER:
        return False
    waiting = (
        select(Notification.id)
        .outerjoin(Thread, Thread.id == Notification.thread_id)
        .outerjoin(Post, Post.id == Notification.post_id)
        .where(Notification.membership_id.in_(_members(prompt)), *untold(prompt.made_at), live())
    )
    return session.scalar(waiting.limit(1)) is not None


def digest_of(session: Session, prompt: Prompt) -> Digest:
    """Return what a digest says, in a fixed number of queries; what is shown to staff alone is never in a mail."""
    ids = _members(prompt)
    rows = session.execute(
        select(Membership.id, Membership.person_id, Context.id, Context.title, Context.label)
        .join(Context, Context.id == Membership.context_id)
        .where(Membership.id.in_(ids), Membership.state == "active")
    ).all()
    found = items(session, ids, limit=MOST * 3, only=untold(prompt.made_at))
    addresses = course_addresses(session, {row[2] for row in rows})
    questions = _questions(session, {row[2]: row[0] for row in rows}, prompt.made_at)
    meetings = _meetings(session, [row[2] for row in rows], prompt.made_at)
    parts = []
    for row in rows:
        lines = gather(found[row[0]])
        if lines:
            shown, title = tuple(lines[:SHOWN]), row[3] or row[4] or ""
            more, next_ones = len(lines) - len(shown), tuple(meetings.get(row[2], ())[:MEETINGS])
            parts.append(CoursePart(title, addresses.get(row[2]), shown, more, questions.get(row[2]), next_ones))
    return Digest(str(prompt.facts.get("every")), tuple(parts))


def _members(prompt: Prompt) -> Sequence[int]:
    ids = prompt.facts.get("membership_ids")
    return [one for one in ids if isinstance(one, int)] if isinstance(ids, list) else []


def _questions(session: Session, members: Mapping[int, int], now: datetime) -> dict[int, str]:
    """Return, by course, the question that has waited longest for anybody's word and is not the member's own."""
    answered = exists().where(
        Post.thread_id == Thread.id,
        Post.hidden_at.is_(None),
        Post.deleted_at.is_(None),
        or_(Post.author_id.is_(None), Post.author_id != Thread.author_id),
    )
    silent = exists().where(Post.thread_id == Thread.id, Post.held_at.is_not(None))
    mine = [and_(Thread.context_id == context, Thread.author_id != member) for context, member in members.items()]
    if not mine:
        return {}
    rows = session.execute(
        select(Thread.context_id, Thread.title)
        .where(or_(*mine), Thread.kind == "ask", Thread.created_at > now - ASKED_WITHIN)
        .where(Thread.hidden_at.is_(None), Thread.closed_at.is_(None), Thread.archived_at.is_(None))
        .where(Thread.merged_into_id.is_(None), Thread.group_key.is_(None), ~answered, ~silent)
        .order_by(Thread.created_at.desc())
        .limit(200)
    )
    return {row[0]: row[1] for row in rows}


def _meetings(session: Session, context_ids: Sequence[int], now: datetime) -> dict[int, list[tuple[str, datetime]]]:
    """Return, by course, what begins within the next days, the first one first."""
    rows = session.execute(
        select(Event.context_id, Event.title, Event.starts_at)
        .where(Event.context_id.in_(context_ids), Event.state == "on")
        .where(Event.starts_at > now, Event.starts_at < now + MEETS_WITHIN)
        .order_by(Event.starts_at, Event.id)
        .limit(100)
    )
    found: dict[int, list[tuple[str, datetime]]] = {}
    for context_id, title, starts_at in rows:
        found.setdefault(context_id, []).append((title, starts_at))
    return found


def was_told(session: Session, prompt: Prompt, now: datetime) -> None:
    """Record that a digest has left, or may have: what it told is in no later one."""
    if prompt.kind != DIGEST:
        return
    told = update(Notification).where(Notification.membership_id.in_(_members(prompt)), *untold(prompt.made_at))
    changed_rows(session, told.values(digested_at=now))
