"""What is said beneath a project or an idea: beginning it, comments, warm signs."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, delete, func, or_, select, true
from sqlalchemy.orm import Session

from lti_app.models import Post, Reaction, Thread
from lti_app.store import people
from lti_app.store.course_facts import active_membership
from lti_app.store.inserts import insert_new
from lti_app.store.notifications import notify
from lti_app.store.posting import saw_thread
from lti_app.store.refusals import NotYours, TooLate
from lti_app.store.speaking import check_voice, look_over
from lti_app.store.uploads import UploadView, attach, of_posts
from lti_app.store.views import Face
from lti_app.store.words_index import add_words, index_thread

MAX_TITLE = 200
MAX_BODY = 8000
HEART = "heart"
POSTS = 200


@dataclass(frozen=True, slots=True)
class Comment:
    """One post of a project's thread; the first one is the project itself."""

    id: int
    author: Face | None
    body: str
    at: datetime
    is_mine: bool
    is_held: bool
    warm: int
    i_warmed: bool
    uploads: tuple[UploadView, ...] = ()


def start(
    session: Session, context_id: int, membership_id: int, kind: str, title: str, body: str, now: datetime, *,
    form_key: str | None = None, files: Collection[str] = (),
) -> tuple[int, bool]:  # fmt: skip
    """Begin a thread of a kind with its first post; returns its id and whether it is new. Raises Muted, TooFast."""
    active_membership(session, membership_id)
    check_voice(session, membership_id, now)
    thread_id = insert_new(
        session, Thread, context_id=context_id, kind=kind, title=title, author_id=membership_id, form_key=form_key,
        created_at=now, moved_at=now,
    )  # fmt: skip
    if thread_id is None:
        mine = (Thread.author_id == membership_id, Thread.form_key == form_key, Thread.context_id == context_id)
        return session.scalars(select(Thread.id).where(*mine)).one(), False
    _say(session, thread_id, membership_id, body, now, form_key, files)
    saw_thread(session, thread_id, membership_id, now)
    index_thread(session, thread_id, now)
    return thread_id, True


def _say(
    session: Session, thread_id: int, membership_id: int, body: str, now: datetime, form_key: str | None,
    files: Collection[str],
) -> int | None:  # fmt: skip
    values = {"thread_id": thread_id, "author_id": membership_id, "body": body}
    post_id = insert_new(session, Post, **values, form_key=form_key, created_at=now)
    if post_id is not None:
        attach(session, membership_id, post_id, files)
        look_over(session, session.get_one(Post, post_id), session.get_one(Thread, thread_id), now)
    return post_id


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
    if thread.closed_at is not None:
        raise TooLate
    check_voice(session, membership_id, now)
    post_id = _say(session, thread.id, membership_id, body, now, form_key, ())
    if post_id is not None:
        thread.moved_at = max(now, thread.moved_at)
        add_words(session, thread.id, body)
        key = f"reply:{post_id}"
        if session.get_one(Post, post_id).held_at is None:
            notify(
                session,
                [thread.author_id],
                "reply",
                key,
                now,
                by_id=membership_id,
                thread_id=thread.id,
                post_id=post_id,
            )
    saw_thread(session, thread.id, membership_id, now)
    return post_id is not None


def warm(session: Session, context_id: int, post_id: int, membership_id: int, kind: str, now: datetime) -> bool:
    """Give or take back a warm sign on a post of a project or an idea; raises NotYours."""
    active_membership(session, membership_id, lock=True)
    post = session.scalar(
        select(Post)
        .join(Thread, Thread.id == Post.thread_id)
        .where(Post.id == post_id, Thread.context_id == context_id, Thread.kind == kind, Thread.hidden_at.is_(None))
        .where(Post.hidden_at.is_(None), Post.deleted_at.is_(None), Post.held_at.is_(None))
    )
    if post is None or post.author_id == membership_id:
        raise NotYours
    mine = (Reaction.membership_id == membership_id, Reaction.post_id == post_id, Reaction.kind == HEART)
    if session.scalar(select(Reaction.id).where(*mine)) is not None:
        session.execute(delete(Reaction).where(*mine))
        return False
    insert_new(session, Reaction, membership_id=membership_id, post_id=post_id, kind=HEART, created_at=now)
    key, thread_id = f"warm:{post_id}:{membership_id}", post.thread_id
    notify(session, [post.author_id], "warm", key, now, by_id=membership_id, thread_id=thread_id, post_id=post_id)
    return True


def seen_posts(viewer_id: int, to_staff: bool) -> ColumnElement[bool]:
    """Which posts somebody sees: what waits for a moderator only its author and staff."""
    there = Post.hidden_at.is_(None) & Post.deleted_at.is_(None)
    return there & (true() if to_staff else or_(Post.held_at.is_(None), Post.author_id == viewer_id))


def posts_of(session: Session, thread_id: int, viewer_id: int, *, to_staff: bool) -> tuple[Comment, ...]:
    """Return the posts of a thread that somebody sees, the first one first."""
    rows = session.scalars(
        select(Post).where(Post.thread_id == thread_id, seen_posts(viewer_id, to_staff)).order_by(Post.id).limit(POSTS)
    ).all()
    return comments_of(session, rows, viewer_id, to_staff=to_staff)


def comments_of(session: Session, rows: Collection[Post], viewer_id: int, *, to_staff: bool) -> tuple[Comment, ...]:
    """Return posts as they are shown, with their files and warm signs, in three queries."""
    ids = [row.id for row in rows]
    faces = people.faces(session, [row.author_id for row in rows], to_staff=to_staff)
    files = of_posts(session, ids, viewer_id)
    mine = func.count().filter(Reaction.membership_id == viewer_id)
    signs = select(Reaction.post_id, func.count(), mine).where(Reaction.post_id.in_(ids), Reaction.kind == HEART)
    warmth = {row[0]: (row[1], row[2] > 0) for row in session.execute(signs.group_by(Reaction.post_id))} if ids else {}
    return tuple(
        Comment(
            id=row.id,
            author=faces.get(row.author_id or 0),
            body=row.body,
            at=row.created_at,
            is_mine=row.author_id == viewer_id,
            is_held=row.held_at is not None,
            warm=warmth.get(row.id, (0, False))[0],
            i_warmed=warmth.get(row.id, (0, False))[1],
            uploads=files.get(row.id, ()),
        )
        for row in rows
    )
