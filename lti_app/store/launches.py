"""One launch, recorded in one transaction that also uses up its state: of eight equal posts exactly one gets in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from lti_app.claim_fields import BadLaunch
from lti_app.claims import Launch
from lti_app.models import Academy, ConsumedState, Context, Deployment, Membership, Person, Registration
from lti_app.roles import RANKS
from lti_app.store.arrivals import context_of, link_of, membership_of, person_of, prove_active
from lti_app.store.inserts import insert_new
from lti_app.store.registrations import KnownPlatform

# Longer than any state or invitation lives, so that one that was used cannot come back to life.
REMEMBER = timedelta(days=1)
NOBODY = 0


@dataclass(frozen=True, slots=True)
class Recorded:
    """The rows of one launch by their ids; ``person_id`` is 0 in the platform's student view, which leaves no row."""

    registration_id: int
    deployment_id: int
    academy_id: int
    person_id: int
    context_id: int | None
    membership_id: int | None
    resource_link_id: int | None
    role: str
    locale: str
    student_view: bool


def consume(session: Session, state_id: str, *, remember: timedelta = REMEMBER) -> bool:
    """Use up a state, once: False when somebody did before. Waits for a transaction that is just doing it."""
    make = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    values = {"state": state_id[:64], "expires_at": datetime.now(UTC) + remember}
    statement = make(ConsumedState).values(values).on_conflict_do_nothing().returning(ConsumedState.state)
    return session.execute(statement).scalar_one_or_none() is not None


def forget_expired_states(session: Session) -> None:
    """Remove used states whose signature has long expired anyhow; the column is indexed."""
    session.execute(delete(ConsumedState).where(ConsumedState.expires_at < datetime.now(UTC)))


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


def role_in(academy: Academy, launch: Launch) -> str:
    """Return the role here: the academy may name its community managers by ``sub`` or e-mail address."""
    named = academy.settings.get("managers")
    names = {one.strip().lower() for one in named if isinstance(one, str)} if isinstance(named, list) else set()
    told = {launch.sub.lower()} | ({launch.email.lower()} if launch.email else set())
    if names & (told - {""}) and RANKS.index(launch.role) < RANKS.index("manager"):
        return "manager"
    return launch.role


def only_looks(academy: Academy, launch: Launch) -> bool:
    """Return whether nobody is to be written down: the student view, or a person whom the platform does not name.

    We could neither help nor protect somebody without a name, so they are refused unless the academy lets them look.
    """
    if not launch.sub and academy.settings.get("anonymous") is not True:
        raise BadLaunch("nobody", "sub")
    return launch.student_view or not launch.sub


def locale_of(launch: Launch, academy: Academy) -> str:
    """Return the language of the pages: the launch's if we speak it, else the academy's."""
    asked = (launch.locale or "").replace("_", "-").partition("-")[0].lower()
    return asked if asked in ("en", "it") else academy.locale


def _join(
    session: Session, context: Context, academy: Academy, person: Person, launch: Launch, role: str, now: datetime
) -> Membership:
    kept_role = "manager" if role == "admin" else role
    membership = membership_of(session, context, person, launch, kept_role, now)
    prove_active(session, context, academy, membership, now)
    return membership


def record_launch(
    session: Session, registration_id: int, launch: Launch, *, state_id: str, panel: str, now: datetime
) -> Recorded:
    """Use up the state and record who came from where; raises BadLaunch, and then nothing at all was written.

    ``now`` is the community's time. Of those who only look, the course is recorded and they are not.
    """
    if not consume(session, state_id):
        raise BadLaunch("state_used", "the state was used before")
    registration = session.get(Registration, registration_id)
    if registration is None or registration.status != "active":
        raise BadLaunch("registration_gone", f"registration {registration_id}")
    deployment = _deployment_for(session, registration, launch, now)
    academy = session.get_one(Academy, deployment.academy_id)
    registration.product = registration.product or (launch.product or "").lower()
    looks, role = only_looks(academy, launch), role_in(academy, launch)
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
    return Recorded(
        registration_id=registration.id,
        deployment_id=deployment.id,
        academy_id=academy.id,
        person_id=person.id if person else NOBODY,
        context_id=context.id if context else None,
        membership_id=membership.id if membership else None,
        resource_link_id=link.id if link else None,
        # An onlooker sees no more than a learner; the row keeps the difference: nobody waits for their progress.
        role="learner" if role == "observer" or not launch.sub else role,
        locale=locale_of(launch, academy),
        student_view=looks,
    )
