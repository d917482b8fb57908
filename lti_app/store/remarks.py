"""What is said beneath a project or an idea: beginning it and commenting, as in every discussion."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, or_, select, true
from sqlalchemy.orm import Session

from lti_app.models import Post, Thread
from lti_app.store import posting
from lti_app.store.course_facts import active_membership
from lti_app.store.post_views import PostView, shown_to, view_posts
from lti_app.store.refusals import NotYours

MAX_TITLE = 200
MAX_BODY = 8000
POSTS = 200


def start(
    session: Session, context_id: int, membership_id: int, kind: str, title: str, body: str, now: datetime, *,
    form_key: str | None = None, files: Collection[str] = (),
) -> int:  # fmt: skip
    """Begin a thread of a kind with its first post; returns its id. Raises Muted, TooFast."""
    active_membership(session, membership_id)
    return posting.start_thread(
        session, context_id, membership_id, title, body, now, kind=kind, form_key=form_key, files=files
    )


def thread_of(session: Session, context_id: int, thread_id: int, kind: str, *, lock: bool = False) -> Thread:
    """Return the row of one such thread of the course; raises NotYours."""
    query = select(Thread).where(
        Thread.id == thread_id, Thread.context_id == context_id, Thread.kind == kind, Thread.hidden_at.is_(None)
    )
    thread = session.scalar(query.with_for_update() if lock else query)
    if thread is None:
        raise NotYours
    return thread


def comment(
    session: Session, context_id: int, thread_id: int, membership_id: int, kind: str, body: str, now: datetime, *,
    form_key: str | None = None,
) -> bool:  # fmt: skip
    """Say something about a project or an idea; returns whether it was new.

    Raises NotYours, TooLate, Muted, TooFast.
    """
    thread = thread_of(session, context_id, thread_id, kind, lock=True)
    return posting.reply_in(session, thread, membership_id, body, now, form_key)


def seen_posts(viewer_id: int, to_staff: bool) -> ColumnElement[bool]:
    """Which first posts stand in a list: what waits for a moderator only for its author and staff."""
    there = Post.hidden_at.is_(None) & Post.deleted_at.is_(None)
    return there & (true() if to_staff else or_(Post.held_at.is_(None), Post.author_id == viewer_id))


def posts_of(session: Session, thread_id: int, viewer_id: int, *, to_staff: bool) -> tuple[PostView, ...]:
    """Return the posts of a thread that somebody sees; the first one is what it is about.

    Raises NotYours where a moderator has taken that one away, or has not let it through yet.
    """
    everything = select(Post).where(Post.thread_id == thread_id).order_by(Post.created_at, Post.id)
    first = session.scalar(everything.limit(1))
    seen = session.scalars(everything.where(shown_to(viewer_id, to_staff=to_staff)).limit(POSTS)).all()
    if first is None or not seen or seen[0].id != first.id:
        raise NotYours
    return view_posts(session, seen, viewer_id, to_staff=to_staff)
