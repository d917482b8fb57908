"""Before the course meets: reminders, and seats for those who wait. Twice, or twice at once, does no harm."""

from __future__ import annotations

from lti_app.house import House
from lti_app.store import reminders


def remind_due(house: House) -> int:
    """Remind whoever is to be reminded now, and return how many heard of something."""
    now = house.clock.now()
    with house.db.reading() as session:
        due, room = reminders.due(session, now), reminders.with_room(session, now)
    told = 0
    # One transaction a meeting: nobody waits for the whole of them.
    for event_id, which in due:
        with house.db.writing() as session:
            told += reminders.remind(session, event_id, which, now)
    for event_id in room:
        with house.db.writing() as session:
            told += reminders.fill(session, event_id, now)
    return told
