"""The conditions that questions are selected by: who may see which, what counts as an answer, who is involved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
from sqlalchemy.orm import aliased

from lti_app.models import ActivityProgress, Post, Thread, ThreadSeen, ThreadVote
from lti_app.store.apart import open_to
from lti_app.store.built import among
from lti_app.store.offers import PASSED

ASK = "ask"


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who reads questions: a member of a course (id 0: a student view), and whether they are its staff."""

    context_id: int
    membership_id: int
    is_staff: bool = False


def can_be_read(viewer: Viewer, post: Any = Post) -> ColumnElement[bool]:
    """A post that is there for this viewer: what waits for a moderator only its author and staff see."""
    shown = and_(post.hidden_at.is_(None), post.deleted_at.is_(None))
    if viewer.is_staff:
        return shown
    return and_(shown, or_(post.held_at.is_(None), post.author_id == viewer.membership_id))


def questions(viewer: Viewer, *narrow: ColumnElement[bool]) -> Select[Thread]:
    """Select the questions of a course that this viewer may read, archived ones too.

    ``narrow`` leaves most of them out, so that a database need not ask of each whether it may be read.
    """
    query = select(Thread).where(
        Thread.context_id == viewer.context_id,
        Thread.kind == ASK,
        Thread.hidden_at.is_(None),
        Thread.merged_into_id.is_(None),
        *narrow,
    )
    if viewer.is_staff:
        return query
    first = aliased(Post)
    # A question that waits for a moderator, or that a moderator took away, is not there for others.
    away = exists().where(
        first.thread_id == Thread.id,
        first.created_at == Thread.created_at,
        first.author_id == Thread.author_id,
        or_(first.held_at.is_not(None), first.hidden_at.is_not(None)),
    )
    query = query.where(open_to(viewer.membership_id))
    return query.where(or_(Thread.author_id == viewer.membership_id, ~away))


def _answers() -> tuple[Any, ColumnElement[bool]]:
    post = aliased(Post)
    by_another = or_(
        post.author_id.is_distinct_from(Thread.author_id),
        and_(Thread.author_id.is_(None), post.created_at > Thread.created_at),
    )
    there = and_(post.hidden_at.is_(None), post.deleted_at.is_(None), post.held_at.is_(None))
    return post, and_(post.thread_id == Thread.id, by_another, there, post.voice == "member")


def number_of_answers() -> ColumnElement[int]:
    """How many answers others gave."""
    post, is_answer = _answers()
    counted: ColumnElement[int] = select(func.count(post.id)).where(is_answer).correlate(Thread).scalar_subquery()
    return counted


def has_answer() -> ColumnElement[bool]:
    """Whether anybody but the asker has answered."""
    post, is_answer = _answers()
    return select(post.id).where(is_answer).correlate(Thread).exists()


def is_settled(mark: str) -> ColumnElement[bool]:
    """Whether an answer is accepted or endorsed (``mark``: accepted_at, endorsed_at)."""
    post = aliased(Post)
    there = and_(post.thread_id == Thread.id, post.hidden_at.is_(None), post.deleted_at.is_(None))
    return select(post.id).where(there, getattr(post, mark).is_not(None)).correlate(Thread).exists()


def number_of_same() -> ColumnElement[int]:
    """How many others have the same question."""
    counted: ColumnElement[int] = (
        select(func.count(ThreadVote.membership_id))
        .where(ThreadVote.thread_id == Thread.id)
        .correlate(Thread)
        .scalar_subquery()
    )
    return counted


def has_same(membership_id: int) -> ColumnElement[bool]:
    """Whether this member has the same question."""
    mine = and_(ThreadVote.thread_id == Thread.id, ThreadVote.membership_id == membership_id)
    return select(ThreadVote.thread_id).where(mine).correlate(Thread).exists()


def has_passed(membership_id: int) -> ColumnElement[bool]:
    """Whether this member has passed what the question is about, and may know it."""
    p = ActivityProgress
    passed = and_(p.activity_id == Thread.activity_id, p.membership_id == membership_id, among(p.state, PASSED))
    return select(p.activity_id).where(passed, p.score_visible.is_not(False)).correlate(Thread).exists()


def involves(membership_id: int) -> ColumnElement[bool]:
    """Whether this member asked, has the same question, or answered."""
    voted = select(ThreadVote.thread_id).where(ThreadVote.membership_id == membership_id)
    said = select(Post.thread_id).where(Post.author_id == membership_id)
    return or_(Thread.author_id == membership_id, Thread.id.in_(voted), Thread.id.in_(said))


def is_new_to(membership_id: int) -> ColumnElement[bool]:
    """Whether others said something since this member last looked."""
    post = aliased(Post)
    seen = (
        select(ThreadSeen.seen_at)
        .where(ThreadSeen.thread_id == Thread.id, ThreadSeen.membership_id == membership_id)
        .correlate(Thread)
        .scalar_subquery()
    )
    later = and_(
        post.thread_id == Thread.id,
        post.author_id.is_distinct_from(membership_id),
        post.hidden_at.is_(None),
        post.deleted_at.is_(None),
        post.held_at.is_(None),
        or_(seen.is_(None), post.created_at > seen),
    )
    return and_(or_(seen.is_(None), seen < Thread.moved_at), select(post.id).where(later).correlate(Thread).exists())


def nobody_yet() -> ColumnElement[bool]:
    """Open questions that nobody has answered."""
    return and_(Thread.closed_at.is_(None), Thread.archived_at.is_(None), ~has_answer(), ~is_settled("accepted_at"))
