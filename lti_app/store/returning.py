"""Somebody comes back and their platform says what it said last time: only times are written, by one statement.

All that a launch says is kept as a digest beside its membership and its place. Where the digest is the same, the rows
hold it already. What else a launch depends on (a role, a switched-off deployment, a new day) was seen by an earlier
look, and the statement that writes says all of it once more: where anything has changed meanwhile it touches nothing,
and the launch is weighed (store/weighing.py) or recorded in full (store/launches.py).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import delete
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from lti_app.claim_fields import BadLaunch
from lti_app.claims import Launch
from lti_app.driver import Driver
from lti_app.models import Arrival
from lti_app.recent import Recent
from lti_app.store.consumed import to_consume
from lti_app.store.origins import keepable, origin_of
from lti_app.store.recorded import Recorded
from lti_app.store.registrations import KnownPlatform
from lti_app.store.still_so import move_on
from lti_app.store.times import times_at

# After so long a launch is weighed anew although it says the same: our own side may have learned something meanwhile.
WEIGHED_AGAIN = timedelta(hours=1)
_SAID = tuple(field.name for field in fields(Launch) if field.name != "return_url")


@dataclass(frozen=True, slots=True)
class Seen:
    """What a look at somebody's place found, by the names of `still_so`, and what their launch came to.

    It holds from ``since`` ``until`` the day ends there, and for an hour at most.
    """

    platform: KnownPlatform
    values: Mapping[str, Any]
    recorded: Recorded
    since: datetime
    until: datetime


#: What one process saw at its last look, by the digest of what was said.
Arrivals = Recent[str, Seen]


def words_of(registration_id: int, launch: Launch, panel: str) -> str:
    """Return the digest of all that a launch says, without what changes each time (Moodle's return address)."""
    back = launch.return_url
    said = [panel, keepable(back), origin_of(back) if back else None, *(getattr(launch, name) for name in _SAID)]
    return hashlib.sha256(repr((registration_id, said)).encode()).hexdigest()


def may_come_back(launch: Launch) -> bool:
    """Return whether this kind of launch leaves words behind: a person at a place in a course."""
    return launch.course is not None and launch.link is not None and bool(launch.sub) and not launch.student_view


def come_back(
    driver: Driver, platform: KnownPlatform, *, arrivals: Arrivals, state_id: str, words: str, now: datetime
) -> Recorded | None:
    """Record the launch of somebody who comes back with the same ``words``, or return None where it must be weighed.

    Raises BadLaunch when the state was used before. ``now`` is the community's time.
    """
    seen = arrivals.get(words)
    if seen is None:
        return None
    if seen.since <= now < seen.until and (seen.platform is platform or seen.platform == platform):
        values = {**seen.values, "words": words, **to_consume(state_id), **times_at(now)}
        is_so, was_good = move_on(driver, values)
        if is_so and not was_good:
            raise BadLaunch("state_used", "the state was used before")
        if is_so:
            return seen.recorded
    arrivals.forget(words)
    return None


def keep_words(session: Session, recorded: Recorded, words: str, day: date, now: datetime) -> None:
    """Keep what a launch said that was just recorded in full."""
    ids = {"membership_id": recorded.membership_id, "resource_link_id": recorded.resource_link_id}
    if None in ids.values():
        return
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
