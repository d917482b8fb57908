"""By which way a word reaches a member, and when: the panel first, then a message in the LMS."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_app.models import Context, Deployment, LmsConnection, Membership, Person

PANEL, LMS, CONSOLE = "panel", "lms", "console"
# So long a word waits in the panel before it goes out as a message: most people come by themselves.
PANEL_FIRST = {
    "nudge": timedelta(hours=24),
    "ask_helper": timedelta(hours=2),
    "introduced": timedelta(hours=2),
    "next_candidate": timedelta(hours=24),
}


def channel_for(session: Session, membership_id: int) -> str:
    """Return how a message reaches a member: lms where a connection may send, else panel.

    The course's setting ``messages`` may say panel (nothing goes out) or console (development: into the log).
    """
    row = session.execute(
        select(Context.settings, LmsConnection.status, LmsConnection.cannot, Person.api_id)
        .select_from(Membership)
        .join(Person, Person.id == Membership.person_id)
        .join(Context, Context.id == Membership.context_id)
        .join(Deployment, Deployment.id == Context.deployment_id)
        .outerjoin(LmsConnection, LmsConnection.registration_id == Deployment.registration_id)
        .where(Membership.id == membership_id)
    ).one_or_none()
    if row is None:
        return PANEL
    wanted = (row.settings or {}).get("messages", LMS)
    if wanted in (PANEL, CONSOLE):
        return str(wanted)
    if row.status != "ok" or row.api_id is None:
        return PANEL
    missing = {item.get("ability") if isinstance(item, dict) else item for item in row.cannot or ()}
    return PANEL if "messages" in missing else LMS


def wait_of(kind: str, channel: str) -> timedelta:
    """Return how long a word of this kind waits before it leaves by this channel."""
    return timedelta() if channel == PANEL else PANEL_FIRST.get(kind, timedelta())


def course_address(session: Session, context_id: int) -> str | None:
    """Return the course's page in the LMS, to which every message leads back, or None where we cannot tell."""
    row = session.execute(
        select(LmsConnection.kind, LmsConnection.base_url, Context.api_id)
        .select_from(Context)
        .join(Deployment, Deployment.id == Context.deployment_id)
        .join(LmsConnection, LmsConnection.registration_id == Deployment.registration_id)
        .where(Context.id == context_id)
    ).one_or_none()
    if row is None or row.api_id is None:
        return None
    paths = {"moodle": f"/course/view.php?id={row.api_id}", "canvas": f"/courses/{row.api_id}"}
    return f"{row.base_url.rstrip('/')}{paths[row.kind]}" if row.kind in paths else None
