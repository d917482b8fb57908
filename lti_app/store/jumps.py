"""Which part of a long thread to show, so that one of its older posts stands in it."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from lti_app.models import Post


def end_for(
    session: Session, thread_id: int, post_id: int, shown: Sequence[ColumnElement[bool]], page: int
) -> int | None:
    """Return the post before which a page ends that holds ``post_id`` with what came next; None: the newest page.

    ``shown`` says which posts the reader gets, ``page`` how many stand on one.
    """
    post = session.get(Post, post_id)
    if post is None or post.thread_id != thread_id:
        return None
    same = and_(Post.created_at == post.created_at, Post.id > post.id)
    later = select(Post.id).where(*shown, or_(Post.created_at > post.created_at, same))
    after = session.scalars(later.order_by(Post.created_at, Post.id).limit(page)).all()
    return after[page // 2] if len(after) == page else None
