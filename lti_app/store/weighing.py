"""Somebody comes to a place that is known and as it was: for the first time, or for the first time today.

Everything that a launch in full would weigh (launches.py) is seen in one look (place.py). Where the place and the
person are as the launch says, only what is new is written: a day, times, the words, and whoever was not there yet.
Where anything differs it is recorded in full. Nobody is refused here, unless their state was used.
"""

from __future__ import annotations

from datetime import datetime
from types import SimpleNamespace
from typing import Any

from sqlalchemy import bindparam, delete
from sqlalchemy.dialects import postgresql, sqlite

from lti_app.claim_fields import BadLaunch
from lti_app.claims import Launch
from lti_app.driver import Driver, Statement
from lti_app.models import ActiveDay, Arrival, Membership, Person
from lti_app.store.arrivals import api_id_of, local_day
from lti_app.store.consumed import consume_by
from lti_app.store.place import look_at, member_differs, person_differs, person_said, place_differs
from lti_app.store.proofs import LAUNCH
from lti_app.store.recorded import Recorded, kept_role, locale_of, role_in, shown_role
from lti_app.store.registrations import KnownPlatform
from lti_app.store.returning import words_of
from lti_app.store.times import ONE_BY_ONE, times_of


class _GiveUp(Exception):
    """Somebody else was faster: what was seen is no longer so."""


def _both(make: Any) -> dict[str, Statement]:
    return {"sqlite": Statement(make(sqlite.insert)), "postgresql": Statement(make(postgresql.insert))}


def _adding(model: Any, *names: str) -> dict[str, Statement]:
    """Return an INSERT of these columns that gives the new row's id, or no row where a key was taken."""
    values: Any = {name: bindparam(name, type_=model.__table__.c[name].type) for name in names}
    return _both(
        lambda insert: insert(model.__table__).values(values).on_conflict_do_nothing().returning(model.__table__.c.id)
    )


_PERSON = _adding(
    Person, "registration_id", "id_on_platform", "api_id", "name", "given_name", "family_name", "email", "picture",
    "locale", "time_zone", "created_at", "seen_at",
)  # fmt: skip
_MEMBERSHIP = _adding(
    Membership, "context_id", "person_id", "role", "raw_roles", "state", "settings", "never_accessed", "created_at",
    "launched_at",
)  # fmt: skip
_DAY = _both(
    lambda insert: (
        insert(ActiveDay)
        .values(membership_id=bindparam("member"), day=bindparam("today"), proofs=LAUNCH)
        .inline()
        .on_conflict_do_update(
            index_elements=["membership_id", "day"], set_={"proofs": ActiveDay.proofs.bitwise_or(LAUNCH)}
        )
    )
)
_OTHER_WORDS = Statement(
    delete(Arrival).where(
        Arrival.membership_id == bindparam("member"),
        Arrival.resource_link_id == bindparam("link"),
        Arrival.words != bindparam("said"),
    )
)
_KEPT: dict[str, Any] = {"day": bindparam("today"), "weighed_at": bindparam("now")}
_ROWS: dict[str, Any] = {"membership_id": bindparam("member"), "resource_link_id": bindparam("link")}
_WORDS = _both(
    lambda insert: (
        insert(Arrival)
        .values(words=bindparam("said"), **_KEPT, **_ROWS)
        .inline()
        .on_conflict_do_update(index_elements=["words"], set_={**_KEPT, **_ROWS})
    )
)


def weigh(
    driver: Driver, platform: KnownPlatform, launch: Launch, *, state_id: str, panel: str, now: datetime
) -> Recorded | None:
    """Record such a launch, or return None, and nothing was written, where it must be recorded in full.

    Raises BadLaunch when the state was used before. ``now`` is the community's time.
    """
    row = look_at(driver, platform, launch)
    if row is None or place_differs(row, platform, launch, panel) or person_differs(row, launch):
        return None
    role = role_in(row.academy_settings, launch)
    if member_differs(row, launch, kept_role(role)):
        return None
    try:
        with driver.together():
            if not consume_by(driver, state_id):
                raise BadLaunch("state_used", "the state was used before")
            person_id, member_id = _write(driver, row, launch, kept_role(role), now)
            said = words_of(platform.id, launch, panel)
            _keep(driver, member_id, row, said, now)
    except _GiveUp:
        return None
    return Recorded(
        registration_id=platform.id,
        deployment_id=row.deployment_id,
        academy_id=row.deployment_academy_id,
        person_id=person_id,
        context_id=row.course_id,
        membership_id=member_id,
        resource_link_id=row.link_id,
        role=shown_role(role, launch),
        locale=locale_of(launch, row.academy_locale),
        student_view=False,
    )


def _write(driver: Driver, row: Any, launch: Launch, role: str, now: datetime) -> tuple[int, int]:
    """Write the times of what is there, in the order in which everybody locks it, and make what is not."""
    times = times_of(
        SimpleNamespace(
            sync_due_at=row.sync_due_at, synced_at=row.synced_at, sync_claimed_until=row.sync_claimed_until,
            context_id=row.course_id, course_launched_at=row.course_launched_at,
            resource_link_id=row.link_id, link_launched_at=row.link_launched_at,
            person_id=row.person_id or 0, seen_at=None, membership_id=row.member_id or 0, launched_at=None,
        ), now,
    )  # fmt: skip
    person_id, member_id = row.person_id, row.member_id
    for name, statement in ONE_BY_ONE:
        if times[name]:
            driver.run(statement, times)
        elif name == "person" and person_id is None:
            api_id = api_id_of(row, launch)
            ids = {"registration_id": row.id, "id_on_platform": launch.sub, "api_id": api_id}
            person_id = _add(driver, _PERSON, {**ids, **person_said(launch), "created_at": now, "seen_at": now})
        elif name == "membership" and member_id is None:
            ids = {"context_id": row.course_id, "person_id": person_id}
            facts = {"role": role, "raw_roles": list(launch.roles), "state": "active", "settings": {}}
            seen = {"never_accessed": False, "created_at": now, "launched_at": now}
            member_id = _add(driver, _MEMBERSHIP, {**ids, **facts, **seen})
    return person_id, member_id


def _add(driver: Driver, statement: dict[str, Statement], values: dict[str, Any]) -> int:
    made = driver.one(statement[driver.dialect.name], values)
    if made is None:
        raise _GiveUp
    return int(made.id)


def _keep(driver: Driver, member_id: int, row: Any, said: str, now: datetime) -> None:
    """Note the day, and what was said, so that the next launch of this day is only a look."""
    today = local_day(now, row.course_time_zone, row.academy_time_zone)
    values = {"member": member_id, "link": row.link_id, "said": said, "today": today, "now": now}
    driver.run(_DAY[driver.dialect.name], values)
    if row.member_id is not None:
        driver.run(_OTHER_WORDS, values)
    driver.run(_WORDS[driver.dialect.name], values)
