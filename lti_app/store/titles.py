"""What a thread is called: given another title by whoever began it or by staff, and what it was called before."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_app.models import Post, Thread, ThreadRevision
from lti_app.store.speaking import opens
from lti_app.store.words_index import words_changed

#: Threads that go by a title of their author's; a meeting's is the meeting's own.
TITLED = ("talk", "ask", "idea", "win")
MAX_TITLE = 200
MOST = 50


def title_with(post: Post, thread: Thread) -> str | None:
    """Return the title that is changed together with a post: that of the thread which it opens."""
    return thread.title if thread.kind in TITLED and opens(post, thread) else None


def change_title(session: Session, thread: Thread, title: str, by_id: int, now: datetime) -> None:
    """Call a thread otherwise and keep what it was called; a question that its title says whole is changed with it."""
    whole = Post.thread_id == thread.id, Post.author_id == thread.author_id, Post.created_at == thread.created_at
    asked = session.scalar(select(Post).where(*whole).limit(1)) if thread.kind == "ask" else None
    if asked is not None and asked.body == thread.title:
        asked.body = title
    session.add(ThreadRevision(thread_id=thread.id, title=thread.title, by_id=by_id, until=now))
    thread.title = title
    session.flush()
    words_changed(session, thread.id)


def titles_before(session: Session, thread_id: int) -> tuple[tuple[str, datetime], ...]:
    """Return what a thread was called, each with the moment until when; newest first."""
    query = select(ThreadRevision.title, ThreadRevision.until).where(ThreadRevision.thread_id == thread_id)
    rows = session.execute(query.order_by(ThreadRevision.until.desc(), ThreadRevision.id.desc()).limit(MOST))
    return tuple((row[0], row[1]) for row in rows)
