"""Somebody comes back and their platform says what it said last time: one look, and only times are written.

All that a launch says is kept as a digest beside its membership and its place. Where the digest is the same, the rows
hold it already; whatever the rest of the house may have changed meanwhile (a role, a switched-off deployment, a new
day) is read in the same look, and where anything differs the launch is recorded in full (store/launches.py).
"""

from __future__ import annotations

import hashlib
from dataclasses import fields
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from lti_app.claim_fields import BadLaunch
from lti_app.claims import Launch
from lti_app.driver import Driver, Statement
from lti_app.models import Academy, Arrival, Context, Deployment, Membership, Person, Registration, ResourceLink
from lti_app.store.arrivals import local_day
from lti_app.store.origins import keepable, origin_of
from lti_app.store.recorded import Recorded, kept_role, locale_of, role_in, shown_role
from lti_app.store.registrations import KnownPlatform
from lti_app.store.times import move_on, times_of

# After so long a launch is weighed anew although it says the same: our own side may have learned something meanwhile.
WEIGHED_AGAIN = timedelta(hours=1)
_SAID = tuple(field.name for field in fields(Launch) if field.name != "return_url")


def words_of(registration_id: int, launch: Launch, panel: str) -> str:
    """Return the digest of all that a launch says, without what changes each time (Moodle's return address)."""
    back = launch.return_url
    said = [panel, keepable(back), origin_of(back) if back else None, *(getattr(launch, name) for name in _SAID)]
    return hashlib.sha256(repr((registration_id, said)).encode()).hexdigest()


_LOOK = Statement(
    select(
        Arrival.day,
        Arrival.weighed_at,
        Membership.id.label("membership_id"),
        Membership.state,
        Membership.never_accessed,
        Membership.role,
        Membership.launched_at,
        Person.id.label("person_id"),
        Person.seen_at,
        Context.id.label("context_id"),
        Context.time_zone,
        Context.launched_at.label("course_launched_at"),
        Context.sync_due_at,
        Context.synced_at,
        Context.sync_claimed_until,
        ResourceLink.id.label("resource_link_id"),
        ResourceLink.launched_at.label("link_launched_at"),
        ResourceLink.activity_id,
        Deployment.id.label("deployment_id"),
        Deployment.status.label("deployment_status"),
        Registration.id.label("registration_id"),
        Registration.status.label("registration_status"),
        Registration.issuer,
        Registration.client_id,
        Registration.jwks_url,
        Academy.id.label("academy_id"),
        Academy.settings,
        Academy.locale,
        Academy.time_zone.label("academy_time_zone"),
    )
    .join(Membership, Membership.id == Arrival.membership_id)
    .join(Person, Person.id == Membership.person_id)
    .join(Context, Context.id == Membership.context_id)
    .join(ResourceLink, ResourceLink.id == Arrival.resource_link_id)
    .join(Deployment, Deployment.id == Context.deployment_id)
    .join(Academy, Academy.id == Deployment.academy_id)
    .join(Registration, Registration.id == Deployment.registration_id)
    # Nothing else is asked for here: a planner that knows little would look at a platform's whole course first.
    .where(Arrival.words == bindparam("words"))
)


def may_come_back(launch: Launch) -> bool:
    """Return whether this kind of launch leaves words behind: a person at a place in a course."""
    return launch.course is not None and launch.link is not None and bool(launch.sub) and not launch.student_view


def come_back(
    driver: Driver, platform: KnownPlatform, launch: Launch, *, state_id: str, panel: str, now: datetime
) -> Recorded | None:
    """Record the launch of somebody who comes back with the same words, or return None where it must be weighed.

    Raises BadLaunch when the state was used before. ``now`` is the community's time.
    """
    row = driver.one(_LOOK, {"words": words_of(platform.id, launch, panel)})
    if row is None or now - row.weighed_at > WEIGHED_AGAIN or not _is_open(row, platform):
        return None
    if launch.custom.get("activity") and row.activity_id is None:
        # A sync may have learned since then which activity it is.
        return None
    role = role_in(row.settings, launch)
    if row.role != kept_role(role):
        return None
    if row.day != local_day(now, row.time_zone, row.academy_time_zone):
        return None
    if not move_on(driver, state_id, times_of(row, now)):
        raise BadLaunch("state_used", "the state was used before")
    return Recorded(
        registration_id=platform.id,
        deployment_id=row.deployment_id,
        academy_id=row.academy_id,
        person_id=row.person_id,
        context_id=row.context_id,
        membership_id=row.membership_id,
        resource_link_id=row.resource_link_id,
        role=shown_role(role, launch),
        locale=locale_of(launch, row.locale),
        student_view=False,
    )


def _is_open(row: Any, platform: KnownPlatform) -> bool:
    """Return whether the registration is the one that was checked, and nothing on the way here is switched off."""
    checked = (platform.id, platform.issuer, platform.client_id, platform.jwks_url, "active", "active", "active")
    there = (row.registration_id, row.issuer, row.client_id, row.jwks_url)
    states = (row.registration_status, row.deployment_status, row.state)
    return (*there, *states) == checked and row.never_accessed is not True


def keep_words(session: Session, recorded: Recorded, launch: Launch, panel: str, day: date, now: datetime) -> None:
    """Keep what a launch said that was just recorded in full."""
    ids = {"membership_id": recorded.membership_id, "resource_link_id": recorded.resource_link_id}
    if None in ids.values():
        return
    words = words_of(recorded.registration_id, launch, panel)
    make = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    row = {"words": words, **ids, "day": day, "weighed_at": now}
    session.execute(
        delete(Arrival).where(
            Arrival.membership_id == recorded.membership_id,
            Arrival.resource_link_id == recorded.resource_link_id,
            Arrival.words != words,
        )
    )
    fresh = {"day": day, "weighed_at": now, **ids}
    session.execute(make(Arrival).values(row).on_conflict_do_update(index_elements=["words"], set_=fresh))
