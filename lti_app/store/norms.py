"""What an academy or a course asks everybody to share: its words, their versions, and who has said yes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from lti_app.models import Academy, AuditEntry, Context, Deployment, Norms, NormsAccepted
from lti_app.store.course_facts import active_staff
from lti_app.store.refusals import NotYours

#: The norms that come with the house; a change of their sense needs another name, so that people are asked again.
HOUSE = "house-1"
KEY = "norms"
LANGUAGES = ("it", "en")
MAX_NORMS = 4000


def version_of(context: Context, academy: Academy) -> str:
    """Return the name of the norms that hold in a course: its own, else the academy's, else the house's."""
    for settings in (context.settings, academy.settings):
        number = (settings or {}).get(KEY)
        if isinstance(number, int):
            return str(number)
    return HOUSE


def words_of(session: Session, version: str) -> dict[str, str]:
    """Return a version's words by language; none for the house's, whose words the page has."""
    row = session.get(Norms, int(version)) if version.isdecimal() else None
    return {code: str(said) for code, said in row.words.items() if said} if row is not None else {}


def accept(session: Session, membership_id: int, version: str, now: datetime) -> None:
    """Record that a member shares these norms; saying so twice changes nothing."""
    make = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = make(NormsAccepted).values(membership_id=membership_id, version=version, at=now)
    session.execute(statement.on_conflict_do_nothing())


def accepted_at(session: Session, membership_id: int, version: str) -> datetime | None:
    """Return when a member said yes to these norms, None where they have not."""
    row = session.get(NormsAccepted, (membership_id, version))
    return row.at if row is not None else None


def write_norms(
    session: Session, context_id: int, by_id: int, words: Mapping[str, str], now: datetime, *, everywhere: bool = False
) -> bool:
    """Let these words hold in the course (or, ``everywhere``, in the academy) and return whether they are new.

    Without any words the course follows the academy again, the academy the house. Who accepted other words is asked
    anew. Raises NotYours for whoever is not of the course's staff, or (everywhere) not its community manager.
    """
    member = active_staff(session, by_id, context_id)
    if everywhere and member.role != "manager":
        raise NotYours
    context = session.get_one(Context, context_id, with_for_update=True)
    academy = session.get_one(Academy, _academy_id(session, context), with_for_update=everywhere or None)
    owner: Context | Academy = academy if everywhere else context
    kept = {code: words[code].strip() for code in LANGUAGES if words.get(code, "").strip()}
    number = (owner.settings or {}).get(KEY)
    if kept == (words_of(session, str(number)) if number is not None else {}):
        return False
    settings: dict[str, Any] = {name: value for name, value in (owner.settings or {}).items() if name != KEY}
    if kept:
        row = Norms(
            academy_id=academy.id, context_id=None if everywhere else context.id, words=kept,
            by_id=member.person_id, written_at=now,
        )  # fmt: skip
        session.add(row)
        session.flush()
        settings[KEY] = row.id
    owner.settings = settings
    session.add(
        AuditEntry(
            academy_id=academy.id, context_id=context.id, actor_id=member.person_id, what="norms",
            facts={"norms": settings.get(KEY), "before": number, "everywhere": everywhere}, at=now,
        )
    )  # fmt: skip
    session.flush()
    return True


def settings_now(session: Session, context_id: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the settings of a course and of its academy as they stand."""
    context = session.get_one(Context, context_id)
    return context.settings, session.get_one(Academy, _academy_id(session, context)).settings


def _academy_id(session: Session, context: Context) -> int:
    return session.scalars(select(Deployment.academy_id).where(Deployment.id == context.deployment_id)).one()
