"""What people do with a post: change their own words, take them back, leave a warm sign, answer a poll."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from lti_app.models import Membership, Post, PostRevision, Reaction, Thread, Upload
from lti_app.store import polls, uploads
from lti_app.store.apart import is_open_to
from lti_app.store.inserts import insert_new
from lti_app.store.mentions import insiders
from lti_app.store.notifications import notify
from lti_app.store.post_news import tell_of_post
from lti_app.store.post_views import SIGNS, PostView, view_posts
from lti_app.store.refusals import NotYours, TooLate
from lti_app.store.speaking import check_voice, look_over
from lti_app.store.titles import change_title, title_with, titles_before
from lti_app.store.words_index import words_changed


def find_post(
    session: Session, context_id: int, post_id: int, membership_id: int, *, to_staff: bool = False, lock: bool = False
) -> tuple[Post, Thread]:
    """Return a post of this course with its thread if this reader may see it; raises NotYours.

    A private thread's posts are for its own people alone, whatever their role.
    """
    query = (
        select(Post, Thread)
        .join(Thread, Thread.id == Post.thread_id)
        .where(Post.id == post_id, Thread.context_id == context_id, Post.deleted_at.is_(None))
    )
    found = session.execute(query.with_for_update(of=Post) if lock else query).one_or_none()
    if found is None:
        raise NotYours
    post, thread = found
    inside = insiders(session, thread)
    if inside is not None:
        to_staff = False
        if membership_id not in inside:
            raise NotYours
    if not is_open_to(session, thread, membership_id, to_staff=to_staff):
        raise NotYours
    mine = post.author_id is not None and post.author_id == membership_id
    gone = thread.hidden_at is not None or post.hidden_at is not None
    if not to_staff and (gone or (post.held_at is not None and not mine)):
        raise NotYours
    return post, thread


def read_post(
    session: Session, context_id: int, post_id: int, membership_id: int, *, to_staff: bool = False
) -> tuple[PostView, Thread]:
    """Return one post as this reader may see it, with its thread; raises NotYours."""
    post, thread = find_post(session, context_id, post_id, membership_id, to_staff=to_staff)
    return view_posts(session, [post], membership_id, to_staff=to_staff)[0], thread


def _own(session: Session, context_id: int, post_id: int, membership_id: int) -> tuple[Post, Thread]:
    post, thread = find_post(session, context_id, post_id, membership_id, lock=True)
    if post.author_id != membership_id or post.voice != "member":
        raise NotYours
    return post, thread


def edit(
    session: Session, context_id: int, post_id: int, membership_id: int, body: str, now: datetime, *, title: str = ""
) -> None:
    """Change one's own words, and with the first of a thread its ``title``; what they were is kept.

    Raises NotYours, TooLate where the thread is closed, Muted and TooFast.
    """
    post, thread = _own(session, context_id, post_id, membership_id)
    if thread.closed_at is not None:
        raise TooLate
    called = title_with(post, thread)
    renames = bool(title) and called is not None and title != called
    if post.body == body and not renames:
        return
    check_voice(session, membership_id, now)
    if renames:
        change_title(session, thread, title, membership_id, now)
    if post.body != body:
        session.add(PostRevision(post_id=post.id, body=post.body, until=now))
        post.body = body
    post.edited_at = now
    session.flush()
    look_over(session, post, thread, now)
    tell_of_post(session, thread, post, now, only_named=True)
    words_changed(session, thread.id)


def take_back(
    session: Session, context_id: int, post_id: int, membership_id: int, now: datetime
) -> tuple[tuple[str, ...], bool]:
    """Delete one's own post: its place stays, its words and files go; raises NotYours.

    Returns the keys of the files whose bytes go after the commit, and whether the whole thread has gone with it, as it
    does when nobody has answered yet.
    """
    post, thread = _own(session, context_id, post_id, membership_id)
    post.deleted_at = now
    keys = uploads.remove_of_post(session, post.id, now)
    session.flush()
    left = select(func.count()).select_from(Post).where(Post.thread_id == thread.id, Post.deleted_at.is_(None))
    is_over = thread.match_id is None and thread.circle_id is None and thread.author_id == membership_id
    ends = is_over and thread.kind in ("talk", "ask", "idea", "win") and not session.scalar(left)
    if ends:
        thread.hidden_at = now
    words_changed(session, thread.id)
    return keys, ends


@dataclass(frozen=True, slots=True)
class Version:
    """What a post said until a moment, or (``title``) what the thread was called that it opens."""

    body: str
    until: datetime
    title: str = ""


def history(
    session: Session, context_id: int, post_id: int, membership_id: int, *, to_staff: bool
) -> tuple[Version, ...]:
    """Return what a post said before, newest first, to its author and to staff; raises NotYours for everybody else."""
    post, thread = find_post(session, context_id, post_id, membership_id, to_staff=to_staff)
    if not to_staff and post.author_id != membership_id:
        raise NotYours
    rows = session.scalars(
        select(PostRevision)
        .where(PostRevision.post_id == post.id)
        .order_by(PostRevision.until.desc(), PostRevision.id.desc())
        .limit(50)
    )
    said = [Version(row.body, row.until) for row in rows]
    if title_with(post, thread) is not None:
        said += [Version("", until, title) for title, until in titles_before(session, thread.id)]
    return tuple(sorted(said, key=lambda one: one.until, reverse=True))


def title_of(session: Session, context_id: int, post_id: int, membership_id: int) -> str | None:
    """Return the title that its author changes together with this post, None where there is none; raises NotYours."""
    return title_with(*find_post(session, context_id, post_id, membership_id))


def react(
    session: Session, context_id: int, post_id: int, membership_id: int, kind: str, now: datetime, *, to_staff: bool
) -> bool:
    """Leave a warm sign on somebody's post, or take it back; returns whether it stands now. Raises NotYours."""
    post, thread = find_post(session, context_id, post_id, membership_id, to_staff=to_staff)
    if kind not in SIGNS or post.author_id == membership_id or post.held_at or post.hidden_at:
        raise NotYours
    mine = (Reaction.membership_id == membership_id, Reaction.post_id == post.id, Reaction.kind == kind)
    if session.scalar(select(Reaction.id).where(*mine)) is not None:
        session.execute(delete(Reaction).where(*mine))
        return False
    insert_new(session, Reaction, membership_id=membership_id, post_id=post.id, kind=kind, created_at=now)
    # Once a person: taking it back and giving it again is not told again.
    key = f"warm:{post.id}:{membership_id}"
    who, thread_id = membership_id, thread.id
    notify(session, [post.author_id], "warm", key, now, by_id=who, thread_id=thread_id, post_id=post.id)
    return True


def vote(
    session: Session, context_id: int, post_id: int, membership_id: int, option_ids: Collection[int], now: datetime
) -> None:
    """Answer the poll beneath a post; raises NotYours, TooLate when it or its thread is closed."""
    if session.get(Membership, membership_id) is None:
        raise NotYours
    post, thread = find_post(session, context_id, post_id, membership_id)
    if thread.closed_at is not None:
        raise TooLate
    polls.vote(session, post.id, membership_id, option_ids, now)


def _sees_file(session: Session, row: Upload, viewer: uploads.Viewer) -> bool:
    """A file of a post is seen by those who see the post."""
    try:
        post, thread = find_post(
            session, viewer.context_id, row.post_id or 0, viewer.membership_id, to_staff=viewer.is_staff
        )
    except NotYours:
        return False
    # Nobody else looks into a private thread, so what was taken away there is nobody's to see.
    return insiders(session, thread) is None or not (post.hidden_at or thread.hidden_at)


uploads.SEERS["post"] = _sees_file
