"""How an LMS is asked: its connection's row, and what its service user may not do."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from lms_clients.base import Capabilities
from lti_app.models import Context, Deployment, LmsConnection, Person
from lti_app.store.inserts import changed_rows

CANVAS = "canvas"

# As long as an exchange of tokens takes at the very most.
RENEWAL = timedelta(seconds=30)


def claim_renewal(session: Session, connection_id: int, machine: datetime) -> tuple[bool, str]:
    """Return whether the secret is ours to renew now (for ``RENEWAL`` at most), and the sealed secret as it stands."""
    free = or_(LmsConnection.renewing_until.is_(None), LmsConnection.renewing_until < machine)
    claim = update(LmsConnection).where(LmsConnection.id == connection_id, free)
    mine = changed_rows(session, claim.values(renewing_until=machine + RENEWAL)) == 1
    return mine, session.scalars(select(LmsConnection.secret).where(LmsConnection.id == connection_id)).one()


def keep_secret(session: Session, connection_id: int, sealed: str) -> None:
    """Keep a renewed secret; the renewal is over with it."""
    row = update(LmsConnection).where(LmsConnection.id == connection_id)
    session.execute(row.values(secret=sealed, renewing_until=None))


def end_renewal(session: Session, connection_id: int) -> None:
    """Let others renew the secret, whether or not it worked out."""
    session.execute(update(LmsConnection).where(LmsConnection.id == connection_id).values(renewing_until=None))


def save_connection(
    session: Session, registration_id: int, kind: str, base_url: str, sealed: str, told: Capabilities, now: datetime
) -> int:
    """Store (or replace) a platform's connection with its sealed secret, make its courses due and return its id."""
    row = session.scalar(select(LmsConnection).where(LmsConnection.registration_id == registration_id))
    if row is None:
        row = LmsConnection(registration_id=registration_id, created_at=now)
        session.add(row)
    row.kind, row.base_url, row.secret = kind, base_url, sealed
    row.status, row.status_detail, row.failures, row.paused_until = "ok", "", 0, None
    row.cannot = [asdict(missing) for missing in told.missing]
    session.flush()
    if kind == CANVAS:
        # Over LTI alone a person's only name is the ``sub``; it is none of Canvas's own ids.
        placeholders = update(Person).where(Person.registration_id == registration_id)
        session.execute(placeholders.where(Person.api_id == Person.id_on_platform).values(api_id=None))
    mine = select(Deployment.id).where(Deployment.registration_id == registration_id)
    due = update(Context).where(Context.deployment_id.in_(mine), Context.launched_at.is_not(None))
    # Another connection may know other ids: what the last client left behind means nothing to it.
    session.execute(due.values(sync_due_at=now, sync_failures=0, sync_cursor={}))
    return row.id
