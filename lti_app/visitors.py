"""Who has come: the rows that a visit names, found in one query if they live and belong together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session, contains_eager

from lti_app.models import Academy, Context, Deployment, Membership, Person, Registration
from lti_app.store.built import built
from lti_app.store.origins import ancestors_of
from lti_app.visit import Visit


@dataclass(frozen=True, slots=True)
class Visitor:
    """``membership`` has its person and course loaded; a visit outside any course has none.

    ``frame_ancestors`` says who may frame the page, where that was asked at the same time.
    """

    academy: Academy
    membership: Membership | None = None
    frame_ancestors: str | None = None


def find_visitor(session: Session, visit: Visit) -> Visitor | None:
    """Return whose visit it is; None when something of it is gone or belongs elsewhere."""
    if visit.context_id is None:
        return _outside(session, visit)
    if visit.membership_id is None:
        return _nobody(session, visit)
    return _member(session, visit, visit.membership_id, visit.context_id)


@built
def _membership(
    membership_id: int,
    context_id: int,
    person_id: int,
    registration_id: int,
    deployment_id: int,
    academy_id: int,
) -> Select[*tuple[Any, ...]]:
    # Whoever may frame the page is asked with every page, so it comes along.
    framing = (Registration.issuer, Registration.auth_login_url, Registration.origins)
    return (
        select(Membership, Academy, *framing)
        .join(Membership.person)
        .join(Membership.context)
        .join(Deployment, Deployment.id == Context.deployment_id)
        .join(Academy, Academy.id == Deployment.academy_id)
        .join(Registration, Registration.id == Deployment.registration_id)
        .options(contains_eager(Membership.person), contains_eager(Membership.context))
        .where(
            Membership.id == membership_id,
            Membership.context_id == context_id,
            Membership.person_id == person_id,
            Membership.state == "active",
            Person.registration_id == registration_id,
            Context.deployment_id == deployment_id,
            Deployment.registration_id == registration_id,
            Deployment.status == "active",
            Academy.id == academy_id,
        )
    )


def _member(session: Session, visit: Visit, membership_id: int, context_id: int) -> Visitor | None:
    found = session.execute(
        *_membership(
            membership_id,
            context_id,
            visit.person_id,
            visit.registration_id,
            visit.deployment_id,
            visit.academy_id,
        )
    ).one_or_none()
    if found is None:
        return None
    return Visitor(found[1], found[0], ancestors_of(*found[2:]))


def _installed(visit: Visit) -> tuple[ColumnElement[bool], ...]:
    """Return that the installation through which the visit came is there, and is this academy's."""
    return (
        Deployment.id == visit.deployment_id,
        Deployment.registration_id == visit.registration_id,
        Deployment.status == "active",
        Academy.id == visit.academy_id,
    )


def _nobody(session: Session, visit: Visit) -> Visitor | None:
    """A visit without a membership (student view) is a learner of whom nothing is kept."""
    found = session.execute(
        select(Context, Academy)
        .join(Deployment, Deployment.id == Context.deployment_id)
        .join(Academy, Academy.id == Deployment.academy_id)
        .where(Context.id == visit.context_id, *_installed(visit))
    ).one_or_none()
    if found is None:
        return None
    person = Person(id=0, registration_id=visit.registration_id)
    membership = Membership(id=0, context_id=found[0].id, person_id=0, role="learner", settings={})
    membership.person, membership.context = person, found[0]
    return Visitor(found[1], membership)


def _outside(session: Session, visit: Visit) -> Visitor | None:
    """A visit outside any course sees its academy alone."""
    academy = session.execute(
        select(Academy).join(Deployment, Deployment.academy_id == Academy.id).where(*_installed(visit))
    ).scalar_one_or_none()
    return None if academy is None else Visitor(academy)
