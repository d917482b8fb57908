"""Finding again what was said: an index of stems for each thing of a course, the same on both databases.

Write: ``index_thread`` (a whole thread anew), ``add_words`` (one more post), ``index_item`` and ``forget_item`` (things
that are no threads), ``words_changed`` (somebody edited, hid, moved: the tick indexes it anew, and until then what was
taken away is still found by its words, but never shown, because pages read the posts themselves).

Read: ``ranked`` is a subquery of ids and scores, to be joined with the rows of its kind; it never leaves its course.
Private threads (a match's, a circle's) are never in the index.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from math import log
from typing import Any

from sqlalchemy import Select, Subquery, case, delete, func, select, update
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


def ranked(session: Session, context_id: int, kind: str, text: str, *, at_least: float = 0.0) -> Subquery | None:
    """Return a subquery ``(item_id, score)`` of what holds the words of ``text``; None when nothing can.

    Rare words count more, and a word's tenth use little more than its third. ``at_least`` is the share of what was
    looked for (0 to 1, rare words weighing more) that must be there; of a longer text not every word is needed.
    """
    asked = asked_stems(text)
    weights, whole = _rarity(session, context_id, kind, asked)
    if not weights:
        return None
    use = WordUse
    worth = case(weights, value=use.stem)
    score = func.sum(worth * (2.0 * use.weight) / (use.weight + 1.0)).label("score")
    covered = func.sum(worth)
    return (
        select(use.item_id.label("item_id"), score)
        .where(use.context_id == context_id, use.kind == kind, use.stem.in_(list(weights)))
        .group_by(use.item_id)
        .having(covered >= at_least * whole)
        .subquery()
    )


@built
def _uses(context_id: int, kind: str, stems: list[str]) -> Select[str, int]:
    there = (WordUse.context_id == context_id, WordUse.kind == kind, WordUse.stem.in_(stems))
    return select(WordUse.stem, func.count()).where(*there).group_by(WordUse.stem)


def _rarity(
    session: Session, context_id: int, kind: str, asked: tuple[frozenset[str], ...]
) -> tuple[Mapping[str, float], float]:
    """Return what each stem that occurs is worth, and what all that was asked for is worth together."""
    if not asked:
        return {}, 0.0
    wanted = {stem for stems in asked for stem in stems} | {EVERY}
    found = {stem: int(number) for stem, number in read_rows(session, _uses(context_id, kind, sorted(wanted)))}
    every = found.pop(EVERY, 0)
    weights: dict[str, float] = {}
    whole = 0.0
    for stems in asked:
        number = max((found.get(stem, 0) for stem in stems), default=0)
        worth = log(1 + (every + 1) / (number + 0.5))
        whole += worth
        weights |= {stem: worth for stem in stems if stem in found}
    return weights, whole


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
