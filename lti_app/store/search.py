"""Search across all that a viewer may see in their course: what was said, meetings, the library, projects, ideas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    Integer,
    Select,
    bindparam,
    exists,
    literal,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import Session, aliased

from lti_app.models import Event, Material, Post, Thread
from lti_app.store import people
from lti_app.store.apart import open_to
from lti_app.store.built import among, read_rows
from lti_app.store.course_facts import activity_refs
from lti_app.store.found_posts import best_posts, readable
from lti_app.store.search_index import EVENT, MATERIAL
from lti_app.store.views import ActivityRef, Face
from lti_app.store.words_index import THREAD, scored, worths

PAGE = 12
# Of several words the rarer ones must be there; what has them all stands first.
AT_LEAST = 0.4
# What a person can look through; whoever gets so far needs other words.
MOST_PAGES = 20
# A meeting that staff have said yes to.
OPEN = ("on", "cancelled")
# What can be chosen, each with the kinds of threads and of things that belong to it.
KINDS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "questions": (("ask",), ()),
    "talk": (("talk",), ()),
    "events": (("event",), (EVENT,)),
    "library": ((), (MATERIAL,)),
    "wins": (("win",), ()),
    "pulse": (("idea",), ()),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody looks for; ``kinds`` are keys of ``KINDS`` that are open to them."""

    text: str
    kinds: tuple[str, ...]
    activity_id: int | None = None
    page: int = 1


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that was found: ``kind`` is the thread's, or event or material; ``words`` are where it says it.

    ``author`` wrote those words; None where nobody did, or they are not to be named.
    """

    kind: str
    id: int
    title: str
    words: str
    post_id: int | None
    author: Face | None
    activity: ActivityRef | None
    at: datetime
    replies: int = 0
    archived: bool = False


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks: nobody finds another course's words, nor what they could not open."""

    context_id: int
    membership_id: int
    is_staff: bool


def _threads(kinds: tuple[str, ...], stems: int, *, to_staff: bool) -> Select[Any]:
    found, said, first = scored(THREAD, stems), aliased(Post), aliased(Post)
    # A thread whose first words are held or gone is not there, whatever was answered.
    away = exists().where(
        first.thread_id == Thread.id,
        first.created_at == Thread.created_at,
        first.author_id == Thread.author_id,
        or_(first.held_at.is_not(None), first.hidden_at.is_not(None)),
    )
    return (
        select(literal(THREAD).label("kind"), Thread.id.label("id"), found.c.score, Thread.moved_at.label("at"))
        .join(found, found.c.item_id == Thread.id)
        .where(Thread.context_id == bindparam("context_id"), among(Thread.kind, kinds))
        .where(Thread.hidden_at.is_(None), Thread.merged_into_id.is_(None))
        .where(Thread.match_id.is_(None), Thread.circle_id.is_(None))
        .where(open_to(bindparam("membership_id", type_=Integer()), to_staff=to_staff))
        .where(or_(Thread.kind != EVENT, exists().where(Event.thread_id == Thread.id, among(Event.state, OPEN))))
        .where(~away, exists().where(said.thread_id == Thread.id, readable(said)))
    )


def _things(kind: str, stems: int) -> Select[Any]:
    found = scored(kind, stems)
    model: Any = {EVENT: Event, MATERIAL: Material}[kind]
    shown = among(Event.state, OPEN) if kind == EVENT else Material.state == "shown"
    at = Event.starts_at if kind == EVENT else Material.changed_at
    return (
        select(literal(kind).label("kind"), model.id.label("id"), found.c.score, at.label("at"))
        .join(found, found.c.item_id == model.id)
        .where(model.context_id == bindparam("context_id"), shown)
    )


@lru_cache(maxsize=256)
def _page(stems: tuple[tuple[str, int], ...], threads: tuple[str, ...], *, to_staff: bool, tied: bool) -> Select[Any]:
    """Select a page of what is found: ``stems`` are how many stems there are of each kind of things that has any.

    It is built once for each such shape: to put it together took longer than to run it.
    """
    rows: list[Select[Any]] = []
    for kind, number in stems:
        rows.append(_threads(threads, number, to_staff=to_staff) if kind == THREAD else _things(kind, number))
        if tied:
            model: Any = {THREAD: Thread, EVENT: Event, MATERIAL: Material}[kind]
            rows[-1] = rows[-1].where(model.activity_id == bindparam("activity_id", type_=Integer()))
    every = union_all(*rows).subquery()
    return (
        select(every.c.kind, every.c.id)
        .order_by(every.c.score.desc(), every.c.at.desc(), every.c.kind, every.c.id.desc())
        .limit(bindparam("most", type_=Integer()))
        .offset(bindparam("before", type_=Integer()))
    )


def find(session: Session, viewer: Viewer, asked: Asked) -> tuple[tuple[Found, ...], bool]:
    """Return a page of what was found, the best first, and whether there is more; a fixed number of queries."""
    wanted = [KINDS[key] for key in asked.kinds]
    threads = tuple(sorted(kind for kinds, _ in wanted for kind in kinds))
    kinds = ([THREAD] if threads else []) + [kind for _, things in wanted for kind in things]
    worth = worths(session, viewer.context_id, kinds, asked.text)
    if not worth:
        return (), False
    shape = tuple((kind, len(worth[kind].stems)) for kind in kinds if kind in worth)
    values = {
        "context_id": viewer.context_id,
        "membership_id": viewer.membership_id,
        "activity_id": asked.activity_id,
        "most": PAGE + 1,
        "before": (asked.page - 1) * PAGE,
    }
    for kind, one in worth.items():
        values |= one.values(kind, AT_LEAST)
    statement = _page(shape, threads, to_staff=viewer.is_staff, tied=asked.activity_id is not None)
    page = read_rows(session, (statement, values)).all()
    ids: dict[str, list[int]] = {THREAD: [], EVENT: [], MATERIAL: []}
    for kind, item_id in page[:PAGE]:
        ids[kind].append(item_id)
    shown = _show_threads(session, viewer, asked.text, ids[THREAD], ids[EVENT]) | _show_things(session, ids)
    return tuple(shown[row.kind, row.id] for row in page[:PAGE] if (row.kind, row.id) in shown), len(page) > PAGE


def _show_threads(
    session: Session, viewer: Viewer, text: str, ids: Sequence[int], shown_events: Sequence[int]
) -> dict[tuple[str, int], Found]:
    """Return these threads as they are shown; a meeting's own leads to the meeting, once."""
    if not ids:
        return {}
    threads = session.scalars(select(Thread).where(Thread.id.in_(ids))).all()
    meetings = _meetings(session, [thread.id for thread in threads if thread.kind == EVENT])
    posts, replies = best_posts(session, text, ids)
    named = {
        post.author_id for thread in threads if (post := posts.get(thread.id)) and _may_be_named(viewer, thread, post)
    }
    known = people.faces(session, named, to_staff=viewer.is_staff)
    refs = activity_refs(session, [thread.activity_id for thread in threads])
    return {
        (THREAD, thread.id): Found(
            kind=thread.kind,
            id=meetings.get(thread.id, thread.id),
            title=thread.title,
            words=post.body if (post := posts.get(thread.id)) else "",
            post_id=post.id if post else None,
            author=known.get(post.author_id or 0) if post and _may_be_named(viewer, thread, post) else None,
            activity=refs.get(thread.activity_id or 0),
            at=post.created_at if post else thread.moved_at,
            replies=replies.get(thread.id, 0),
            archived=thread.archived_at is not None,
        )
        for thread in threads
        if meetings.get(thread.id) not in shown_events
    }


def _meetings(session: Session, thread_ids: Sequence[int]) -> dict[int, int]:
    if not thread_ids:
        return {}
    rows = session.execute(select(Event.thread_id, Event.id).where(Event.thread_id.in_(thread_ids)))
    return {row[0]: row[1] for row in rows if row[0] is not None}


def _may_be_named(viewer: Viewer, thread: Thread, post: Any) -> bool:
    hidden = post.anonymous or (thread.anonymous and post.author_id == thread.author_id)
    return viewer.is_staff or not hidden or post.author_id == viewer.membership_id


def _show_things(session: Session, ids: Mapping[str, Sequence[int]]) -> dict[tuple[str, int], Found]:
    shown: dict[tuple[str, int], Found] = {}
    events = session.scalars(select(Event).where(Event.id.in_(ids[EVENT]))).all() if ids[EVENT] else ()
    pieces = session.scalars(select(Material).where(Material.id.in_(ids[MATERIAL]))).all() if ids[MATERIAL] else ()
    tied = [event.activity_id for event in events] + [piece.activity_id for piece in pieces]
    refs = activity_refs(session, tied)
    for event in events:
        activity = refs.get(event.activity_id or 0)
        words = f"{event.words} {event.notes}".strip()
        shown[EVENT, event.id] = Found(EVENT, event.id, event.title, words, None, None, activity, event.starts_at)
    for piece in pieces:
        activity = refs.get(piece.activity_id or 0)
        shown[MATERIAL, piece.id] = Found(
            MATERIAL, piece.id, piece.title, piece.why, None, None, activity, piece.changed_at
        )
    return shown
