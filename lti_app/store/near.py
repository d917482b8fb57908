"""Whom a member may want to thank: those they have to do with, and anybody of the course by name."""

from __future__ import annotations

from sqlalchemy import Select, func, or_, select, union
from sqlalchemy.orm import Session, aliased

from lti_app.models import CircleMember, Episode, Match, Membership, Person, Post, Thread
from lti_app.store import names, people
from lti_app.store.built import among, built, read_rows
from lti_app.store.views import Face

SHOWN = 8
MOST_FOUND = 8
SHORTEST = 2


@built
def _met(context_id: int, membership_id: int) -> Select[int]:
    mine, other = aliased(Post), aliased(Post)
    talked = (
        select(other.author_id.label("id"))
        .join(mine, mine.thread_id == other.thread_id)
        .join(Thread, Thread.id == other.thread_id)
        .where(mine.author_id == membership_id, Thread.context_id == context_id, Thread.anonymous.is_(False))
        .where(other.anonymous.is_(False), other.hidden_at.is_(None))
        .order_by(other.id.desc())
        .limit(60)
    )
    circle = aliased(CircleMember)
    mates = (
        select(CircleMember.membership_id.label("id"))
        .join(circle, circle.circle_id == CircleMember.circle_id)
        .where(circle.membership_id == membership_id, circle.state == "in", CircleMember.state == "in")
    )
    met = among(Match.state, ("accepted", "ended")) & Match.answered_at.is_not(None)
    helped = (
        select(Match.helper_id.label("id"))
        .join(Episode, Episode.id == Match.episode_id)
        .where(met, Episode.membership_id == membership_id)
    )
    taught = (
        select(Episode.membership_id.label("id"))
        .join(Match, Match.episode_id == Episode.id)
        .where(met, Match.helper_id == membership_id)
    )
    all_ = union(select(talked.subquery().c.id), mates, helped, taught).subquery()
    return (
        select(Membership.id)
        .join(all_, all_.c.id == Membership.id)
        .where(Membership.context_id == context_id, Membership.state == "active", Membership.id != membership_id)
        .order_by(Membership.id)
        .limit(SHOWN)
    )


def near(session: Session, context_id: int, membership_id: int) -> tuple[Face, ...]:
    """Return the people this member met lately: in discussions, in a circle, in a match; in two queries."""
    ids = read_rows(session, _met(context_id, membership_id)).scalars().all()
    faces = people.faces(session, ids)
    return tuple(sorted((faces[one] for one in ids if one in faces), key=lambda face: face.name.casefold()))


def named(session: Session, context_id: int, membership_id: int, name: str) -> tuple[Face, ...]:
    """Return the members whose shown name holds these words; what platforms tell of them is not searched.

    Where a member chose a name, only that one finds them.
    """
    words = name.casefold().split()
    if not words or len("".join(words)) < SHORTEST:
        return ()
    first = f"%{words[0].replace('%', '').replace('_', '')}%"
    rows = session.execute(
        select(Membership.id, Membership.role, Person)
        .join(Person, Person.id == Membership.person_id)
        .where(Membership.context_id == context_id, Membership.state == "active", Membership.id != membership_id)
        .where(
            or_(
                func.lower(Person.display_name).like(first),
                Person.display_name.is_(None) & func.lower(Person.name).like(first),
                Person.display_name.is_(None) & func.lower(Person.given_name).like(first),
            )
        )
        .order_by(Membership.id)
        .limit(60)
    )
    found = [
        people.face(id_, person, is_staff=role != "learner")
        for id_, role, person in rows
        if all(word in names.called_name(person).casefold() for word in words)
    ]
    return tuple(sorted(found, key=lambda face: face.name.casefold())[:MOST_FOUND])
