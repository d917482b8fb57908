"""One launch, recorded in one transaction that also uses up its state: of eight equal posts exactly one gets in."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_app.claim_fields import BadLaunch
from lti_app.claims import Launch
from lti_app.models import Academy, Context, Deployment, Membership, Person, Registration
from lti_app.store.arrivals import context_of, link_of, local_day, membership_of, person_of, prove_active
from lti_app.store.consumed import consume
from lti_app.store.inserts import insert_new
from lti_app.store.recorded import Recorded, kept_role, locale_of, only_looks, role_in, shown_role
from lti_app.store.registrations import KnownPlatform, known_platform
from lti_app.store.returning import keep_words, words_of

NOBODY = 0


class PlatformChanged(Exception):
    """A registration was changed while somebody was on the way: what was checked must be checked again."""


def known_deployment(session: Session, registration: Registration, launch: Launch) -> Deployment | None:
    """Return the deployment of a launch, or None when it was never seen."""
    return session.scalars(
        select(Deployment).where(
            Deployment.registration_id == registration.id, Deployment.id_on_platform == launch.deployment
        )
    ).one_or_none()


def note_waiting(session: Session, registration: Registration | KnownPlatform, launch: Launch, now: datetime) -> None:
    """Remember that a deployment knocked, so that the academy's administrator can say yes to it."""
    insert_new(
        session,
        Deployment,
        registration_id=registration.id,
        academy_id=registration.academy_id,
        id_on_platform=launch.deployment,
        status="waiting",
        created_at=now,
    )


def _deployment_for(session: Session, registration: Registration, launch: Launch, now: datetime) -> Deployment:
    found = known_deployment(session, registration, launch)
    if found is None and registration.accepts_new_deployments:
        note_waiting(session, registration, launch, now)
        found = known_deployment(session, registration, launch)
        if found is not None and found.status == "waiting":
            found.status = "active"
    if found is None:
        raise BadLaunch("deployment_unknown", f"deployment {launch.deployment!r}")
    if found.status != "active":
        raise BadLaunch(f"deployment_{found.status}", f"deployment {launch.deployment!r}")
    return found


def _join(
    session: Session, context: Context, academy: Academy, person: Person, launch: Launch, role: str, now: datetime
) -> Membership:
    membership = membership_of(session, context, person, launch, kept_role(role), now)
    prove_active(session, membership, local_day(now, context.time_zone, academy.time_zone))
    return membership


def record_launch(
    session: Session, platform: KnownPlatform, launch: Launch, *, state_id: str, panel: str, now: datetime
) -> Recorded:
    """Use up the state and record who came from where; raises BadLaunch, and then nothing at all was written.

    Raises PlatformChanged when the registration is no longer the one against which the launch was checked.

    ``now`` is the community's time. Of those who only look, the course is recorded and they are not.
    """
    if not consume(session, state_id):
        raise BadLaunch("state_used", "the state was used before")
    registration = session.get(Registration, platform.id)
    if registration is None or registration.status != "active":
        raise BadLaunch("registration_gone", f"registration {platform.id}")
    if known_platform(registration) != platform:
        raise PlatformChanged(f"registration {platform.id}")
    deployment = _deployment_for(session, registration, launch, now)
    academy = session.get_one(Academy, deployment.academy_id)
    registration.product = registration.product or (launch.product or "").lower()[:40]
    looks, role = only_looks(academy.settings, launch), role_in(academy.settings, launch)
    context = None
    if launch.course is not None:
        context = context_of(session, registration, deployment, launch, launch.course, now)
    link = link_of(session, context, launch, panel, now) if context is not None else None
    person = membership = None
    if not looks:
        person = person_of(session, registration, launch, now)
        session.flush()
        if context is not None:
            membership = _join(session, context, academy, person, launch, role, now)
    session.flush()
    recorded = Recorded(
        registration_id=registration.id,
        deployment_id=deployment.id,
        academy_id=academy.id,
        person_id=person.id if person else NOBODY,
        context_id=context.id if context else None,
        membership_id=membership.id if membership else None,
        resource_link_id=link.id if link else None,
        role=shown_role(role, launch),
        locale=locale_of(launch, academy.locale),
        student_view=looks,
    )
    if context is not None:
        words = words_of(registration.id, launch, panel)
        keep_words(session, recorded, words, local_day(now, context.time_zone, academy.time_zone), now)
    return recorded
