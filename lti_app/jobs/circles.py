"""What is looked after before each sweep: helpers who are gone, and circles to propose, to fill and to end."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime
from zlib import crc32

from engagement.circles import form_circles
from lti_app.house import House
from lti_app.store.circle_changes import clear_away, save_gatherings
from lti_app.store.circle_values import anybody_waits, circle_facts
from lti_app.store.cohorts import load_cohort
from lti_app.store.leavers import anybody_gone, release_gone
from lti_app.store.sweep_changes import one_sweep_at_a_time

log = logging.getLogger("regista.circles")


@dataclass(frozen=True, slots=True)
class Tended:
    """What changed: matches whose helper is gone, invitations made, circles and invitations that came to their end."""

    released: int = 0
    invited: int = 0
    cleared: int = 0


def tend_company(house: House, context_id: int, now: datetime) -> Tended:
    """Look after the matches and circles of one course; it may run twice, or twice at once."""
    # SQLite has one writer: whoever only looks must not wait for it.
    with house.db.reading() as session:
        gone, waits = anybody_gone(session, context_id), anybody_waits(session, context_id)
    released = 0
    if gone:
        with house.db.writing() as session:
            released = release_gone(session, context_id, now)
    if not waits:
        return Tended(released)
    with house.db.writing() as session:
        cleared = clear_away(session, context_id, now)
    with house.db.reading() as session:
        cohort = load_cohort(session, context_id, now)
        facts = circle_facts(session, cohort, now)
    # The same all day, as in a sweep.
    seed = crc32(f"circles:{context_id}:{now.date().isoformat()}".encode())
    gatherings = form_circles(
        facts.seekers, facts.standing, facts.activities, now, seed, same_group_only=cohort.same_group_only
    )
    with house.db.writing() as session:
        one_sweep_at_a_time(session, context_id)
        invited = save_gatherings(session, context_id, gatherings, now)
    tended = Tended(released, invited, cleared)
    log.info("tended course %s: %s", context_id, tended)
    return tended
