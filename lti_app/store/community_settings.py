"""How a course's community works: what its staff may set, read from the course, then the academy, then the defaults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from lti_app.models import Academy, AuditEntry, Context, Deployment
from lti_app.store.built import built, read_rows
from lti_app.store.course_facts import active_staff

KEY = "community"
MOST_STARTERS = 12
LONGEST_STARTER = 200
LONGEST_HELP = 2000
MOST_HELD = 10
MOST_HOURS = 240
#: The panels that a course may leave out; home is always there.
OPTIONAL_PANELS = ("ask", "talk", "peer", "circle", "events", "library", "wins", "pulse")


@dataclass(frozen=True, slots=True)
class CommunitySettings:
    """What holds in one course.

    ``panels`` are those that are left out. ``hold_first``: so many first posts of a newcomer wait for a moderator.
    ``anonymous``: who asks may hide from peers. ``answer_within_hours``: so long (working days only) a question waits
    before the tutors hear of it, 0 for never. ``starters`` are the course's own; ``help_contacts`` (Markdown)
    are shown to somebody whose words speak of harm. ``groups_apart``: each group of the LMS talks among itself.
    """

    panels_off: tuple[str, ...] = ()
    anonymous: bool = True
    answer_within_hours: int = 24
    hold_first: int = 0
    hold_links: bool = True
    groups_apart: bool = False
    starters: tuple[str, ...] = ()
    help_contacts: str = ""


def _own(settings: Mapping[str, Any] | None) -> dict[str, Any]:
    found = (settings or {}).get(KEY)
    return dict(found) if isinstance(found, dict) else {}


def _read(told: Mapping[str, Any]) -> CommunitySettings:
    """Read what was kept; a value of another shape is as if it were not there."""
    default = CommunitySettings()
    kept: dict[str, Any] = {}
    for field in fields(CommunitySettings):
        value, usual = told.get(field.name), getattr(default, field.name)
        if isinstance(usual, tuple) and isinstance(value, list):
            kept[field.name] = tuple(str(one) for one in value)
        elif type(value) is type(usual):
            kept[field.name] = value
    return CommunitySettings(**kept)


def community_from(course: Mapping[str, Any] | None, academy: Mapping[str, Any] | None) -> CommunitySettings:
    """Return what the settings of a course and of its academy together say; the course's own word comes first."""
    return _read({**_own(academy), **_own(course)})


@built
def _settings(context_id: int) -> Select[*tuple[Any, ...]]:
    return (
        select(Context.settings, Academy.settings)
        .join(Deployment, Deployment.id == Context.deployment_id)
        .join(Academy, Academy.id == Deployment.academy_id)
        .where(Context.id == context_id)
    )


def community_of(session: Session, context_id: int) -> CommunitySettings:
    """Return how the community of one course works, in one query."""
    row = read_rows(session, _settings(context_id)).one_or_none()
    return community_from(row[0], row[1]) if row else CommunitySettings()


def save_community(
    session: Session, context_id: int, chosen: CommunitySettings, by_id: int, now: datetime
) -> tuple[str, ...]:
    """Keep what staff chose and return the names of what changed; what equals the academy's word stays unset.

    Raises NotYours for who is not staff of this course.
    """
    member = active_staff(session, by_id, context_id)
    context = session.scalars(select(Context).where(Context.id == context_id).with_for_update(key_share=True)).one()
    before = community_of(session, context_id)
    changed = tuple(one.name for one in fields(chosen) if getattr(chosen, one.name) != getattr(before, one.name))
    if not changed:
        return ()
    own = _own(context.settings)
    for name in changed:
        value = getattr(chosen, name)
        own[name] = list(value) if isinstance(value, tuple) else value
    context.settings = {**(context.settings or {}), KEY: own}
    academy_id = session.scalar(select(Deployment.academy_id).where(Deployment.id == context.deployment_id))
    facts = {name: own[name] for name in changed}
    session.add(
        AuditEntry(
            academy_id=academy_id, context_id=context_id, actor_id=member.person_id, what="community_settings",
            facts=facts, at=now,
        )
    )  # fmt: skip
    session.flush()
    return changed
