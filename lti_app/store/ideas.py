"""The box of ideas: whoever has one says it, others lend it their voice, the staff says what becomes of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, aliased

from lti_app.models import IdeaState, Post, Thread, ThreadVote
from lti_app.store import people
from lti_app.store.built import among, built, read_rows
from lti_app.store.course_facts import active_membership, active_staff
from lti_app.store.notifications import notify
from lti_app.store.post_views import PostView, shown_to
from lti_app.store.refusals import NotYours
from lti_app.store.remarks import posts_of, seen_posts, thread_of
from lti_app.store.views import Face

NEW = "new"
STATUSES = (NEW, "considering", "planned", "done", "declined")
MAX_WORDS = 1000
PAGE = 30


@dataclass(frozen=True, slots=True)
class Idea:
    """An idea; ``voices`` are those of others than its author, ``words`` the staff's word on it."""

    thread_id: int
    title: str
    body: str
    author: Face | None
    is_mine: bool
    status: str
    words: str
    voices: int
    my_voice: bool
    comments: int
    is_held: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class IdeaPage:
    """One idea with what was said about it; the first post is the idea itself."""

    idea: Idea
    first: PostView
    posts: tuple[PostView, ...]
    is_open: bool
    moved_at: datetime


@built
def _listed(
    context_id: int, viewer_id: int, thread_id: int, *, alone: bool, to_staff: bool
) -> Select[*tuple[Any, ...]]:
    opening, counted = aliased(Post), aliased(Post)
    first_id = select(func.min(opening.id)).where(opening.thread_id == Thread.id).correlate(Thread).scalar_subquery()
    voices = select(func.count()).select_from(ThreadVote).where(ThreadVote.thread_id == Thread.id)
    voices_of = voices.correlate(Thread).scalar_subquery()
    mine = voices.where(ThreadVote.membership_id == viewer_id).correlate(Thread).scalar_subquery()
    shown = (counted.hidden_at.is_(None), counted.deleted_at.is_(None), counted.held_at.is_(None))
    said = select(func.count()).select_from(counted).where(counted.thread_id == Thread.id, *shown)
    said_of = said.correlate(Thread).scalar_subquery()
    query = (
        select(Thread.id, Thread.title, Thread.author_id, Thread.created_at, Post.body, Post.held_at)
        .add_columns(IdeaState.status, IdeaState.words, voices_of.label("voices"), mine.label("mine"))
        .add_columns(said_of.label("said"))
        .select_from(Thread)
        .join(Post, Post.id == first_id)
        .outerjoin(IdeaState, IdeaState.thread_id == Thread.id)
        .where(Thread.context_id == context_id, Thread.kind == "idea", Thread.hidden_at.is_(None))
    )
    if alone:
        # Its own page: staff see there, too, what a moderator has taken away.
        query = query.where(Thread.id == thread_id, shown_to(viewer_id, to_staff=to_staff))
    else:
        query = query.where(Thread.archived_at.is_(None), seen_posts(viewer_id, to_staff))
    closed = among(IdeaState.status, ("done", "declined"))
    return query.order_by(func.coalesce(closed, False), voices_of.desc(), Thread.id.desc()).limit(PAGE)


def list_ideas(
    session: Session, context_id: int, viewer_id: int, *, to_staff: bool = False, thread_id: int | None = None
) -> tuple[Idea, ...]:
    """Return the ideas of a course, those still open first, then by voices; in two queries whatever their number."""
    asked = _listed(context_id, viewer_id, thread_id or 0, alone=thread_id is not None, to_staff=to_staff)
    rows: Sequence[Any] = read_rows(session, asked).all()
    faces = people.faces(session, [row.author_id for row in rows], to_staff=to_staff)
    return tuple(
        Idea(
            thread_id=row.id,
            title=row.title,
            body=row.body,
            author=faces.get(row.author_id or 0),
            is_mine=row.author_id == viewer_id,
            status=row.status or NEW,
            words=row.words or "",
            voices=row.voices,
            my_voice=row.mine > 0,
            comments=max(0, row.said - 1),
            is_held=row.held_at is not None,
            at=row.created_at,
        )
        for row in rows
    )


def read_idea(session: Session, context_id: int, thread_id: int, viewer_id: int, *, to_staff: bool = False) -> IdeaPage:
    """Return one idea; raises NotYours."""
    found = list_ideas(session, context_id, viewer_id, to_staff=to_staff, thread_id=thread_id)
    if not found:
        raise NotYours
    posts = posts_of(session, thread_id, viewer_id, to_staff=to_staff)
    thread = thread_of(session, context_id, thread_id, "idea")
    return IdeaPage(found[0], posts[0], posts[1:], thread.closed_at is None, thread.moved_at)


def lend_voice(session: Session, context_id: int, thread_id: int, membership_id: int, now: datetime) -> bool:
    """Lend an idea one's voice, or take it back, and return whether it is lent now; raises NotYours."""
    active_membership(session, membership_id, lock=True)
    thread = thread_of(session, context_id, thread_id, "idea")
    if thread.author_id == membership_id or not list_ideas(session, context_id, membership_id, thread_id=thread_id):
        raise NotYours
    mine = (ThreadVote.thread_id == thread_id, ThreadVote.membership_id == membership_id)
    if session.scalar(select(ThreadVote.thread_id).where(*mine)) is not None:
        session.execute(delete(ThreadVote).where(*mine))
        return False
    session.add(ThreadVote(thread_id=thread_id, membership_id=membership_id, at=now))
    session.flush()
    return True


def set_status(
    session: Session, context_id: int, thread_id: int, by_id: int, status: str, words: str, now: datetime
) -> bool:
    """Say what becomes of an idea, and tell its author and those who lent it their voice; returns whether it is news.

    Raises NotYours, and ValueError for a status or a length that no form offers.
    """
    if status not in STATUSES or len(words) > MAX_WORDS:
        raise ValueError("status")
    active_staff(session, by_id, context_id)
    thread = thread_of(session, context_id, thread_id, "idea", lock=True)
    before = session.get(IdeaState, thread_id)
    if (before.status if before else NEW, before.words if before else "") == (status, words):
        return False
    make = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    values = {"status": status, "words": words, "by_id": by_id, "at": now}
    statement = make(IdeaState).values(thread_id=thread_id, **values)
    session.execute(statement.on_conflict_do_update(index_elements=[IdeaState.thread_id], set_=values))
    session.expire_all()
    key = f"idea:{thread_id}:{status}:{int(now.timestamp())}"
    facts = {"title": thread.title, "status": status}
    notify(session, voices_for(session, [thread_id]), "idea_status", key, now, by_id=by_id, thread_id=thread_id,
           facts=facts)  # fmt: skip
    return True


def voices_for(session: Session, thread_ids: list[int]) -> set[int]:
    """Return the authors of ideas and all who lent them their voice."""
    if not thread_ids:
        return set()
    voters = session.scalars(select(ThreadVote.membership_id).where(ThreadVote.thread_id.in_(thread_ids)))
    authors = session.scalars(select(Thread.author_id).where(Thread.id.in_(thread_ids)))
    return {*voters, *(one for one in authors if one is not None)}
