"""The one post of each thread that says most of what somebody looks for."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Select, String, and_, bindparam, case, func, literal, or_, select
from sqlalchemy.orm import Session

from lti_app.models import Post
from lti_app.store.built import read_rows
from lti_app.store.stems import asked_stems

BODY = 6000


def readable(post: Any) -> ColumnElement[bool]:
    """A post that everybody may read: what waits for a moderator is found by nobody, so that no word of it leaks."""
    return and_(post.hidden_at.is_(None), post.deleted_at.is_(None), post.held_at.is_(None))


def best_posts(session: Session, text: str, ids: Sequence[int]) -> tuple[dict[int, Any], dict[int, int]]:
    """Return, for each thread, the post that says most of what was looked for (else its first), and its replies."""
    words = asked_stems(text)
    said = {_name(n, m): f"%{_plain(stem)}%" for n, one in enumerate(words) for m, stem in enumerate(sorted(one))}
    rows = read_rows(session, (_best(tuple(map(len, words))), {"ids": list(ids), **said})).all()
    return {row.thread_id: row for row in rows}, {row.thread_id: row.posts - 1 for row in rows}


def _name(word: int, stem: int) -> str:
    return f"word{word}_{stem}"


def _plain(stem: str) -> str:
    return stem.replace("/", "//").replace("%", "/%").replace("_", "/_")


@lru_cache(maxsize=256)
def _best(stems: tuple[int, ...]) -> Select[Any]:
    """Select the one post of each thread; ``stems`` are how many each of the words has."""
    small = func.lower(Post.body)

    def says(word: int, number: int) -> ColumnElement[bool]:
        ways = [bindparam(_name(word, one), type_=String()) for one in range(number)]
        return or_(*(small.like(way, escape="/") for way in ways))

    hits: Any = sum((case((says(word, number), 1), else_=0) for word, number in enumerate(stems)), literal(0))
    every = (
        select(
            Post.id,
            Post.thread_id,
            func.row_number().over(order_by=(hits.desc(), Post.id), partition_by=Post.thread_id).label("rank"),
        )
        .add_columns(func.count().over(partition_by=Post.thread_id).label("posts"))
        .where(Post.thread_id.in_(bindparam("ids", expanding=True)), readable(Post))
        .subquery()
    )
    shown = (Post.id, Post.thread_id, Post.author_id, Post.anonymous, Post.created_at)
    return (
        select(*shown, func.substr(Post.body, 1, BODY).label("body"), every.c.posts)
        .join(every, every.c.id == Post.id)
        .where(every.c.rank == 1)
    )
