"""Notices that a platform sent: kept once each, and what follows from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from lti_app.claims import COPY_NOTICE
from lti_app.models import Deployment, PlatformNotice
from lti_app.store.copies import adopt, course_in, course_named
from lti_app.store.inserts import insert_new


@dataclass(frozen=True, slots=True)
class Notice:
    """A verified notice; ``course``, ``title`` and ``origins`` (the nearest first) are those of a copied course."""

    registration_id: int
    deployment_id: int
    id: str
    kind: str
    course: str = ""
    title: str = ""
    origins: tuple[str, ...] = ()


def keep_notice(session: Session, notice: Notice, now: datetime) -> bool:
    """Keep a notice and act on it, once; False when it was here before."""
    row_id = insert_new(
        session,
        PlatformNotice,
        registration_id=notice.registration_id,
        id_on_platform=notice.id,
        kind=notice.kind,
        facts={"course": notice.course, "origins": list(notice.origins)} if notice.course else {},
        received_at=now,
    )
    if row_id is None:
        return False
    done = notice.kind == COPY_NOTICE and _copied(session, notice, now)
    state = "done" if done else "nothing_to_do"
    session.execute(update(PlatformNotice).where(PlatformNotice.id == row_id).values(state=state))
    return True


def _copied(session: Session, notice: Notice, now: datetime) -> bool:
    source = course_named(session, notice.registration_id, notice.origins)
    if source is None:
        return False
    copy = course_in(session, notice.deployment_id, notice.course, notice.title, now)
    return adopt(session, copy, source)


def handlers_due(session: Session, registration_id: int) -> Sequence[tuple[int, str]]:
    """Return the deployments, with their addresses, where we have yet to ask for notices."""
    query = select(Deployment.id, Deployment.notices_url).where(
        Deployment.registration_id == registration_id,
        Deployment.status == "active",
        Deployment.notices_state == "due",
        Deployment.notices_url.is_not(None),
    )
    return [(row.id, row.notices_url) for row in session.execute(query)]


def note_handler(session: Session, deployment_id: int, state: str) -> None:
    """Write down how asking for notices went: done or refused."""
    session.execute(update(Deployment).where(Deployment.id == deployment_id).values(notices_state=state))
