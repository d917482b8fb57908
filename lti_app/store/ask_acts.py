"""Asking the course, answering, and telling whom it concerns."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePath

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_app.models import Activity, Notification, Post, Thread, ThreadVote, Upload
from lti_app.store import ask_rows, words_index
from lti_app.store.apart import group_for
from lti_app.store.ask_page import question_row
from lti_app.store.ask_rows import Viewer
from lti_app.store.community_settings import community_of
from lti_app.store.inserts import insert_new
from lti_app.store.notifications import notify
from lti_app.store.places import sections
from lti_app.store.post_news import tell_of_post
from lti_app.store.posting import saw_thread
from lti_app.store.refusals import NotYours, Refusal, TooLate
from lti_app.store.speaking import check_voice, look_over
from lti_app.store.uploads import attach


class NamesOnly(Refusal):
    """In this course questions carry the name of who asks: nothing was posted."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as it was written; ``body`` may be empty where the title says it all."""

    title: str
    body: str = ""
    activity_id: int | None = None
    section: str = ""
    anonymous: bool = False
    form_key: str | None = None
    files: Collection[str] = ()
    group: str = ""


def may_hide(session: Session, viewer: Viewer) -> bool:
    """Whether this viewer may ask without their name being shown to course mates; staff speak with their name."""
    return not viewer.is_staff and community_of(session, viewer.context_id).anonymous


def ask(session: Session, viewer: Viewer, asked: Asked, now: datetime) -> int:
    """Ask the course and return the question's id; the same form again returns the same question.

    Raises NotYours for an activity or a section of another course, NamesOnly, Muted and TooFast.
    """
    _check_place(session, viewer, asked)
    if asked.anonymous and not may_hide(session, viewer):
        raise NamesOnly
    me = viewer.membership_id
    before = select(Thread.id).where(
        Thread.author_id == me, Thread.form_key == asked.form_key, Thread.context_id == viewer.context_id
    )
    if asked.form_key is not None and (known := session.scalar(before)) is not None:
        return known
    check_voice(session, me, now)
    group_key = group_for(session, viewer.context_id, me, asked.group)
    thread_id = insert_new(
        session, Thread, context_id=viewer.context_id, kind=ask_rows.ASK, title=asked.title, author_id=me,
        group_key=group_key,
        activity_id=asked.activity_id, section=asked.section or None, anonymous=asked.anonymous,
        form_key=asked.form_key, created_at=now, moved_at=now,
    )  # fmt: skip
    if thread_id is None:
        return session.scalars(before).one()
    thread = session.get_one(Thread, thread_id)
    _say(session, thread, me, asked.body or asked.title, now, asked.form_key, asked.files)
    saw_thread(session, thread_id, me, now)
    words_index.index_thread(session, thread_id, now)
    return thread_id


def _check_place(session: Session, viewer: Viewer, asked: Asked) -> None:
    if asked.activity_id is not None:
        own = select(Activity.id).where(Activity.id == asked.activity_id, Activity.context_id == viewer.context_id)
        if session.scalar(own) is None:
            raise NotYours
    if asked.section and asked.section not in sections(session, viewer.context_id):
        raise NotYours


def _say(
    session: Session, thread: Thread, me: int, body: str, now: datetime, key: str | None, files: Collection[str]
) -> Post | None:
    """Write a post; who asked without a name stays without one in the whole question."""
    hides = thread.anonymous and thread.author_id == me
    post_id = insert_new(
        session, Post, thread_id=thread.id, author_id=me, anonymous=hides, body=body, form_key=key, created_at=now
    )
    if post_id is None:
        return None
    attach(session, me, post_id, files)
    if hides:
        _unname_files(session, post_id)
    post = session.get_one(Post, post_id)
    look_over(session, post, thread, now)
    tell_of_post(session, thread, post, now)
    return post


def _unname_files(session: Session, post_id: int) -> None:
    """Take the names of files away: they often are their owners'."""
    for row in session.scalars(select(Upload).where(Upload.post_id == post_id)):
        row.name = f"file{PurePath(row.name).suffix[:10]}"
    session.flush()


def answer_question(
    session: Session,
    viewer: Viewer,
    thread_id: int,
    body: str,
    now: datetime,
    *,
    form_key: str | None = None,
    files: Collection[str] = (),
) -> bool:
    """Answer a question (or add a word to one's own) and tell whom it concerns; returns whether it was new.

    Raises NotYours, TooLate when it was closed, Muted and TooFast.
    """
    thread = question_row(session, viewer, thread_id, lock=True)
    if thread.closed_at is not None or thread.archived_at is not None:
        raise TooLate
    me = viewer.membership_id
    twice = select(Post.id).where(Post.thread_id == thread_id, Post.form_key == form_key, Post.author_id == me)
    if form_key is not None and session.scalar(twice) is not None:
        return False
    check_voice(session, me, now)
    post = _say(session, thread, me, body, now, form_key, files)
    if post is None:
        return False
    thread.moved_at = max(now, thread.moved_at)
    saw_thread(session, thread_id, me, now)
    if post.held_at is None:
        words_index.add_words(session, thread_id, body)
        tell_answer(session, thread, post, now)
    session.flush()
    return True


def tell_answer(session: Session, thread: Thread, post: Post, now: datetime) -> None:
    """Tell whoever asked and whoever has the same question; a word of the asker goes to those who answered."""
    if post.author_id == thread.author_id:
        others = select(Post.author_id).where(Post.thread_id == thread.id, Post.hidden_at.is_(None)).distinct()
        told = set(session.scalars(others)) - {thread.author_id}
        by_id = None if post.anonymous else post.author_id
        tell(session, told, "reply", f"reply:{post.id}", now, thread, post, by_id)
        return
    tell(session, [thread.author_id], "answer", f"answer:{post.id}", now, thread, post, post.author_id)
    voters = session.scalars(select(ThreadVote.membership_id).where(ThreadVote.thread_id == thread.id)).all()
    # Those who only share the question hear of it once: the place is theirs to look at from then on.
    tell(session, voters, "answer", f"answered:{thread.id}", now, thread, post, post.author_id)


def tell(
    session: Session,
    who: Iterable[int | None],
    kind: str,
    key: str,
    now: datetime,
    thread: Thread,
    post: Post,
    by_id: int | None,
) -> None:
    """Tell these members about a post of a question; ``by_id`` is None where its author is not to be named."""
    facts = {"title": thread.title}
    # Who is named in it has just heard of the very same words.
    heard = select(Notification.membership_id).where(Notification.key == f"mention:{post.id}")
    who = set(who) - set(session.scalars(heard.where(Notification.post_id == post.id)))
    notify(session, who, kind, key, now, by_id=by_id, thread_id=thread.id, post_id=post.id, facts=facts)
