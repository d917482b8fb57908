"""Projects that members show to the course; others look, comment and give a warm sign."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, aliased

from lti_app.models import Membership, Person, Post, ProjectLink, Thread
from lti_app.store import names, people
from lti_app.store.built import built, read_rows
from lti_app.store.inserts import insert_new
from lti_app.store.post_views import SHOWN, PostView, view_posts
from lti_app.store.remarks import posts_of, seen_posts, start, thread_of
from lti_app.store.views import Face

PAGE = 12


@dataclass(frozen=True, slots=True)
class Project:
    """A project as it is shown; ``comments`` counts them in a list, ``posts`` holds them on its own page."""

    thread_id: int
    title: str
    link: str
    first: PostView
    comments: int
    is_open: bool
    posts: tuple[PostView, ...] = ()
    moved_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class LatestWin:
    """The project that was shown last, for a line on the first page."""

    thread_id: int
    title: str
    author: Face | None
    at: datetime


def show_project(
    session: Session, context_id: int, membership_id: int, title: str, body: str, link: str, now: datetime, *,
    form_key: str | None = None, files: Collection[str] = (),
) -> int:  # fmt: skip
    """Show a project to the course and return its thread; the same form again shows it once."""
    thread_id = start(session, context_id, membership_id, "win", title, body, now, form_key=form_key, files=files)
    if link:
        insert_new(session, ProjectLink, thread_id=thread_id, url=link)
    return thread_id


@built
def _listed(context_id: int, viewer_id: int, limit: int, *, to_staff: bool) -> Select[*tuple[Any, ...]]:
    opening = aliased(Post)
    first_id = select(func.min(opening.id)).where(opening.thread_id == Thread.id).correlate(Thread).scalar_subquery()
    return (
        select(*SHOWN, Thread.id.label("thread_id"), Thread.title, Thread.closed_at)
        .select_from(Thread)
        .join(Post, Post.id == first_id)
        .where(Thread.context_id == context_id, Thread.kind == "win", Thread.hidden_at.is_(None))
        .where(Thread.archived_at.is_(None), seen_posts(viewer_id, to_staff))
        .order_by(Thread.created_at.desc(), Thread.id.desc())
        .limit(limit)
    )


def list_projects(
    session: Session, context_id: int, viewer_id: int, *, to_staff: bool = False, limit: int = PAGE
) -> tuple[Project, ...]:
    """Return the projects shown in a course, newest first, in a few queries whatever their number."""
    rows: Sequence[Any] = read_rows(session, _listed(context_id, viewer_id, limit, to_staff=to_staff)).all()
    ids = [row.thread_id for row in rows]
    counted = _counts(session, ids)
    links = _links(session, ids)
    firsts = view_posts(session, rows, viewer_id, to_staff=to_staff)
    return tuple(
        Project(
            row.thread_id, row.title, links.get(row.thread_id, ""), first, max(0, counted.get(row.thread_id, 1) - 1),
            row.closed_at is None,
        )
        for row, first in zip(rows, firsts, strict=True)
    )  # fmt: skip


@built
def _latest(context_id: int) -> Select[*tuple[Any, ...]]:
    opening = aliased(Post)
    first_id = select(func.min(opening.id)).where(opening.thread_id == Thread.id).correlate(Thread).scalar_subquery()
    return (
        select(Thread.id, Thread.title, Thread.created_at, Membership.id.label("author_id"), Membership.role)
        .add_columns(*names.NAMING)
        .select_from(Thread)
        .join(Post, Post.id == first_id)
        .outerjoin(Membership, Membership.id == Thread.author_id)
        .outerjoin(Person, Person.id == Membership.person_id)
        .where(Thread.context_id == context_id, Thread.kind == "win", Thread.hidden_at.is_(None))
        .where(Thread.archived_at.is_(None), seen_posts(0, False))
        .order_by(Thread.created_at.desc(), Thread.id.desc())
        .limit(1)
    )


def latest_win(session: Session, context_id: int) -> LatestWin | None:
    """Return the project that was shown last, in one query."""
    row: Any = read_rows(session, _latest(context_id)).one_or_none()
    if row is None:
        return None
    by = row.author_id
    author = people.face(by, row, is_staff=row.role != "learner") if by is not None else None
    return LatestWin(row.id, row.title, author, row.created_at)


def read_project(
    session: Session, context_id: int, thread_id: int, viewer_id: int, *, to_staff: bool = False
) -> Project:
    """Return one project with what was said about it; raises NotYours."""
    thread = thread_of(session, context_id, thread_id, "win")
    posts = posts_of(session, thread.id, viewer_id, to_staff=to_staff)
    link = _links(session, [thread.id]).get(thread.id, "")
    return Project(
        thread.id, thread.title, link, posts[0], len(posts) - 1, thread.closed_at is None, posts[1:], thread.moved_at
    )


def _counts(session: Session, thread_ids: list[int]) -> dict[int, int]:
    if not thread_ids:
        return {}
    shown = (Post.hidden_at.is_(None), Post.deleted_at.is_(None), Post.held_at.is_(None))
    query = select(Post.thread_id, func.count()).where(Post.thread_id.in_(thread_ids), *shown)
    return {row[0]: row[1] for row in session.execute(query.group_by(Post.thread_id))}


def _links(session: Session, thread_ids: list[int]) -> dict[int, str]:
    if not thread_ids:
        return {}
    query = select(ProjectLink.thread_id, ProjectLink.url).where(ProjectLink.thread_id.in_(thread_ids))
    return {row[0]: row[1] for row in session.execute(query)}
