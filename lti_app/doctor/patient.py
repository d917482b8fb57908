"""What a self-test needs to know of a platform, read at once: nothing is asked while a transaction is open."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_app.models import Context, Deployment, LmsConnection, Registration
from lti_app.store.origins import frame_ancestors


@dataclass(frozen=True, slots=True)
class Patient:
    """One registration; the course addresses are those of the course that was opened last."""

    id: int
    name: str
    issuer: str
    auth_login_url: str
    auth_token_url: str
    jwks_url: str
    product: str
    waiting: int
    last_launch_at: datetime | None
    memberships_url: str | None
    lineitems_url: str | None
    course_api_id: str | None
    ancestors: str
    notices: str
    connection: tuple[str, str, str] | None

    @property
    def addresses(self) -> tuple[str, ...]:
        """The platform's own addresses."""
        return (self.issuer, self.auth_login_url, self.auth_token_url, self.jwks_url)


def _deployments(session: Session, registration_id: int) -> tuple[int, str]:
    """Return how many installations wait for a yes, and how asking for notices went where it was tried."""
    rows = session.execute(
        select(Deployment.status, Deployment.notices_state).where(Deployment.registration_id == registration_id)
    ).all()
    return sum(row.status == "waiting" for row in rows), next((row[1] for row in rows if row[1]), "")


def read_patient(session: Session, registration_id: int) -> Patient:
    """Read all that is known of one registration."""
    row = session.get_one(Registration, registration_id)
    mine = select(Deployment.id).where(Deployment.registration_id == registration_id)
    waiting, asked = _deployments(session, registration_id)
    course = session.execute(
        select(Context.launched_at, Context.memberships_url, Context.lineitems_url, Context.api_id)
        .where(Context.deployment_id.in_(mine), Context.launched_at.is_not(None))
        .order_by(Context.launched_at.desc())
        .limit(1)
    ).one_or_none()
    connection = session.execute(
        select(LmsConnection.kind, LmsConnection.base_url, LmsConnection.secret).where(
            LmsConnection.registration_id == registration_id
        )
    ).one_or_none()
    return Patient(
        id=row.id,
        name=row.name,
        issuer=row.issuer,
        auth_login_url=row.auth_login_url,
        auth_token_url=row.auth_token_url,
        jwks_url=row.jwks_url,
        product=row.product,
        waiting=waiting,
        last_launch_at=course.launched_at if course else None,
        memberships_url=course.memberships_url if course else None,
        lineitems_url=course.lineitems_url if course else None,
        course_api_id=course.api_id if course else None,
        ancestors=frame_ancestors(session, registration_id),
        notices=asked,
        connection=(connection.kind, connection.base_url, connection.secret) if connection else None,
    )
