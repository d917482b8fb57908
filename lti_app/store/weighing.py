"""Somebody comes to a place that is known and as it was: for the first time, or for the first time today.

Everything that a launch in full would weigh (launches.py) is seen in one look (place.py). Where the place and the
person are as the launch says, only what is new is written: a day, times, the words, and whoever was not there yet.
Where anything differs it is recorded in full. Nobody is refused here, unless their state was used.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from lti_app.claim_fields import BadLaunch
from lti_app.claims import Launch
from lti_app.driver import Driver
from lti_app.store.arrivals import api_id_of, local_day
from lti_app.store.consumed import to_consume
from lti_app.store.keeping import keep
from lti_app.store.place import look_at, member_differs, person_differs, person_said, place_differs
from lti_app.store.recorded import Recorded, kept_role, locale_of, role_in, shown_role
from lti_app.store.registrations import KnownPlatform
from lti_app.store.times import times_at


def weigh(
    driver: Driver, platform: KnownPlatform, launch: Launch, *, state_id: str, panel: str, words: str, now: datetime
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
        kept = keep(driver, _values(row, launch, kept_role(role), state_id, words, now))
    except driver.dialect.loaded_dbapi.IntegrityError:
        # Somebody else was faster: what was seen is no longer so.
        return None
    if kept is None:
        raise BadLaunch("state_used", "the state was used before")
    person_id, member_id = kept
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


def _values(row: Any, launch: Launch, role: str, state_id: str, words: str, now: datetime) -> dict[str, Any]:
    """Return all that is to be written."""
    person = {"registration_id": row.id, "id_on_platform": launch.sub, "api_id": api_id_of(row, launch)}
    member = {"context_id": row.course_id, "role": role, "raw_roles": list(launch.roles)}
    return {
        **to_consume(state_id),
        **times_at(now),
        **{f"person_{name}": value for name, value in {**person, **person_said(launch)}.items()},
        **{f"membership_{name}": value for name, value in member.items()},
        "course": row.course_id,
        "link": row.link_id,
        "person": row.person_id,
        "membership": row.member_id,
        "today": local_day(now, row.course_time_zone, row.academy_time_zone),
        "words": words,
    }
