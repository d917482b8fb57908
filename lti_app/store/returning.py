"""Somebody comes back and their platform says what it said last time: one look, and only times are written.

All that a launch says is kept as a digest beside its membership and its place. Where the digest is the same, the rows
hold it already; whatever the rest of the house may have changed meanwhile (a role, a switched-off deployment, a new
day) is read in the same look, and where anything differs the launch is recorded in full (store/launches.py).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import fields
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, delete, exists, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from lti_app.claim_fields import BadLaunch
from lti_app.claims import Launch
from lti_app.driver import Driver, Statement
from lti_app.models import Academy, Arrival, Context, Deployment, Membership, Person, Registration, ResourceLink
from lti_app.store.arrivals import FRESH, due_for_sync, keepable, local_day
from lti_app.store.consumed import consume_by, consuming, to_consume
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
_COURSE = (
    update(Context)
    .where(Context.id == bindparam("course"))
    .values(launched_at=bindparam("course_at"), sync_due_at=bindparam("due"))
)
_LINK = update(ResourceLink).where(ResourceLink.id == bindparam("link")).values(launched_at=bindparam("now"))
_PERSON = update(Person).where(Person.id == bindparam("person")).values(seen_at=bindparam("now"))
_MEMBERSHIP = update(Membership).where(Membership.id == bindparam("membership")).values(launched_at=bindparam("now"))
# The course first: whoever records a launch in full locks it before its people.
_TIMES = (("course", _COURSE), ("link", _LINK), ("person", _PERSON), ("membership", _MEMBERSHIP))
_ONE_BY_ONE = tuple((name, Statement(change)) for name, change in _TIMES)


def _all_at_once() -> Statement:
    """Use up the state and write all times in one statement, which PostgreSQL does entirely or not at all.

    Each part waits for the one before, for otherwise the database chooses the order, and two launches of one course
    could wait for each other. Without the state nothing is touched.
    """
    used = consuming()
    before = used
    for name, change in _TIMES:
        here = select(func.count()).select_from(before).scalar_subquery()
        change = change.where(exists(select(used.c.state)), here >= 0)
        before = change.returning(change.table.c.id).cte(f"{name}_row")
    return Statement(select(used.c.state).add_cte(before))


_AT_ONCE = _all_at_once()


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
    if not _write(driver, state_id, _times(row, now)):
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


def _times(row: Any, now: datetime) -> dict[str, Any]:
    """Return the rows that are to have new times, at most once a minute each; None where the old time is new enough."""

    def old(moment: datetime | None) -> bool:
        return moment is None or now - moment >= FRESH

    due = due_for_sync(row.sync_due_at, row.synced_at, row.sync_claimed_until, now)
    stale = old(row.course_launched_at)
    return {
        "now": now,
        "due": due,
        "course_at": now if stale else row.course_launched_at,
        "course": row.context_id if stale or due != row.sync_due_at else None,
        "link": row.resource_link_id if old(row.link_launched_at) else None,
        "person": row.person_id if old(row.seen_at) else None,
        "membership": row.membership_id if old(row.launched_at) else None,
    }


def _write(driver: Driver, state_id: str, times: Mapping[str, Any]) -> bool:
    """Use up the state and write the times; False, and nothing is written, when the state was used before."""
    if driver.dialect.name == "postgresql":
        return driver.one(_AT_ONCE, {**to_consume(state_id), **times}) is not None
    if not consume_by(driver, state_id):
        return False
    for name, statement in _ONE_BY_ONE:
        if times[name] is not None:
            driver.run(statement, times)
    return True


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
