"""Posts as they are shown: who said what to whom, with files, signs and polls, in a constant number of queries."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session

from lti_app.models import Membership as Member
from lti_app.models import Mention, Person, Post, Reaction
from lti_app.store import names, people, polls, uploads
from lti_app.store.built import built, read_rows
from lti_app.store.polls import PollView
from lti_app.store.uploads import UploadView
from lti_app.store.views import Face

SIGNS = ("heart", "thanks")
#: What a page shows of a post, for a query that needs no more.
SHOWN = (
    *(Post.id, Post.author_id, Post.anonymous, Post.voice, Post.body, Post.created_at, Post.edited_at),
    *(Post.held_at, Post.hidden_at, Post.deleted_at),
)


@dataclass(frozen=True, slots=True)
class Sign:
    """A warm sign beneath a post: how many gave it, and whether I did."""

    kind: str
    count: int
    mine: bool


NONE_GIVEN = tuple(Sign(kind, 0, False) for kind in SIGNS)


@dataclass(frozen=True, slots=True)
class PostView:
    """One thing said; ``author`` is None for the academy's own words, for members who are gone, and where it is hidden.

    ``anonymous``: hidden from peers; staff and the author themselves get the author all the same. ``state``: "" or
    deleted (by its author), held (waits for a moderator; only author and staff get it), hidden (by a moderator; only
    staff get it). ``names`` are how those who are named in it may be written.
    """

    id: int
    author: Face | None
    is_staff: bool
    is_mine: bool
    voice: str
    body: str
    created_at: datetime
    uploads: tuple[UploadView, ...] = ()
    anonymous: bool = False
    edited_at: datetime | None = None
    state: str = ""
    signs: tuple[Sign, ...] = ()
    names: tuple[str, ...] = ()
    poll: PollView | None = None


def shown_to(membership_id: int, *, to_staff: bool) -> ColumnElement[bool]:
    """Return which posts a reader gets at all; one whose author deleted it leaves its place."""
    if to_staff:
        return or_(Post.hidden_at.is_(None), Post.deleted_at.is_(None))
    return and_(Post.hidden_at.is_(None), or_(Post.held_at.is_(None), Post.author_id == membership_id))


def _state(post: Any) -> str:
    if post.deleted_at is not None:
        return "deleted"
    if post.hidden_at is not None:
        return "hidden"
    return "held" if post.held_at is not None else ""


def view_posts(
    session: Session, posts: Sequence[Any], membership_id: int, *, to_staff: bool = False
) -> tuple[PostView, ...]:
    """Return posts, whole or as ``SHOWN`` selects them, as one reader may see them."""
    ids = [post.id for post in posts if post.deleted_at is None]
    authors = {post.author_id for post in posts if _names_author(post, membership_id, to_staff)}
    known, staff = people.faces_and_staff(session, authors, to_staff=to_staff)
    files = uploads.of_posts(session, ids, membership_id)
    signs = _signs(session, ids, membership_id)
    named = named_in(session, ids)
    asked = polls.of_posts(session, ids, membership_id)
    return tuple(
        PostView(
            id=post.id,
            author=known.get(post.author_id or 0) if post.author_id in authors else None,
            is_staff=post.author_id in staff,
            is_mine=post.author_id is not None and post.author_id == membership_id,
            voice=post.voice,
            body="" if post.deleted_at is not None else post.body,
            created_at=post.created_at,
            uploads=files.get(post.id, ()),
            anonymous=post.anonymous,
            edited_at=post.edited_at,
            state=_state(post),
            signs=signs.get(post.id, NONE_GIVEN),
            names=named.get(post.id, ()),
            poll=asked.get(post.id),
        )
        for post in posts
    )


def _names_author(post: Any, membership_id: int, to_staff: bool) -> bool:
    return post.author_id is not None and (to_staff or not post.anonymous or post.author_id == membership_id)


@built
def _given(post_ids: Sequence[int], membership_id: int) -> Select[*tuple[Any, ...]]:
    mine = func.count().filter(Reaction.membership_id == membership_id)
    query = select(Reaction.post_id, Reaction.kind, func.count(), mine).where(Reaction.post_id.in_(post_ids))
    return query.group_by(Reaction.post_id, Reaction.kind)


def _signs(session: Session, post_ids: Sequence[int], membership_id: int) -> dict[int, tuple[Sign, ...]]:
    if not post_ids:
        return {}
    rows = read_rows(session, _given(post_ids, membership_id))
    counted = {(row[0], row[1]): (int(row[2]), bool(row[3])) for row in rows}
    given = [one for one in post_ids if any((one, kind) in counted for kind in SIGNS)]
    return {
        post_id: tuple(Sign(kind, *counted.get((post_id, kind), (0, False))) for kind in SIGNS) for post_id in given
    }


@built
def _named(post_ids: Sequence[int]) -> Select[*tuple[Any, ...]]:
    return (
        select(Mention.post_id, *names.NAMING)
        .join(Member, Member.id == Mention.membership_id)
        .join(Person, Person.id == Member.person_id)
        .where(Mention.post_id.in_(post_ids))
    )


def named_in(session: Session, post_ids: Iterable[int]) -> dict[int, tuple[str, ...]]:
    """Return how those who are named in these posts may be written, by post."""
    wanted = list(post_ids)
    if not wanted:
        return {}
    rows = read_rows(session, _named(wanted))
    found: dict[int, tuple[str, ...]] = {}
    for row in rows:
        found[row.post_id] = (*found.get(row.post_id, ()), *names.written_as(row))
    return found
