"""Conversations: the course's discussions, and the private thread of two people who met through a match.

A private thread is never found by the functions of the course's discussions, nor the other way round.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import Session

from lti_app.models import CircleMember, Episode, Event, Match, Post, Thread, ThreadSeen
from lti_app.store import people, uploads
from lti_app.store.course_facts import activity_refs
from lti_app.store.refusals import NotYours
from lti_app.store.uploads import UploadView
from lti_app.store.views import ActivityRef, Face

MAX_TITLE = 200
MAX_BODY = 8000
PAGE = 30
POSTS = 200


@dataclass(frozen=True, slots=True)
class ThreadLine:
    """A thread in a list; ``replies`` leaves out the first post, ``is_new``: others moved it since I looked."""

    id: int
    title: str
    author: Face | None
    last_author: Face | None
    activity: ActivityRef | None
    replies: int
    moved_at: datetime
    is_new: bool


@dataclass(frozen=True, slots=True)
class PostView:
    """One thing said; ``author`` is None for the academy's own words and for members who are gone."""

    id: int
    author: Face | None
    is_staff: bool
    is_mine: bool
    voice: str
    body: str
    created_at: datetime
    uploads: tuple[UploadView, ...] = ()


@dataclass(frozen=True, slots=True)
class ThreadPage:
    """A thread with its posts, oldest first; ``earlier`` counts those left out before them."""

    id: int
    title: str
    activity: ActivityRef | None
    posts: tuple[PostView, ...]
    earlier: int
    is_open: bool
    match_id: int | None = None


def course_threads(context_id: int) -> Select[Thread]:
    """Select the discussions of one course that may be shown."""
    return select(Thread).where(
        Thread.context_id == context_id, Thread.kind == "talk", Thread.match_id.is_(None), Thread.hidden_at.is_(None)
    )


def _is_new(membership_id: int) -> Any:
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
            Post.hidden_at.is_(None),
            or_(Post.author_id.is_(None), Post.author_id != membership_id),
            or_(seen.is_(None), Post.created_at > seen),
        )
        .correlate(Thread)
        .exists(),
    )


def list_threads(
    session: Session,
    context_id: int,
    membership_id: int,
    *,
    activity_id: int | None = None,
    before: int | None = None,
    limit: int = PAGE,
    to_staff: bool = False,
) -> tuple[ThreadLine, ...]:
    """Return threads, newest movement first, in four queries whatever their number.

    ``activity_id`` keeps those tied to one activity; ``before`` is the id of the last thread already shown.
    """
    is_new = _is_new(membership_id)
    query = course_threads(context_id).add_columns(is_new)
    if activity_id is not None:
        query = query.where(Thread.activity_id == activity_id)
    last = session.get(Thread, before) if before is not None else None
    if last is not None and last.context_id == context_id:
        query = query.where(
            or_(Thread.moved_at < last.moved_at, and_(Thread.moved_at == last.moved_at, Thread.id < last.id))
        )
    rows = session.execute(query.order_by(Thread.moved_at.desc(), Thread.id.desc()).limit(limit)).all()
    ends = _ends(session, [row[0].id for row in rows])
    authors = {row[0].author_id for row in rows} | {end[1] for end in ends.values()}
    known = people.faces(session, authors, to_staff=to_staff)
    activities = activity_refs(session, {row[0].activity_id for row in rows})
    return tuple(
        ThreadLine(
            id=thread.id,
            title=thread.title,
            author=known.get(thread.author_id or 0),
            last_author=known.get(ends[thread.id][1] or 0) if thread.id in ends else None,
            activity=activities.get(thread.activity_id or 0),
            replies=max(0, ends[thread.id][0] - 1) if thread.id in ends else 0,
            moved_at=thread.moved_at,
            is_new=bool(new),
        )
        for thread, new in rows
    )


def _ends(session: Session, thread_ids: list[int]) -> dict[int, tuple[int, int | None]]:
    """Return, for each thread, how many posts it has and who wrote the last."""
    if not thread_ids:
        return {}
    newest = (
        select(Post.thread_id, func.count().label("posts"), func.max(Post.id).label("last_id"))
        .where(Post.thread_id.in_(thread_ids), Post.hidden_at.is_(None))
        .group_by(Post.thread_id)
        .subquery()
    )
    rows = session.execute(
        select(newest.c.thread_id, newest.c.posts, Post.author_id).join(Post, Post.id == newest.c.last_id)
    )
    return {row[0]: (row[1], row[2]) for row in rows}


def new_threads(session: Session, context_id: int, membership_id: int) -> int:
    """Return how many discussions others moved since this member last read them."""
    query = course_threads(context_id).where(_is_new(membership_id))
    return session.scalar(select(func.count()).select_from(query.subquery())) or 0


def read_thread(
    session: Session, context_id: int, thread_id: int, membership_id: int, *, to_staff: bool = False
) -> ThreadPage:
    """Return one discussion of this course; raises NotYours."""
    thread = session.scalar(course_threads(context_id).where(Thread.id == thread_id))
    if thread is None:
        raise NotYours
    return _page(session, thread, membership_id, to_staff=to_staff)


def read_private(session: Session, match_id: int, membership_id: int) -> ThreadPage:
    """Return the private thread of a match to one of its two people; raises NotYours for everybody else, staff too."""
    return _page(session, private_thread(session, match_id, membership_id), membership_id)


def private_thread(session: Session, match_id: int, membership_id: int) -> Thread:
    """Return the row of a match's thread to one of its two people; raises NotYours."""
    thread = session.scalar(
        select(Thread)
        .join(Match, Match.id == Thread.match_id)
        .join(Episode, Episode.id == Match.episode_id)
        .where(
            Match.id == match_id,
            Thread.hidden_at.is_(None),
            or_(Match.helper_id == membership_id, Episode.membership_id == membership_id),
        )
    )
    if thread is None:
        raise NotYours
    return thread


def circle_thread(session: Session, circle_id: int, membership_id: int) -> Thread:
    """Return the row of a circle's thread to somebody who is in it; raises NotYours."""
    thread = session.scalar(
        select(Thread)
        .join(CircleMember, CircleMember.circle_id == Thread.circle_id)
        .where(Thread.circle_id == circle_id, Thread.hidden_at.is_(None))
        .where(CircleMember.membership_id == membership_id, CircleMember.state == "in")
    )
    if thread is None:
        raise NotYours
    return thread


def read_circle(session: Session, circle_id: int, membership_id: int) -> ThreadPage:
    """Return a circle's thread to somebody who is in it; raises NotYours for everybody else, staff too."""
    return _page(session, circle_thread(session, circle_id, membership_id), membership_id)


def event_thread(session: Session, context_id: int, event_id: int) -> Thread:
    """Return the row of the thread under a meeting of this course; raises NotYours."""
    thread = session.scalar(
        select(Thread)
        .join(Event, Event.thread_id == Thread.id)
        .where(Event.id == event_id, Event.context_id == context_id, Event.state.in_(("on", "cancelled")))
        .where(Thread.context_id == context_id, Thread.hidden_at.is_(None))
    )
    if thread is None:
        raise NotYours
    return thread


def read_event_thread(
    session: Session, context_id: int, event_id: int, membership_id: int, *, to_staff: bool = False
) -> ThreadPage:
    """Return the questions and notes under a meeting of this course; raises NotYours."""
    return _page(session, event_thread(session, context_id, event_id), membership_id, to_staff=to_staff)


def _page(session: Session, thread: Thread, membership_id: int, *, to_staff: bool = False) -> ThreadPage:
    shown = (Post.thread_id == thread.id, Post.hidden_at.is_(None))
    count = session.scalar(select(func.count()).select_from(Post).where(*shown)) or 0
    newest = select(Post).where(*shown).order_by(Post.created_at.desc(), Post.id.desc()).limit(POSTS)
    posts = list(reversed(session.scalars(newest).all()))
    known = people.faces(session, {post.author_id for post in posts}, to_staff=to_staff)
    staff = people.staff_among(session, {post.author_id for post in posts})
    files = uploads.of_posts(session, (post.id for post in posts), membership_id)
    return ThreadPage(
        id=thread.id,
        title=thread.title,
        activity=activity_refs(session, {thread.activity_id}).get(thread.activity_id or 0),
        posts=tuple(
            PostView(
                id=post.id,
                author=known.get(post.author_id) if post.author_id else None,
                is_staff=post.author_id in staff,
                is_mine=post.author_id == membership_id,
                voice=post.voice,
                body=post.body,
                created_at=post.created_at,
                uploads=files.get(post.id, ()),
            )
            for post in posts
        ),
        earlier=count - len(posts),
        is_open=thread.closed_at is None,
        match_id=thread.match_id,
    )
