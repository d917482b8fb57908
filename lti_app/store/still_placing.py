"""Whether somebody who began to place panels may still do so: an hour may lie between the page and its form."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_app.models import Context, Deployment, Membership

STAFF = ("tutor", "manager")


def closed_because(
    session: Session, registration_id: int, deployment: str, context_id: int | None, member_id: int | None
) -> str | None:
    """Return the code of the refusal (lti/refusal_words.py) where it is over, else None."""
    here = select(Deployment.status).where(
        Deployment.registration_id == registration_id, Deployment.id_on_platform == deployment
    )
    status = session.scalar(here)
    if status is None or (context_id is not None and session.get(Context, context_id) is None):
        return "registration_gone"
    if status != "active":
        return f"deployment_{status}"
    if member_id is None:
        return None
    member = session.get(Membership, member_id)
    if member is None or (member.context_id, member.state) != (context_id, "active") or member.role not in STAFF:
        return "not_staff"
    return None
