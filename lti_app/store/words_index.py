"""Finding again what was said: an index of stems for each thing of a course, the same on both databases.

Write: ``index_thread`` (a whole thread anew), ``add_words`` (one more post), ``index_item`` and ``forget_item`` (things
that are no threads), ``words_changed`` (somebody edited, hid, moved: the tick indexes it anew, and until then what was
taken away is still found by its words, but never shown, because pages read the posts themselves).

Read: ``ranked`` is a subquery of ids and scores, to be joined with the rows of its kind; it never leaves its course.
Private threads (a match's, a circle's) are never in the index.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import log
from typing import Any

from sqlalchemy import (
    Float,
    Integer,
    Select,
    String,
    Subquery,
    bindparam,
    case,
    delete,
    func,
    literal,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from lti_app.models import Post, Thread, WordUse
from lti_app.store.built import built, read_rows
from lti_app.store.bulk import table_of
from lti_app.store.stems import asked_stems, stems_of

THREAD = "thread"
# What the whole course may read; what else is said in private must not be found by anybody.
SEARCHED = ("talk", "ask", "idea", "win", "event")
IN_TITLE = 4
IN_FIRST = 2
# Nobody reads what a thread of a thousand posts says in all; the newest tell what it is about now.
MOST_POSTS = 300
MOST_WEIGHT = 1000
EVERY = ""


def index_item(session: Session, context_id: int, kind: str, item_id: int, title: str, body: str) -> None:
    """Index a thing that is no thread by its title and its words; again, to take the place of what was there."""
    stems = _weighed(title, IN_TITLE) + _weighed(body, 1)
    forget_item(session, kind, item_id)
    _add(session, context_id, kind, item_id, stems)


def forget_item(session: Session, kind: str, item_id: int) -> None:
    """Take a thing out of the index."""
    session.execute(delete(WordUse).where(WordUse.kind == kind, WordUse.item_id == item_id))


def index_thread(session: Session, thread_id: int, now: datetime) -> None:
    """Index a thread by its title and by what can be read in it now; one that may not be found leaves the index."""
    thread = session.get(Thread, thread_id, populate_existing=True)
    if thread is None:
        return
    forget_item(session, THREAD, thread_id)
    if thread.kind in SEARCHED and thread.hidden_at is None and thread.merged_into_id is None:
        shown = (
            Post.thread_id == thread_id,
            Post.hidden_at.is_(None),
            Post.deleted_at.is_(None),
            Post.held_at.is_(None),
        )
        first_id = session.scalar(select(func.min(Post.id)).where(Post.thread_id == thread_id))
        posts = session.execute(select(Post.id, Post.body).where(*shown).order_by(Post.id.desc()).limit(MOST_POSTS))
        stems = _weighed(thread.title, IN_TITLE)
        for post_id, body in posts:
            stems += _weighed(body, IN_FIRST if post_id == first_id else 1)
        _add(session, thread.context_id, THREAD, thread_id, stems)
    session.execute(update(Thread).where(Thread.id == thread_id).values(indexed_at=now))


def add_words(session: Session, thread_id: int, body: str) -> None:
    """Add the words of one more post; a thread that is not in the index (private, or waiting for it) stays out."""
    context_id = session.scalar(
        select(WordUse.context_id)
        .where(WordUse.kind == THREAD, WordUse.item_id == thread_id, WordUse.stem == EVERY)
        .limit(1)
    )
    if context_id is not None:
        _add(session, context_id, THREAD, thread_id, _weighed(body, 1))


def words_changed(session: Session, *thread_ids: int | None) -> None:
    """Say that the words of these threads are not what they were: the next tick indexes them anew."""
    changed = [thread_id for thread_id in thread_ids if thread_id is not None]
    session.execute(update(Thread).where(Thread.id.in_(changed)).values(indexed_at=None))


def index_changed(session: Session, now: datetime, most: int = 200) -> int:
    """Index threads that wait for it, such as those from before there was an index, and return how many."""
    waiting = session.scalars(select(Thread.id).where(Thread.indexed_at.is_(None)).order_by(Thread.id).limit(most))
    ids = waiting.all()
    for thread_id in ids:
        index_thread(session, thread_id, now)
    return len(ids)


def anything_changed(session: Session) -> bool:
    """Whether a thread waits to be indexed."""
    return session.scalar(select(Thread.id).where(Thread.indexed_at.is_(None)).limit(1)) is not None


@dataclass(frozen=True, slots=True)
class Worth:
    """What words are worth among the things of one kind: each stem that occurs, and all that was asked for together."""

    stems: Mapping[str, float]
    whole: float

    def values(self, kind: str, at_least: float) -> dict[str, Any]:
        """Return what fills a statement with ``scored``; ``at_least`` is the share of what was looked for (0 to 1)."""
        values: dict[str, Any] = {f"{kind}_least": at_least * self.whole}
        for number, (stem, worth) in enumerate(sorted(self.stems.items())):
            values |= {f"{kind}_stem{number}": stem, f"{kind}_worth{number}": worth}
        return values


def ranked(session: Session, context_id: int, kind: str, text: str, *, at_least: float = 0.0) -> Subquery | None:
    """Return a subquery ``(item_id, score)`` of what holds the words of ``text``; None when nothing can.

    Rare words count more, and a word's tenth use little more than its third. ``at_least`` is the share of what was
    looked for (0 to 1, rare words weighing more) that must be there; of a longer text not every word is needed.
    """
    worth = worths(session, context_id, (kind,), text).get(kind)
    if worth is None:
        return None
    stems = [(literal(stem), literal(one, Float())) for stem, one in sorted(worth.stems.items())]
    return _scored(context_id, kind, stems, at_least * worth.whole)


def scored(kind: str, stems: int) -> Subquery:
    """Return what ``ranked`` does for so many stems, to be filled in when it runs: ``Worth.values``, ``context_id``."""
    pairs = [
        (bindparam(f"{kind}_stem{number}", type_=String()), bindparam(f"{kind}_worth{number}", type_=Float()))
        for number in range(stems)
    ]
    least = bindparam(f"{kind}_least", type_=Float())
    return _scored(bindparam("context_id", type_=Integer()), kind, pairs, least)


def _scored(context_id: Any, kind: str, stems: Sequence[tuple[Any, Any]], least: Any) -> Subquery:
    use = WordUse
    worth = case(*((use.stem == stem, one) for stem, one in stems))
    return (
        select(use.item_id.label("item_id"), func.sum(worth * (2.0 * use.weight) / (use.weight + 1.0)).label("score"))
        .where(use.context_id == context_id, use.kind == kind, use.stem.in_([stem for stem, _ in stems]))
        .group_by(use.item_id)
        .having(func.sum(worth) >= least)
        .subquery()
    )


@built
def _uses(context_id: int, kinds: list[str], stems: list[str]) -> Select[str, str, int]:
    there = (WordUse.context_id == context_id, WordUse.kind.in_(kinds), WordUse.stem.in_(stems))
    return select(WordUse.kind, WordUse.stem, func.count()).where(*there).group_by(WordUse.kind, WordUse.stem)


def worths(session: Session, context_id: int, kinds: Sequence[str], text: str) -> dict[str, Worth]:
    """Return what the words of ``text`` are worth among each kind of things in which any of them occurs; one query."""
    asked = asked_stems(text)
    if not asked or not kinds:
        return {}
    wanted = {stem for stems in asked for stem in stems} | {EVERY}
    found: dict[str, dict[str, int]] = {kind: {} for kind in kinds}
    for kind, stem, number in read_rows(session, _uses(context_id, list(kinds), sorted(wanted))):
        found[kind][stem] = int(number)
    made = {kind: _worth(asked, there) for kind, there in found.items()}
    return {kind: worth for kind, worth in made.items() if worth.stems}


def _worth(asked: tuple[frozenset[str], ...], found: dict[str, int]) -> Worth:
    every = found.pop(EVERY, 0)
    weights: dict[str, float] = {}
    whole = 0.0
    for stems in asked:
        number = max((found.get(stem, 0) for stem in stems), default=0)
        worth = log(1 + (every + 1) / (number + 0.5))
        whole += worth
        weights |= {stem: worth for stem in stems if stem in found}
    return Worth(weights, whole)


def _weighed(text: str, weight: int) -> Counter[str]:
    return Counter({stem: number * weight for stem, number in stems_of(text).items()})


def _add(session: Session, context_id: int, kind: str, item_id: int, stems: Counter[str]) -> None:
    make: Any = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    # In one order, so that two who add to the same thread wait for each other instead of deadlocking.
    rows = [
        {"context_id": context_id, "kind": kind, "item_id": item_id, "stem": stem, "weight": min(weight, MOST_WEIGHT)}
        for stem, weight in sorted([(EVERY, 1), *stems.items()])
    ]
    # One statement for many rows of parameters: a statement with all values in it is compiled anew each time.
    insert = make(table_of(WordUse))
    insert = insert.on_conflict_do_update(
        index_elements=["context_id", "kind", "stem", "item_id"],
        set_={"weight": table_of(WordUse).c.weight + insert.excluded.weight},
    )
    session.execute(insert, rows)
