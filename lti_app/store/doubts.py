"""Messages of which nobody knows whether they left: looked up in the LMS, and settled as it says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from lti_app.models import Delivery, Prompt
from lti_app.store.channels import LMS
from lti_app.store.outbox import tell_nudged
from lti_app.store.outgoing import Outgoing, outgoing

# Before that the LMS may still be at it; after a day nobody would be helped by knowing.
LOOK_AFTER, LOOK_UNTIL = timedelta(minutes=10), timedelta(days=1)
CANNOT_TELL = "cannot be read back"


@dataclass(frozen=True, slots=True)
class Doubt:
    """A message that may have left: what was said, to whom, since when it can have arrived."""

    delivery_id: int
    out: Outgoing
    subject: str
    body: str
    since: datetime


def next_doubt(session: Session, now: datetime, *, after: int = 0) -> Doubt | None:
    """Return a message to look up in its LMS, with a higher id than ``after``."""
    query = (
        select(Delivery, Prompt)
        .join(Prompt, Prompt.id == Delivery.prompt_id)
        .where(Delivery.state == "unsure", Delivery.channel == LMS, Delivery.id > after)
        .where(Delivery.at <= now - LOOK_AFTER, Delivery.at > now - LOOK_UNTIL)
        .where(Delivery.body != "", ~Delivery.detail.endswith(CANNOT_TELL))
        .where(Prompt.membership_id.is_not(None))
        .order_by(Delivery.id)
        .limit(1)
    )
    row = session.execute(query).one_or_none()
    if row is None:
        return None
    one, prompt = row
    return Doubt(one.id, outgoing(session, prompt), one.subject, one.body, since=prompt.made_at)


def settle_doubt(session: Session, delivery_id: int, state: str, now: datetime, *, lms_id: str | None = None) -> bool:
    """Settle a message as ``sent``, ``not_sent`` (it may leave now, as for the first time) or ``unsure`` for good.

    False where somebody else has settled it.
    """
    row = session.get(Delivery, delivery_id, with_for_update=True, populate_existing=True)
    if row is None or row.state != "unsure":
        return False
    prompt = session.get_one(Prompt, row.prompt_id, with_for_update=True, populate_existing=True)
    if state == "unsure":
        row.detail = f"{row.detail}; {CANNOT_TELL}".removeprefix("; ")
    elif state == "sent":
        row.state, row.lms_id, prompt.channel = "sent", lms_id, LMS
        tell_nudged(session, prompt, now)
    elif prompt.seen_at is not None or prompt.answered_at is not None:
        # They have read it in the panel meanwhile.
        row.state, row.detail = "refused", f"{row.detail}; it had not left"
    else:
        session.execute(delete(Delivery).where(Delivery.id == delivery_id))
        prompt.state, prompt.channel, prompt.due_at, prompt.sent_at = "due", LMS, now, None
    session.flush()
    return True
