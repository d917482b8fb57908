"""How a person chose to be seen, and all that they said about themselves in a course, to read and to take along."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_app.models import Context, Membership, Milestone, NormsAccepted, Person, Post, Thread
from lti_app.store import names, portraits, why
from lti_app.store.course_facts import STAFF, active_membership
from lti_app.store.milestones import SHOWS
from lti_app.store.refusals import Taken
from lti_app.store.speaking import speak

MAX_NAME = 40
TINTS = 6


def choose_name(session: Session, membership_id: int, name: str, now: datetime) -> Person:
    """Go by ``name`` from now on, everywhere; without one, by what the platform told.

    Raises NotYours, Muted, TooFast, and Taken: somebody of the course's staff is called so; nobody may be mistaken for
    them.
    """
    member = active_membership(session, membership_id)
    person = session.get_one(Person, member.person_id, with_for_update=True)
    if name and name.casefold() != names.platform_name(person).casefold() and _is_staff_name(session, member, name):
        raise Taken
    if name and name != person.display_name:
        speak(session, member.context_id, membership_id, now, name)
    person.display_name = name or None
    session.flush()
    return person


def _is_staff_name(session: Session, member: Membership, name: str) -> bool:
    rows = session.scalars(
        select(Person)
        .join(Membership, Membership.person_id == Person.id)
        .where(Membership.context_id == member.context_id, Membership.role.in_(STAFF), Membership.state == "active")
        .where(Person.id != member.person_id)
    )
    wanted = _plain(name)
    return any(wanted in {_plain(one) for one in (names.called_name(p), names.platform_name(p)) if one} for p in rows)


def _plain(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())


def choose_look(session: Session, membership_id: int, tint: int | None) -> Person:
    """Stand before one of the soft colours, or before that of one's name (None); raises NotYours."""
    member = active_membership(session, membership_id)
    person = session.get_one(Person, member.person_id, with_for_update=True)
    person.tint = None if tint is None else tint % TINTS
    session.flush()
    return person


def told_about_oneself(session: Session, member: Membership, locale: str) -> dict[str, Any]:
    """Return all that a member said about themselves in this course, as it is given to them in a file."""
    person, said = member.person, why.why_of(session, member)
    course = session.get_one(Context, member.context_id)
    agreed = session.execute(
        select(NormsAccepted.version, NormsAccepted.at)
        .where(NormsAccepted.membership_id == member.id)
        .order_by(NormsAccepted.at)
    ).all()
    return {
        "course": course.title,
        "language": locale,
        "display_name": person.display_name,
        "name_on_platform": names.platform_name(person),
        "tint": person.tint,
        "why": {"sphere": said.motive or None, "words": said.words, "shared_with": said.shared_with},
        "norms_accepted": [{"version": version, "at": at.isoformat()} for version, at in agreed],
        "shows_milestones": bool((member.settings or {}).get(SHOWS)),
        "milestones": _milestones(session, member.id),
        "posts": _posts(session, member),
    }


def _milestones(session: Session, membership_id: int) -> list[dict[str, Any]]:
    rows = session.scalars(
        select(Milestone).where(Milestone.membership_id == membership_id).order_by(Milestone.reached_at)
    )
    return [{"kind": row.kind, "at": row.reached_at.isoformat(), "facts": row.facts} for row in rows]


def _posts(session: Session, member: Membership) -> list[dict[str, Any]]:
    rows: Sequence[Any] = session.execute(
        select(Thread.title, Post.body, Post.created_at)
        .join(Thread, Thread.id == Post.thread_id)
        .where(Post.author_id == member.id, Thread.context_id == member.context_id, Post.deleted_at.is_(None))
        .order_by(Post.created_at)
    ).all()
    return [{"in": title, "words": body, "at": at.isoformat()} for title, body, at in rows]


def erase_oneself(session: Session, membership_id: int, now: datetime) -> str | None:
    """Forget what a member said about themselves: name, colour, picture, why. What they wrote to others stays.

    Returns the key of the picture, to be cleared.
    """
    member = active_membership(session, membership_id, lock=True)
    why.erase_why(session, membership_id)
    member.settings = {name: value for name, value in (member.settings or {}).items() if name != SHOWS}
    person = session.get_one(Person, member.person_id, with_for_update=True)
    person.display_name = person.tint = None
    session.flush()
    return portraits.take_off(session, membership_id, now)
