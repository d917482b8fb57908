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

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from lti_app.claim_fields import BadLaunch
from lti_app.claims import Launch
from lti_app.driver import Driver, Statement
from lti_app.models import Academy, Arrival, Context, Deployment, Membership, Person, Registration, ResourceLink
from lti_app.store.arrivals import FRESH, due_for_sync, keepable, local_day
from lti_app.store.consumed import consume_by
from lti_app.store.origins import origin_of
from lti_app.store.recorded import Recorded, kept_role, locale_of, role_in, shown_role
from lti_app.store.registrations import KnownPlatform

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
    .where(
        Arrival.words == bindparam("words"),
        Membership.state == "active",
        Membership.never_accessed.is_not(True),
        Deployment.status == "active",
        Registration.status == "active",
        Registration.id == bindparam("registration"),
        Registration.issuer == bindparam("issuer"),
        Registration.client_id == bindparam("client_id"),
        Registration.jwks_url == bindparam("jwks_url"),
    )
)
_MEMBERSHIP = Statement(
    update(Membership).where(Membership.id == bindparam("row")).values(launched_at=bindparam("now"))
)
_PERSON = Statement(update(Person).where(Person.id == bindparam("row")).values(seen_at=bindparam("now")))
_LINK = Statement(update(ResourceLink).where(ResourceLink.id == bindparam("row")).values(launched_at=bindparam("now")))
_COURSE = Statement(
    update(Context)
    .where(Context.id == bindparam("row"))
    .values(launched_at=bindparam("now"), sync_due_at=bindparam("due"))
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
    asked = {
        "words": words_of(platform.id, launch, panel),
        "registration": platform.id,
        "issuer": platform.issuer,
        "client_id": platform.client_id,
        "jwks_url": platform.jwks_url,
    }
    row = driver.one(_LOOK, asked)
    if row is None or now - row.weighed_at > WEIGHED_AGAIN:
        return None
    if launch.custom.get("activity") and row.activity_id is None:
        # A sync may have learned since then which activity it is.
        return None
    role = role_in(row.settings, launch)
    if row.role != kept_role(role):
        return None
    if row.day != local_day(now, row.time_zone, row.academy_time_zone):
        return None
    if not consume_by(driver, state_id):
        raise BadLaunch("state_used", "the state was used before")
    _write_times(driver, row, now)
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


def _write_times(driver: Driver, row: Any, now: datetime) -> None:
    def old(moment: datetime | None) -> bool:
        return moment is None or now - moment >= FRESH

    # The course first: whoever records a launch in full locks it before its people.
    due = due_for_sync(row.sync_due_at, row.synced_at, row.sync_claimed_until, now)
    if old(row.course_launched_at) or due != row.sync_due_at:
        launched_at = now if old(row.course_launched_at) else row.course_launched_at
        driver.run(_COURSE, {"row": row.context_id, "now": launched_at, "due": due})
    for statement, row_id, moment in (
        (_LINK, row.resource_link_id, row.link_launched_at),
        (_PERSON, row.person_id, row.seen_at),
        (_MEMBERSHIP, row.membership_id, row.launched_at),
    ):
        if old(moment):
            driver.run(statement, {"row": row_id, "now": now})


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
