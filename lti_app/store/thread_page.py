"""A thread as a page shows it: what it is, and its posts up to the newest or up to one that is looked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from lti_app.models import Post, Thread
from lti_app.store import talk_rows
from lti_app.store.apart import name_of_group
from lti_app.store.built import read_rows
from lti_app.store.course_facts import activity_refs
from lti_app.store.jumps import end_for
from lti_app.store.post_views import PostView, shown_to, view_posts
from lti_app.store.views import ActivityRef


@dataclass(frozen=True, slots=True)
class ThreadPage:
    """A thread with its posts, oldest first; ``earlier`` counts those left out before them."""

    id: int
    title: str
    activity: ActivityRef | None
    posts: tuple[PostView, ...]
    earlier: int
    is_open: bool
    match_id: int | None = None
    kind: str = "talk"
    section: str = ""
    pinned: bool = False
    archived: bool = False
    is_mine: bool = False
    anonymous: bool = False
    last_id: int = 0
    moved_at: datetime | None = None
    is_newest: bool = True
    group: str = ""


def page_of(
    session: Session,
    thread: Thread,
    membership_id: int,
    *,
    to_staff: bool = False,
    before: int | None = None,
    at: int | None = None,
) -> ThreadPage:
    """Return the page of a thread that this member may read: whoever calls has made sure of that.

    ``before`` is the post before which it ends, ``at`` one that is looked for: the page is the one where it stands.
    """
    if before is None and at is not None:
        shown = [Post.thread_id == thread.id, shown_to(membership_id, to_staff=to_staff)]
        before = end_for(session, thread.id, at, shown, talk_rows.POSTS)
    last = session.get(Post, before) if before is not None else None
    paged = last is not None and last.thread_id == thread.id
    asked = (thread.id, membership_id, last.created_at if last is not None else None, before or 0)
    count = session.scalar(*talk_rows.number_of_posts(*asked, paged=paged, to_staff=to_staff)) or 0
    newest: Sequence[Any] = read_rows(session, talk_rows.posts_of(*asked, paged=paged, to_staff=to_staff)).all()
    posts = newest[::-1]
    return ThreadPage(
        id=thread.id,
        title=thread.title,
        activity=activity_refs(session, {thread.activity_id}).get(thread.activity_id or 0),
        posts=view_posts(session, posts, membership_id, to_staff=to_staff),
        earlier=count - len(posts),
        is_open=thread.closed_at is None,
        match_id=thread.match_id,
        kind=thread.kind,
        section=thread.section or "",
        pinned=thread.pinned_at is not None,
        archived=thread.archived_at is not None,
        is_mine=thread.author_id == membership_id,
        anonymous=thread.anonymous,
        last_id=max((post.id for post in posts), default=0),
        moved_at=thread.moved_at,
        is_newest=last is None,
        group=name_of_group(session, thread),
    )
