"""All that is known of a platform's people and courses, to compare two ways of recording their launches."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from lti_app.db import Base, Database
from lti_app.models import (
    ActiveDay,
    Context,
    Deployment,
    Membership,
    Person,
    ResourceLink,
)


def kept(db: Database, registration_id: int) -> list[Any]:
    """All that is known of a registration's people and courses, without numbers of rows."""
    with db.reading() as session:
        found: list[Any] = []
        here = select(Membership).order_by(Membership.id)
        people = select(Person).where(Person.registration_id == registration_id).order_by(Person.id_on_platform)
        for person in session.scalars(people):
            found.append(plain(person, "registration_id"))
            for membership in session.scalars(here.where(Membership.person_id == person.id)):
                found.append(plain(membership, "person_id", "context_id"))
                days = select(ActiveDay).where(ActiveDay.membership_id == membership.id).order_by(ActiveDay.day)
                found += [(one.day, one.proofs) for one in session.scalars(days)]
        courses = select(Context).join(Deployment).where(Deployment.registration_id == registration_id)
        for course in session.scalars(courses.order_by(Context.id_on_platform)):
            found.append(plain(course, "deployment_id"))
            links = select(ResourceLink).where(ResourceLink.context_id == course.id)
            found += [
                plain(link, "context_id") for link in session.scalars(links.order_by(ResourceLink.id_on_platform))
            ]
        return found


def plain(row: Base, *without: str) -> dict[str, Any]:
    return {c.key: getattr(row, c.key) for c in row.__table__.columns if c.key not in ("id", *without)}
