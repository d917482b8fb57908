"""Ask the LMS what became of messages whose answer was lost: nobody is written to twice, and nobody goes without."""

from __future__ import annotations

import logging
from collections.abc import Callable

from lms_clients.base import Delivery, DeliveryState, LmsClient, Message
from lms_clients.errors import LmsError
from lms_clients.records import CourseRef
from lti_app.house import House
from lti_app.store.doubts import Doubt, next_doubt, settle_doubt

log = logging.getLogger("regista.deliver")
Connect = Callable[[House, int], LmsClient]
MOST = 50
STATES = {
    DeliveryState.SENT: "sent",
    DeliveryState.REFUSED: "not_sent",
    DeliveryState.UNSUPPORTED: "unsure",
}


def read_back(house: House, connect: Connect) -> int:
    """Look up messages in doubt and return how many were settled; any number of workers may run it at once.

    What could not be asked or told this time is asked again with the next pass.
    """
    settled, after = 0, 0
    for _ in range(MOST):
        with house.db.reading() as session:
            doubt = next_doubt(session, house.clock.now(), after=after)
        if doubt is None:
            break
        after = doubt.delivery_id
        found = _look(house, doubt, connect)
        state = STATES.get(found.state)
        if state is None:
            continue
        with house.db.writing() as session:
            settled += settle_doubt(session, doubt.delivery_id, state, house.clock.now(), lms_id=found.lms_id)
        log.info("message %s, in doubt until now: %s", doubt.out.key, state)
    return settled


def _look(house: House, doubt: Doubt, connect: Connect) -> Delivery:
    out = doubt.out
    course = CourseRef(api_id=out.context_api_id, lti_context_id=out.lti_context_id)
    message = Message((out.to_api_id,), doubt.subject, doubt.body, course, out.key, out.sender_api_id)
    try:
        client = connect(house, out.registration_id)
        try:
            return client.find_message(message, doubt.since)
        finally:
            client.close()
    except LmsError as error:
        log.warning("message %s cannot be looked up now: %s", out.key, error)
        return Delivery(out.to_api_id, DeliveryState.UNKNOWN, reason=error.kind)
