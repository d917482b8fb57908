"""The statements that discussions are read by: who may see which, what is new, and the posts of one page."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, true

from lti_app.models import Post, Thread, ThreadSeen
from lti_app.store.apart import open_to
from lti_app.store.built import built
from lti_app.store.places import stands
from lti_app.store.post_views import SHOWN, shown_to

POSTS = 40
# What everybody may read, and what makes a thread new.
READABLE = (Post.hidden_at.is_(None), Post.deleted_at.is_(None), Post.held_at.is_(None))


# What a line in a list tells of a thread: the whole row would cost as much again as the page's other work.
LINE = (
    *(Thread.id, Thread.title, Thread.author_id, Thread.anonymous, Thread.activity_id, Thread.section),
    *(Thread.moved_at, Thread.pinned_at, Thread.closed_at, Thread.archived_at),
)


def course_threads(context_id: int, kind: str = "talk") -> Select[Thread]:
    """Select the discussions (or the questions, ``kind`` ask) of one course that may be shown.

    Those in the archive are among them; those whose posts went to another thread are not.
    """
    return select(Thread).where(
        Thread.context_id == context_id,
        Thread.kind == kind,
        Thread.match_id.is_(None),
        Thread.hidden_at.is_(None),
        Thread.merged_into_id.is_(None),
    )


def seen_by(membership_id: int, *, to_staff: bool) -> Any:
    """A thread of one's own group or of the whole course; one whose only words wait, or are gone, is its author's."""
    shown = (
        select(Post.id)
        .where(Post.thread_id == Thread.id, Post.hidden_at.is_(None), Post.held_at.is_(None))
        .correlate(Thread)
        .exists()
    )
    if to_staff:
        return true()
    return and_(or_(Thread.author_id == membership_id, shown), open_to(membership_id))


def is_new_to(membership_id: int) -> Any:
    """A thread is new to a member when somebody else's post is later than their last look at it."""
    seen = (
        select(ThreadSeen.seen_at)
        .where(ThreadSeen.thread_id == Thread.id, ThreadSeen.membership_id == membership_id)
        .correlate(Thread)
        .scalar_subquery()
    )
    return and_(
        or_(seen.is_(None), seen < Thread.moved_at),
        select(Post.id)
        .where(
            Post.thread_id == Thread.id,
            *READABLE,
            or_(Post.author_id.is_(None), Post.author_id != membership_id),
            or_(seen.is_(None), Post.created_at > seen),
        )
        .correlate(Thread)
        .exists(),
    )


def new_threads(context_id: int, membership_id: int) -> ColumnElement[int]:
    """Count the discussions that others moved since this member last read them."""
    seen = ThreadSeen.seen_at
    mine = and_(ThreadSeen.thread_id == Thread.id, ThreadSeen.membership_id == membership_id)
    later = (
        select(Post.id)
        .where(Post.thread_id == Thread.id, *READABLE, Post.author_id.is_distinct_from(membership_id))
        .where(or_(seen.is_(None), Post.created_at > seen))
        .correlate(Thread, ThreadSeen)
        .exists()
    )
    # A join, not a look at what was seen for every condition: this one goes over all threads of a course.
    query = course_threads(context_id).outerjoin(ThreadSeen, mine).where(Thread.archived_at.is_(None))
    query = query.where(open_to(membership_id))
    return (
        query.where(or_(seen.is_(None), seen < Thread.moved_at), later)
        .with_only_columns(func.count())
        .scalar_subquery()
    )


@built
def listed(
    context_id: int,
    membership_id: int,
    activity_id: int,
    section: str,
    last_moved_at: datetime | None,
    last_id: int,
    limit: int,
    *,
    which: str,
    shape: str,
    paged: bool,
    to_staff: bool,
) -> Select[*tuple[Any, ...]]:
    """Select a page of discussions (``LINE``) and whether each is new; ``which``: archived, pinned, or neither."""
    query = course_threads(context_id)
    if which == "archived":
        query = query.where(Thread.archived_at.is_not(None))
    else:
        pinned = Thread.pinned_at.is_not(None) if which == "pinned" else Thread.pinned_at.is_(None)
        query = query.where(Thread.archived_at.is_(None), pinned)
    if paged:
        before = and_(Thread.moved_at == last_moved_at, Thread.id < last_id)
        query = query.where(or_(Thread.moved_at < last_moved_at, before))
    query = query.where(seen_by(membership_id, to_staff=to_staff))
    query = query.where(stands(shape, activity_id, section, context_id, Thread.activity_id, Thread.section))
    newest = Thread.pinned_at.desc() if which == "pinned" else Thread.moved_at.desc()
    query = query.order_by(newest, Thread.id.desc()).limit(limit)
    return query.with_only_columns(*LINE, is_new_to(membership_id).label("is_new"))


@built
def newest(thread_ids: list[int]) -> Select[*tuple[Any, ...]]:
    """Select of each thread how many posts it has, and who wrote the last one."""
    newest = (
        select(Post.thread_id, func.count().label("posts"), func.max(Post.id).label("last_id"))
        .where(Post.thread_id.in_(thread_ids), *READABLE)
        .group_by(Post.thread_id)
        .subquery()
    )
    found = select(newest.c.thread_id, newest.c.posts, Post.author_id, Post.anonymous)
    return found.join(Post, Post.id == newest.c.last_id)


@built
def one_thread(context_id: int, thread_id: int, membership_id: int, *, to_staff: bool) -> Select[Thread]:
    """Select one discussion of a course, if this member may see it."""
    return course_threads(context_id).where(Thread.id == thread_id, seen_by(membership_id, to_staff=to_staff))


def _in_page(
    thread_id: int, membership_id: int, last_at: datetime | None, last_id: int, paged: bool, to_staff: bool
) -> ColumnElement[bool]:
    shown = and_(Post.thread_id == thread_id, shown_to(membership_id, to_staff=to_staff))
    # Merged threads mix ids and moments: the order of the page is that of the moments.
    before = or_(Post.created_at < last_at, and_(Post.created_at == last_at, Post.id < last_id)) if paged else true()
    return and_(shown, before)


@built
def number_of_posts(
    thread_id: int, membership_id: int, last_at: datetime | None, last_id: int, *, paged: bool, to_staff: bool
) -> Select[int]:
    """Count the posts of a thread that this member may see, or those before a post (``paged``)."""
    shown = _in_page(thread_id, membership_id, last_at, last_id, paged, to_staff)
    return select(func.count()).select_from(Post).where(shown)


@built
def posts_of(
    thread_id: int, membership_id: int, last_at: datetime | None, last_id: int, *, paged: bool, to_staff: bool
) -> Select[*tuple[Any, ...]]:
    """Select the newest posts of a thread (``SHOWN``) that this member may see, or those before a post (``paged``)."""
    shown = _in_page(thread_id, membership_id, last_at, last_id, paged, to_staff)
    return select(*SHOWN).where(shown).order_by(Post.created_at.desc(), Post.id.desc()).limit(POSTS)
