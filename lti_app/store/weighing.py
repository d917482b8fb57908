"""Somebody comes to a place that is known and as it was: for the first time, or for the first time today.

Everything that a launch in full would weigh (launches.py) is seen in one look (place.py). Where the place and the
person are as the launch says, only what is new is written: a day, times, the words, and whoever was not there yet.
Where anything differs it is recorded in full. Nobody is refused here, unless their state was used.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from lti_app.claim_fields import BadLaunch
from lti_app.claims import Launch
from lti_app.driver import Driver
from lti_app.store.arrivals import api_id_of, end_of_day, local_day
from lti_app.store.consumed import to_consume
from lti_app.store.keeping import keep
from lti_app.store.place import look_at, member_differs, person_differs, person_said, place_differs
from lti_app.store.recorded import Recorded, kept_role, locale_of, role_in, shown_role
from lti_app.store.registrations import KnownPlatform
from lti_app.store.returning import WEIGHED_AGAIN, Arrivals, Seen, come_back
from lti_app.store.times import times_at


def weigh(
    driver: Driver, platform: KnownPlatform, launch: Launch, *, arrivals: Arrivals, state_id: str, panel: str,
    words: str, now: datetime,
) -> Recorded | None:  # fmt: skip
    """Record such a launch, or return None, and nothing was written, where it must be recorded in full.

    Raises BadLaunch when the state was used before. ``now`` is the community's time.
    """
    row = look_at(driver, platform, launch)
    if row is None or place_differs(row, platform, launch, panel) or person_differs(row, launch):
        return None
    role = role_in(row.academy_settings, launch)
    if member_differs(row, launch, kept_role(role)):
        return None
    today = local_day(now, row.course_time_zone, row.academy_time_zone)
    if row.arrival_words == words and row.arrival_day == today:
        # Only this process has not seen it yet: the same words on the same day.
        arrivals.keep(words, _seen(row, platform, launch, role, today, row.arrival_weighed_at))
        found = come_back(driver, platform, arrivals=arrivals, state_id=state_id, words=words, now=now)
        if found is not None:
            return found
    try:
        kept = keep(driver, _values(row, launch, kept_role(role), state_id, words, today, now))
    except driver.dialect.loaded_dbapi.IntegrityError:
        # Somebody else was faster: what was seen is no longer so.
        return None
    if kept is None:
        raise BadLaunch("state_used", "the state was used before")
    row.person_id, row.member_id = kept
    seen = _seen(row, platform, launch, role, today, now)
    arrivals.keep(words, seen)
    return seen.recorded


def _seen(row: Any, platform: KnownPlatform, launch: Launch, role: str, day: date, since: datetime) -> Seen:
    """Return what was seen and what the launch comes to, for the next time."""
    values = {
        "membership": row.member_id, "person": row.person_id, "course": row.course_id, "link": row.link_id,
        "deployment": row.deployment_id, "academy": row.deployment_academy_id, "registration": row.id,
        "day": day, "role": kept_role(role),
        "issuer": row.issuer, "client_id": row.client_id, "jwks_url": row.jwks_url,
        "locale": row.academy_locale, "academy_zone": row.academy_time_zone,
        "zone": row.course_time_zone, "activity": row.link_activity_id, "managers": row.managers,
    }  # fmt: skip
    recorded = Recorded(
        registration_id=platform.id,
        deployment_id=row.deployment_id,
        academy_id=row.deployment_academy_id,
        person_id=row.person_id,
        context_id=row.course_id,
        membership_id=row.member_id,
        resource_link_id=row.link_id,
        role=shown_role(role, launch),
        locale=locale_of(launch, row.academy_locale),
        student_view=False,
    )
    over = end_of_day(day, row.course_time_zone, row.academy_time_zone)
    return Seen(platform, values, recorded, since, min(since + WEIGHED_AGAIN, over))


def _values(
    row: Any, launch: Launch, role: str, state_id: str, words: str, today: date, now: datetime
) -> dict[str, Any]:
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
        "today": today,
        "words": words,
    }
