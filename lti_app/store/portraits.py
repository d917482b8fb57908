"""The pictures of people: one each, small, seen in every course where they are."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_app.models import Membership, Person, Upload
from lti_app.store import uploads
from lti_app.store.course_facts import active_membership
from lti_app.store.uploads import SEERS, Viewer

PLACE = "portrait"


def wear(session: Session, membership_id: int, key: str, now: datetime) -> str | None:
    """Show oneself with the picture that was just kept as a draft; returns the key of the one before, to be cleared."""
    member = active_membership(session, membership_id)
    if not uploads.settle(session, membership_id, [key], PLACE):
        return None
    person = session.get_one(Person, member.person_id, with_for_update=True)
    before, person.portrait = person.portrait, key
    return _gone(session, before, now)


def take_off(session: Session, membership_id: int, now: datetime) -> str | None:
    """Show oneself with initials again; returns the key of the picture, to be cleared."""
    member = active_membership(session, membership_id)
    person = session.get_one(Person, member.person_id, with_for_update=True)
    before, person.portrait = person.portrait, None
    return _gone(session, before, now)


def _gone(session: Session, key: str | None, now: datetime) -> str | None:
    if key is None:
        return None
    uploads.removed(session, key, now)
    return key


def _sees(session: Session, row: Upload, viewer: Viewer) -> bool:
    """A picture is seen where its person is: in any course of theirs."""
    query = select(Membership.id).join(Person, Person.id == Membership.person_id)
    there = query.where(Person.portrait == row.key, Membership.context_id == viewer.context_id)
    return session.scalar(there.where(Membership.state == "active").limit(1)) is not None


SEERS[PLACE] = _sees
