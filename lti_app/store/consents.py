"""Consents asked for at an LMS: written down on the way there, used up once on the way back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete
from sqlalchemy.orm import Session

from lti_app.models import AuditEntry, ConsentRequest

GOOD_FOR = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked, and for whom; ``secret`` is sealed."""

    registration_id: int
    academy_id: int
    person_id: int | None
    browser: str
    base_url: str
    client_id: str
    secret: str


def remember(session: Session, state: str, asked: Asked, machine: datetime) -> None:
    """Write down that somebody was sent to the LMS; what never came back is forgotten."""
    session.execute(delete(ConsentRequest).where(ConsentRequest.expires_at < machine))
    told = {name: getattr(asked, name) for name in Asked.__slots__}
    session.add(ConsentRequest(state=state, **told, expires_at=machine + GOOD_FOR))


def use_up(session: Session, state: str, machine: datetime) -> Asked | None:
    """Return what was asked under this state, once; None when it was used, is too old or never was."""
    columns = [getattr(ConsentRequest, name) for name in Asked.__slots__]
    fresh = delete(ConsentRequest).where(ConsentRequest.state == state, ConsentRequest.expires_at >= machine)
    row: Any = session.execute(fresh.returning(*columns)).one_or_none()
    return None if row is None else Asked(*row)


def note_connected(session: Session, asked: Asked, identity: str, now: datetime) -> None:
    """Write into the academy's book who connected what, as whom."""
    facts = {"registration_id": asked.registration_id, "address": asked.base_url, "as": identity}
    session.add(
        AuditEntry(academy_id=asked.academy_id, actor_id=asked.person_id, what="lms_connected", facts=facts, at=now)
    )
