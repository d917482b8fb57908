"""Who is named in a post: "@Anna N." in what somebody wrote, found among those who read along."""

from __future__ import annotations

import re
from collections.abc import Iterable

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from lti_app.models import CircleMember, Episode, Match, Membership, Mention, Person, Post, Thread
from lti_app.store import names
from lti_app.store.apart import readers
from lti_app.store.people import face
from lti_app.store.views import Face

MOST = 20
_AT = re.compile(r"(?<![\w@])@(\w[^\n@]{0,120})")


def read_mentions(session: Session, thread: Thread, body: str, author_id: int | None) -> frozenset[int]:
    """Return who is named in ``body`` and may read it; a name that could be several people's names them all.

    A first name alone counts where only one person in the course has it.
    """
    after = [found.group(1).casefold() for found in _AT.finditer(body)][:MOST]
    if not after:
        return frozenset()
    by_name: dict[str, set[int]] = {}
    first: dict[str, set[int]] = {}
    for member_id, person in _likely(session, thread, {words.split()[0] for words in after}):
        for way in names.written_as(person):
            by_name.setdefault(way.casefold(), set()).add(member_id)
        first.setdefault(names.first_name(person).casefold(), set()).add(member_id)
    meant: set[int] = set()
    for words in after:
        fitting = [one for one in by_name if _begins(words, one)]
        way = max(fitting, key=len, default="")
        if way and len(first.get(way, ())) <= 1:
            meant |= by_name[way]
    return frozenset(sorted(meant - {author_id or 0})[:MOST])


def _begins(words: str, name: str) -> bool:
    rest = words[len(name) :]
    return words.startswith(name) and not (rest[:1].isalnum() or rest[:1] == "_")


def _likely(session: Session, thread: Thread, beginnings: Iterable[str]) -> list[tuple[int, Person]]:
    """Return those who may read the thread and whose name begins with one of these words."""
    bare = sorted({word.strip(".,;:!?)") for word in beginnings} - {""})
    # LIKE folds the case of ASCII alone, so a name is also tried as names are written.
    ways = {way for word in bare for way in (word, word.capitalize())}
    columns = (Person.given_name, Person.name, Person.display_name)
    named = or_(*(column.ilike(_plain(way) + "%", escape="\\") for column in columns for way in ways))
    query = (
        select(Membership.id, Person)
        .join(Person, Person.id == Membership.person_id)
        .where(Membership.context_id == thread.context_id, Membership.state == "active", named, readers(thread))
        .limit(200)
    )
    inside = insiders(session, thread)
    if inside is not None:
        query = query.where(Membership.id.in_(inside))
    return [(row[0], row[1]) for row in session.execute(query)]


def _plain(words: str) -> str:
    return words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def insiders(session: Session, thread: Thread) -> frozenset[int] | None:
    """Return the few who read a private thread, or None where the whole course does."""
    if thread.circle_id is not None:
        circle = select(CircleMember.membership_id).where(CircleMember.circle_id == thread.circle_id)
        return frozenset(session.scalars(circle.where(CircleMember.state == "in")))
    if thread.match_id is not None:
        two = session.execute(
            select(Match.helper_id, Episode.membership_id)
            .join(Episode, Episode.id == Match.episode_id)
            .where(Match.id == thread.match_id)
        ).one()
        return frozenset(two)
    return None


def keep_mentions(session: Session, thread: Thread, post: Post) -> frozenset[int]:
    """Write down who is named in a post now; returns them all."""
    meant = read_mentions(session, thread, post.body, post.author_id)
    session.query(Mention).filter(Mention.post_id == post.id, Mention.membership_id.not_in(meant)).delete()
    if meant:
        had = set(session.scalars(select(Mention.membership_id).where(Mention.post_id == post.id)))
        session.add_all(Mention(post_id=post.id, membership_id=one) for one in sorted(meant - had))
        session.flush()
    return meant


def complete(session: Session, context_id: int, asked: str, viewer_id: int, *, to_staff: bool) -> tuple[Face, ...]:
    """Return up to eight people of the course whose name begins so, for whoever is typing."""
    words = " ".join(asked.split())[:60]
    if not words:
        return ()
    ways = {words, words.capitalize(), words.title()}
    family = Person.family_name if to_staff else Person.given_name
    columns = (Person.given_name, Person.name, Person.display_name, family)
    rows = session.execute(
        select(Membership.id, Membership.role, Person)
        .join(Person, Person.id == Membership.person_id)
        .where(Membership.context_id == context_id, Membership.state == "active", Membership.id != viewer_id)
        .where(or_(*(column.ilike(_plain(way) + "%", escape="\\") for column in columns for way in ways)))
        .order_by(func.lower(Person.given_name), Membership.id)
        .limit(8)
    )
    return tuple(face(row[0], row[2], to_staff=to_staff or row[1] != "learner") for row in rows)
