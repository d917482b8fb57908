"""Questions that learners asked about an activity in the discussions, and that nobody has answered yet."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lti_app.models import Post, Thread

LATELY = timedelta(days=28)


def open_questions(session: Session, context_id: int, now: datetime) -> dict[int, dict[int, datetime]]:
    """Return when each member asked about which activity; a thread in which somebody else has written is answered."""
    answered = (
        select(Post.id)
        .where(Post.thread_id == Thread.id, Post.hidden_at.is_(None))
        .where(Post.author_id.is_(None) | (Post.author_id != Thread.author_id))
    )
    rows = session.execute(
        select(Thread.author_id, Thread.activity_id, func.min(Thread.created_at))
        .where(Thread.context_id == context_id, Thread.kind == "talk", Thread.hidden_at.is_(None))
        .where(Thread.author_id.is_not(None), Thread.activity_id.is_not(None), Thread.closed_at.is_(None))
        .where(Thread.created_at > now - LATELY, Thread.created_at <= now, ~answered.exists())
        .group_by(Thread.author_id, Thread.activity_id)
    )
    found: dict[int, dict[int, datetime]] = {}
    for author_id, activity_id, at in rows:
        if author_id is not None and activity_id is not None:
            found.setdefault(author_id, {})[activity_id] = at
    return found
