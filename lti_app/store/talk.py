"""Conversations: the course's discussions, and the private thread of two people who met through a match.

A private thread is never found by the functions of the course's discussions, nor the other way round.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from lti_app.models import CircleMember, Episode, Event, Match, Post, Thread
from lti_app.store import people, talk_rows
from lti_app.store.apart import name_of_group
from lti_app.store.built import read_rows
from lti_app.store.course_facts import activity_refs
from lti_app.store.jumps import end_for
from lti_app.store.places import Beside
from lti_app.store.post_views import PostView, shown_to, view_posts
from lti_app.store.refusals import NotYours
from lti_app.store.views import ActivityRef, Face

MAX_TITLE = 200
MAX_BODY = 8000
PAGE = 30
PINNED = 12


@dataclass(frozen=True, slots=True)
class ThreadLine:
    """A thread in a list; ``replies`` leaves out the first post, ``is_new``: others moved it since I looked.

    ``anonymous``: its author is hidden from peers; staff and the author themselves get it all the same.
    """

    id: int
    title: str
    author: Face | None
    last_author: Face | None
    activity: ActivityRef | None
    replies: int
    moved_at: datetime
    is_new: bool
    anonymous: bool = False
    pinned: bool = False
    closed: bool = False
    archived: bool = False
    section: str = ""


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
    kind: str = "talk"
    section: str = ""
    pinned: bool = False
    archived: bool = False
    is_mine: bool = False
    anonymous: bool = False
    last_id: int = 0
    moved_at: datetime | None = None
    is_newest: bool = True
    group: str = ""


def list_threads(
    session: Session,
    context_id: int,
    membership_id: int,
    *,
    place: Beside | None = None,
    before: int | None = None,
    limit: int = PAGE,
    to_staff: bool = False,
    archived: bool = False,
) -> tuple[ThreadLine, ...]:
    """Return threads, newest movement first, in four queries whatever their number; pinned ones are not among them.

    ``place`` keeps those at one activity or section; ``before`` is the id of the last thread already shown;
    ``archived`` lists the archive instead.
    """
    last = session.get(Thread, before) if before is not None else None
    paged = last is not None and last.context_id == context_id
    place = place or Beside()
    asked = talk_rows.listed(
        context_id,
        membership_id,
        place.activity_id,
        place.section,
        last.moved_at if last is not None else None,
        before or 0,
        limit,
        which="archived" if archived else "",
        shape=place.shape,
        paged=paged,
        to_staff=to_staff,
    )
    return _lines(session, read_rows(session, asked).all(), membership_id, to_staff)


def pinned_threads(
    session: Session, context_id: int, membership_id: int, *, place: Beside | None = None, to_staff: bool = False
) -> tuple[ThreadLine, ...]:
    """Return the threads that staff pinned, the latest first."""
    place = place or Beside()
    asked = (context_id, membership_id, place.activity_id, place.section, None, 0, PINNED)
    pinned = talk_rows.listed(*asked, which="pinned", shape=place.shape, paged=False, to_staff=to_staff)
    rows = read_rows(session, pinned).all()
    return _lines(session, rows, membership_id, to_staff)


def _lines(session: Session, rows: Sequence[Any], membership_id: int, to_staff: bool) -> tuple[ThreadLine, ...]:
    ends = _ends(session, [row.id for row in rows])
    shown = {row.author_id for row in rows if to_staff or not row.anonymous or row.author_id == membership_id}
    last = {id_: end[1] for id_, end in ends.items() if to_staff or not end[2] or end[1] == membership_id}
    known = people.faces(session, shown | set(last.values()), to_staff=to_staff)
    activities = activity_refs(session, {row.activity_id for row in rows})
    return tuple(
        ThreadLine(
            id=row.id,
            title=row.title,
            author=known.get(row.author_id or 0) if row.author_id in shown else None,
            last_author=known.get(last.get(row.id) or 0),
            activity=activities.get(row.activity_id or 0),
            replies=max(0, ends[row.id][0] - 1) if row.id in ends else 0,
            moved_at=row.moved_at,
            is_new=bool(row.is_new),
            anonymous=row.anonymous,
            pinned=row.pinned_at is not None,
            closed=row.closed_at is not None,
            archived=row.archived_at is not None,
            section=row.section or "",
        )
        for row in rows
    )


def _ends(session: Session, thread_ids: list[int]) -> dict[int, tuple[int, int | None, bool]]:
    """Return, for each thread, how many posts it has, who wrote the last, and whether they are hidden there."""
    if not thread_ids:
        return {}
    return {row[0]: (row[1], row[2], row[3]) for row in read_rows(session, talk_rows.newest(thread_ids))}


def read_thread(
    session: Session,
    context_id: int,
    thread_id: int,
    membership_id: int,
    *,
    to_staff: bool = False,
    before: int | None = None,
    at: int | None = None,
) -> ThreadPage:
    """Return one discussion of this course, its newest posts or those before the post ``before``; raises NotYours.

    ``at`` is a post that is looked for: the page is the one where it stands.
    """
    thread = session.scalar(*talk_rows.one_thread(context_id, thread_id, membership_id, to_staff=to_staff))
    if thread is None:
        raise NotYours
    return _page(session, thread, membership_id, to_staff=to_staff, before=before, at=at)


def read_private(
    session: Session, match_id: int, membership_id: int, *, before: int | None = None, at: int | None = None
) -> ThreadPage:
    """Return the private thread of a match to one of its two people; raises NotYours for everybody else, staff too."""
    return _page(session, private_thread(session, match_id, membership_id), membership_id, before=before, at=at)


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


def read_circle(
    session: Session, circle_id: int, membership_id: int, *, before: int | None = None, at: int | None = None
) -> ThreadPage:
    """Return a circle's thread to somebody who is in it; raises NotYours for everybody else, staff too."""
    return _page(session, circle_thread(session, circle_id, membership_id), membership_id, before=before, at=at)


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
    session: Session,
    context_id: int,
    event_id: int,
    membership_id: int,
    *,
    to_staff: bool = False,
    before: int | None = None,
    at: int | None = None,
) -> ThreadPage:
    """Return the questions and notes under a meeting of this course, as ``read_thread`` does; raises NotYours."""
    thread = event_thread(session, context_id, event_id)
    return _page(session, thread, membership_id, to_staff=to_staff, before=before, at=at)


def _page(
    session: Session,
    thread: Thread,
    membership_id: int,
    *,
    to_staff: bool = False,
    before: int | None = None,
    at: int | None = None,
) -> ThreadPage:
    if before is None and at is not None:
        shown = [Post.thread_id == thread.id, shown_to(membership_id, to_staff=to_staff)]
        before = end_for(session, thread.id, at, shown, talk_rows.POSTS)
    last = session.get(Post, before) if before is not None else None
    paged = last is not None and last.thread_id == thread.id
    asked = (thread.id, membership_id, last.created_at if last is not None else None, before or 0)
    count = session.scalar(*talk_rows.number_of_posts(*asked, paged=paged, to_staff=to_staff)) or 0
    newest: Sequence[Any] = read_rows(session, talk_rows.posts_of(*asked, paged=paged, to_staff=to_staff)).all()
    posts = newest[::-1]
    return ThreadPage(
        id=thread.id,
        title=thread.title,
        activity=activity_refs(session, {thread.activity_id}).get(thread.activity_id or 0),
        posts=view_posts(session, posts, membership_id, to_staff=to_staff),
        earlier=count - len(posts),
        is_open=thread.closed_at is None,
        match_id=thread.match_id,
        kind=thread.kind,
        section=thread.section or "",
        pinned=thread.pinned_at is not None,
        archived=thread.archived_at is not None,
        is_mine=thread.author_id == membership_id,
        anonymous=thread.anonymous,
        last_id=max((post.id for post in posts), default=0),
        moved_at=thread.moved_at,
        is_newest=last is None,
        group=name_of_group(session, thread),
    )
