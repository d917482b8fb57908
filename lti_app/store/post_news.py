"""Tell people of what was said: who is named in it, and those who have a part in the conversation."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_app.models import Post, Thread
from lti_app.store.mentions import keep_mentions
from lti_app.store.notifications import notify

# Questions tell of answers themselves; circles and matches count what is unread in their own rooms.
TOLD_REPLIES = ("talk", "idea", "win", "event")
MOST_TOLD = 200


def tell_of_post(session: Session, thread: Thread, post: Post, now: datetime, *, only_named: bool = False) -> None:
    """Keep who is named in a post and tell them, then those who wrote in the thread; the same post tells nobody twice.

    Nothing is told of a post that waits for a moderator: whoever lets it through calls this again. ``only_named``: it
    was edited, so only those who were not named before hear of it.
    """
    named = keep_mentions(session, thread, post)
    if post.held_at is not None or post.hidden_at is not None or post.deleted_at is not None:
        return
    # Who speaks without a name is not named by the news of it either.
    who, thread_id, post_id = None if post.anonymous else post.author_id, thread.id, post.id
    named -= {post.author_id}
    notify(session, named, "mention", f"mention:{post_id}", now, by_id=who, thread_id=thread_id, post_id=post_id)
    if only_named or thread.kind not in TOLD_REPLIES:
        return
    part = set(
        session.scalars(
            select(Post.author_id)
            .where(Post.thread_id == thread.id, Post.id != post.id, Post.author_id.is_not(None))
            .where(Post.deleted_at.is_(None), Post.hidden_at.is_(None))
            .distinct()
            .limit(MOST_TOLD)
        )
    )
    part.add(thread.author_id)
    told = part - named - {post.author_id}
    notify(session, told, "reply", f"reply:{post_id}", now, by_id=who, thread_id=thread_id, post_id=post_id)
