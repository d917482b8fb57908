"""Send what is due, each once: claim, write down, send, record."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from lms_clients.base import Delivery, DeliveryState, LmsClient, Message
from lms_clients.errors import LmsError, Maintenance, Throttled, TokenExpired
from lms_clients.records import CourseRef
from lti_app.house import House
from lti_app.jobs.connections import client_for
from lti_app.jobs.digest_words import digest_html
from lti_app.jobs.mail import Mail, MailNotSent
from lti_app.jobs.mail import send as send_mail
from lti_app.jobs.message_words import words_for
from lti_app.jobs.reading_back import read_back
from lti_app.stopping import stop_address
from lti_app.store import outbox
from lti_app.store.channels import CONSOLE, EMAIL, group_of
from lti_app.store.outgoing import Outgoing

log = logging.getLogger("regista.deliver")
Connect = Callable[[House, int], LmsClient]
# With these nothing has left: the same message may go later.
NOT_LEFT = (Throttled, Maintenance, TokenExpired, MailNotSent)
LATER = timedelta(minutes=15)
MOST = 500


@dataclass(frozen=True, slots=True)
class DeliverSummary:
    """What one pass did; ``unsure`` are messages of which nobody knows whether they left (the panel shows them).

    ``settled`` are earlier ones of which the LMS has told by now.
    """

    shown: int = 0
    sent: int = 0
    refused: int = 0
    unsure: int = 0
    later: int = 0
    dropped: int = 0
    settled: int = 0


def deliver_due(house: House, *, connect: Connect = client_for) -> DeliverSummary:
    """Send every prompt that is due and return what became of them; needs an application context for the words.

    Any number of workers may run it at once. One that dies in the middle leaves a row that says so.
    """
    counts = dict.fromkeys(("shown", "sent", "refused", "unsure", "later", "dropped"), 0)
    with house.db.writing() as session:
        counts["shown"] = outbox.show_in_panel(session, house.clock.now())
    settled = read_back(house, connect)
    resting: set[str] = set()
    # Each prompt leaves the due ones in its turn; the bound stops a bug from turning for ever.
    for _ in range(MOST):
        machine = datetime.now(UTC)
        with house.db.reading() as session:
            prompt_id = outbox.next_due(session, house.clock.now(), machine, resting)
        if prompt_id is None:
            break
        with house.db.writing() as session:
            until = outbox.claim(session, prompt_id, machine)
        if until is not None:
            counts[_deliver(house, prompt_id, until, connect, resting)] += 1
    summary = DeliverSummary(**counts, settled=settled)
    log.info("delivered %s", summary)
    return summary


def _deliver(house: House, prompt_id: int, until: datetime, connect: Connect, resting: set[str]) -> str:
    with house.db.writing() as session:
        out = outbox.begin(session, prompt_id, until, house.clock.now())
        if isinstance(out, str):
            return out
        stop = stop_address(out.to_id, group_of(out.kind), house.settings)
        subject, body = words_for(out, stop)
        outbox.keep_words(session, prompt_id, out.channel, subject, body)
    try:
        delivery = _send(house, out, subject, body, stop, connect)
    except NOT_LEFT as error:
        told = error.retry_after if isinstance(error, LmsError) else None
        wait = timedelta(seconds=told) if told else LATER
        log.warning("message %s goes later: %s", out.key, error)
        if isinstance(error, MailNotSent):
            # One mail server serves all: the others need not wait for it in turn.
            resting.add(EMAIL)
        with house.db.writing() as session:
            outbox.give_back(session, prompt_id, out.channel, house.clock.now() + wait)
        return "later"
    except LmsError as error:
        delivery = Delivery(out.to_api_id, DeliveryState.REFUSED, reason=error.kind)
    return _record(house, out, delivery)


def _send(house: House, out: Outgoing, subject: str, body: str, stop: str, connect: Connect) -> Delivery:
    if out.channel == CONSOLE:
        log.info("message %s to %s\n%s\n\n%s", out.key, out.to_api_id, subject, body)
        return Delivery(out.to_api_id, DeliveryState.SENT)
    if out.channel == EMAIL:
        if not house.settings.smtp_url:
            return Delivery(out.to_email, DeliveryState.REFUSED, reason="no_mail_server")
        mail = Mail(
            out.key, out.to_email, out.to_name, out.academy, out.language, subject, body, stop, digest_html(out, stop)
        )
        return send_mail(mail, house.settings)
    client = connect(house, out.registration_id)
    try:
        course = CourseRef(api_id=out.context_api_id, lti_context_id=out.lti_context_id)
        (delivery,) = client.send_message(
            Message((out.to_api_id,), subject, body, course, key=out.key, sender=out.sender_api_id)
        )
        return delivery
    finally:
        client.close()


STATES = {
    DeliveryState.SENT: "sent",
    DeliveryState.QUEUED: "sent",
    DeliveryState.REFUSED: "refused",
    DeliveryState.UNSUPPORTED: "refused",
    DeliveryState.UNKNOWN: "unsure",
}


def _record(house: House, out: Outgoing, delivery: Delivery) -> str:
    state = STATES[delivery.state]
    with house.db.writing() as session:
        outbox.settle(session, out.prompt_id, state, house.clock.now(), lms_id=delivery.lms_id, detail=delivery.reason)
    if state != "sent":
        log.warning("message %s: %s (%s)", out.key, state, delivery.reason)
    return state
