"""Ask platforms that offer it to tell us when a course is copied."""

from __future__ import annotations

import logging

from lms_clients.advantage.notices import register_handler
from lms_clients.errors import LmsError, NextStep
from lti_app.claims import COPY_NOTICE
from lti_app.house import House
from lti_app.services import services_of
from lti_app.store.notices import handlers_due, note_handler

log = logging.getLogger(__name__)
# After these the same question may find another answer later.
AGAIN = frozenset({NextStep.WAIT, NextStep.TRY_AGAIN, NextStep.PAUSE_PLATFORM, NextStep.REFRESH_TOKEN})


def register_handlers(house: House, registration_id: int) -> int:
    """Register our address for copied courses where a launch offered it, and return how many took it.

    A platform that refuses is asked no more: launches recognise copies as well.
    """
    with house.db.reading() as session:
        due = handlers_due(session, registration_id)
    if not due:
        return 0
    taken, services = 0, services_of(house, registration_id)
    try:
        for deployment_id, url in due:
            state = "done"
            try:
                register_handler(services, url, COPY_NOTICE, f"{house.settings.public_url}/lti/notices")
                taken += 1
            except LmsError as e:
                log.info("no notices from registration %s: %s: %s", registration_id, e.kind, e.detail)
                if e.next_step in AGAIN:
                    continue
                state = "refused"
            with house.db.writing() as session:
                note_handler(session, deployment_id, state)
    finally:
        services.close()
    return taken
