"""How an LMS is asked: its connection's row, and what its service user may not do."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from lms_clients.base import Capabilities
from lti_app.models import Context, Deployment, LmsConnection


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
    mine = select(Deployment.id).where(Deployment.registration_id == registration_id)
    due = update(Context).where(Context.deployment_id.in_(mine), Context.launched_at.is_not(None))
    # Another connection may know other ids: what the last client left behind means nothing to it.
    session.execute(due.values(sync_due_at=now, sync_failures=0, sync_cursor={}))
    return row.id
