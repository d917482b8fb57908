"""Whether something was said in a thread since a page was drawn, and what it was."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_app.models import Membership, Post, Thread
from lti_app.store.apart import is_open_to, open_to
from lti_app.store.mentions import insiders
from lti_app.store.post_views import PostView, shown_to, view_posts
from lti_app.store.refusals import NotYours

MOST = 50


def moved_at(session: Session, context_id: int, membership_id: int, thread_id: int) -> datetime | None:
    """Return when a thread of this course last moved, or None for whoever is no member: one look by two keys.

    It tells nothing but a time; who may read what was said is asked when it is fetched.
    """
    return session.scalar(
        select(Thread.moved_at)
        .join(Membership, Membership.context_id == Thread.context_id)
        .where(Thread.id == thread_id, Thread.context_id == context_id, Thread.hidden_at.is_(None))
        .where(Membership.id == membership_id, Membership.state == "active", open_to(membership_id))
    )


def kind_of(session: Session, context_id: int, thread_id: int) -> str:
    """Return which kind of thread of this course it is; raises NotYours."""
    kind = session.scalar(select(Thread.kind).where(Thread.id == thread_id, Thread.context_id == context_id))
    if kind is None:
        raise NotYours
    return kind


def posts_after(
    session: Session, context_id: int, thread_id: int, after: int, membership_id: int, *, to_staff: bool
) -> tuple[PostView, ...]:
    """Return what was said in a thread after the post ``after``, oldest first; raises NotYours."""
    thread = session.scalar(
        select(Thread).where(Thread.id == thread_id, Thread.context_id == context_id, Thread.hidden_at.is_(None))
    )
    if thread is None:
        raise NotYours
    inside = insiders(session, thread)
    if inside is not None and membership_id not in inside:
        raise NotYours
    if not is_open_to(session, thread, membership_id, to_staff=to_staff):
        raise NotYours
    to_staff = to_staff and inside is None
    fresh = select(Post).where(Post.thread_id == thread_id, Post.id > after, shown_to(membership_id, to_staff=to_staff))
    posts = session.scalars(fresh.order_by(Post.id).limit(MOST)).all()
    return view_posts(session, posts, membership_id, to_staff=to_staff)
