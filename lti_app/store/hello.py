"""Saying hello: one discussion a course, made when the first newcomer greets."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_app.models import Context, Introductions, Post, Thread
from lti_app.store import posting
from lti_app.store.words_index import index_thread


def introductions(session: Session, context_id: int) -> int | None:
    """Return the thread where newcomers say hello, None where there is none that takes words."""
    return session.scalar(
        select(Thread.id)
        .join(Introductions, Introductions.thread_id == Thread.id)
        .where(Introductions.context_id == context_id, Thread.context_id == context_id)
        .where(Thread.hidden_at.is_(None), Thread.closed_at.is_(None))
        .where(Thread.archived_at.is_(None), Thread.merged_into_id.is_(None))
    )


def say_hello(
    session: Session,
    context_id: int,
    membership_id: int,
    body: str,
    now: datetime,
    *,
    title: str,
    opening: str,
    form_key: str | None = None,
) -> int:
    """Greet the course and return the thread; ``title`` and ``opening`` are for a course that has none yet.

    Raises NotYours and TooLate as a reply does.
    """
    thread_id = introductions(session, context_id) or _begin(session, context_id, title, opening, now)
    posting.reply(session, context_id, thread_id, membership_id, body, now, form_key=form_key)
    return thread_id


def has_said(session: Session, context_id: int, membership_id: int) -> bool:
    """Whether a member has greeted already."""
    query = (
        select(Post.id)
        .join(Introductions, Introductions.thread_id == Post.thread_id)
        .where(Introductions.context_id == context_id, Post.author_id == membership_id)
    )
    return session.scalar(query.limit(1)) is not None


def _begin(session: Session, context_id: int, title: str, opening: str, now: datetime) -> int:
    # The course's row makes two first greetings follow each other.
    session.get_one(Context, context_id, with_for_update=True)
    if (made_meanwhile := introductions(session, context_id)) is not None:
        return made_meanwhile
    thread = Thread(context_id=context_id, kind="talk", title=title, created_at=now, moved_at=now)
    session.add(thread)
    session.flush()
    session.add(Post(thread_id=thread.id, voice="academy", body=opening, created_at=now))
    row = session.scalar(select(Introductions).where(Introductions.context_id == context_id))
    if row is None:
        session.add(Introductions(context_id=context_id, thread_id=thread.id))
    else:
        row.thread_id = thread.id
    session.flush()
    index_thread(session, thread.id, now)
    return thread.id
