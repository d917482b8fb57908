"""Saying something: a new discussion, a reply, a word to the one I am matched with."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from lti_app.models import Post, Thread, ThreadSeen
from lti_app.store import places
from lti_app.store.apart import group_for, open_to
from lti_app.store.bound_threads import circle_thread, event_thread, private_thread
from lti_app.store.built import built
from lti_app.store.bulk import table_of
from lti_app.store.inserts import insert_new
from lti_app.store.news import saw_thread_news
from lti_app.store.polls import Asked, ask
from lti_app.store.post_news import tell_of_post
from lti_app.store.refusals import NotYours, TooLate
from lti_app.store.speaking import check_voice, look_over
from lti_app.store.talk_rows import course_threads
from lti_app.store.uploads import attach
from lti_app.store.words_index import add_words, index_thread


def start_thread(
    session: Session,
    context_id: int,
    membership_id: int,
    title: str,
    body: str,
    now: datetime,
    *,
    kind: str = "talk",
    activity_id: int | None = None,
    section: str = "",
    group: str = "",
    form_key: str | None = None,
    files: Collection[str] = (),
    poll: Asked | None = None,
) -> int:
    """Start a discussion with its first post and return its id; the same ``form_key`` again returns the same thread.

    ``kind`` is talk, idea or win; ``group`` is the one that was chosen, where groups talk among themselves. Raises
    NotYours when it, the activity or the section is not of this course.
    """
    places.check_tie(session, context_id, activity_id, section)
    group_key = group_for(session, context_id, membership_id, group) if kind == "talk" else None
    thread_id = insert_new(
        session,
        Thread,
        context_id=context_id,
        kind=kind,
        title=title,
        author_id=membership_id,
        activity_id=activity_id,
        section=section or None,
        group_key=group_key,
        form_key=form_key,
        created_at=now,
        moved_at=now,
    )
    if thread_id is None:
        mine = (Thread.author_id == membership_id, Thread.form_key == form_key, Thread.context_id == context_id)
        return session.scalars(select(Thread.id).where(*mine)).one()
    _say(session, thread_id, membership_id, body, now, form_key, files, poll)
    saw_thread(session, thread_id, membership_id, now)
    index_thread(session, thread_id, now)
    return thread_id


def reply(
    session: Session,
    context_id: int,
    thread_id: int,
    membership_id: int,
    body: str,
    now: datetime,
    *,
    form_key: str | None = None,
    files: Collection[str] = (),
) -> bool:
    """Say something in a discussion of this course; returns whether it was new. Raises NotYours and TooLate.

    ``files`` are the keys of the member's own drafts (see store/uploads.py).
    """
    thread = session.scalar(
        course_threads(context_id).where(Thread.id == thread_id, open_to(membership_id)).with_for_update()
    )
    if thread is None:
        raise NotYours
    return reply_in(session, thread, membership_id, body, now, form_key, files)


def reply_private(
    session: Session, match_id: int, membership_id: int, body: str, now: datetime, *, form_key: str | None = None
) -> bool:
    """Say something to the other one of a match; raises NotYours, TooLate when the two have parted."""
    return reply_in(session, private_thread(session, match_id, membership_id), membership_id, body, now, form_key)


def reply_circle(
    session: Session, circle_id: int, membership_id: int, body: str, now: datetime, *, form_key: str | None = None
) -> bool:
    """Say something in one's circle; raises NotYours, TooLate when the circle has ended."""
    return reply_in(session, circle_thread(session, circle_id, membership_id), membership_id, body, now, form_key)


def reply_event(
    session: Session,
    context_id: int,
    event_id: int,
    membership_id: int,
    body: str,
    now: datetime,
    *,
    form_key: str | None = None,
) -> bool:
    """Say something under a meeting of this course; raises NotYours and TooLate."""
    return reply_in(session, event_thread(session, context_id, event_id), membership_id, body, now, form_key)


def reply_in(
    session: Session,
    thread: Thread,
    membership_id: int,
    body: str,
    now: datetime,
    form_key: str | None,
    files: Collection[str] = (),
) -> bool:
    """Say something in a thread whose row was found for this member; returns whether it was new. Raises TooLate."""
    if thread.closed_at is not None:
        raise TooLate
    post_id = _say(session, thread.id, membership_id, body, now, form_key, files)
    if post_id is not None:
        thread.moved_at = max(now, thread.moved_at)
        add_words(session, thread.id, body)
    saw_thread(session, thread.id, membership_id, now)
    return post_id is not None


def _say(
    session: Session,
    thread_id: int,
    membership_id: int,
    body: str,
    now: datetime,
    form_key: str | None,
    files: Collection[str] = (),
    poll: Asked | None = None,
) -> int | None:
    """Write a post with its files and its poll and tell people of it; returns its id, or None the second time.

    Raises Muted and TooFast.
    """
    check_voice(session, membership_id, now)
    post_id = insert_new(
        session, Post, thread_id=thread_id, author_id=membership_id, body=body, form_key=form_key, created_at=now
    )
    if post_id is not None:
        attach(session, membership_id, post_id, files)
        post, thread = session.get_one(Post, post_id), session.get_one(Thread, thread_id)
        if poll is not None:
            ask(session, post_id, poll, now)
        look_over(session, post, thread, now)
        tell_of_post(session, thread, post, now)
    return post_id


@built
def _seen(thread: int, reader: int, now: datetime, *, dialect: str) -> Any:
    make: Any = postgresql.insert if dialect == "postgresql" else sqlite.insert
    statement = make(table_of(ThreadSeen)).values(thread_id=thread, membership_id=reader, seen_at=now)
    return statement.on_conflict_do_update(index_elements=["thread_id", "membership_id"], set_={"seen_at": now})


def saw_thread(session: Session, thread_id: int, membership_id: int, now: datetime) -> None:
    """Record that a member has read a thread up to ``now``."""
    session.execute(*_seen(thread_id, membership_id, now, dialect=session.get_bind().dialect.name))
    saw_thread_news(session, membership_id, thread_id, now)
