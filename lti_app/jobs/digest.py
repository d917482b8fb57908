"""Digests that are due, put into the outbox a portion at a time."""

from __future__ import annotations

import logging
from datetime import datetime

from lti_app.house import House
from lti_app.store import digest_plans

log = logging.getLogger("regista.digest")
# One transaction a portion: pages that write wait no longer than one takes. What is left is the next tick's.
PORTION = 200
PORTIONS = 5


def make_digests(house: House, now: datetime) -> int:
    """Put the digests that are due into the outbox and return how many; harmless however often it runs."""
    people = made = 0
    for _ in range(PORTIONS):
        with house.db.reading() as session:
            if not digest_plans.any_due(session, now):
                break
        with house.db.writing() as session:
            seen, new = digest_plans.make_due(session, now, limit=PORTION, has_mail=bool(house.settings.smtp_url))
        people, made = people + seen, made + new
    if people:
        log.info("%s digests for %s people who were due", made, people)
    return made
