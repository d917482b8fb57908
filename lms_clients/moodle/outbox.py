"""What we write into Moodle: messages to people, entries in the course calendar. Nothing is sent twice by itself."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from datetime import datetime

from lms_clients.base import CalendarEvent, Delivery, DeliveryState, Message
from lms_clients.errors import (
    FeatureOff,
    LmsError,
    NotFound,
    Permission,
    ProtocolTrouble,
    ScopeMissing,
    ServerTrouble,
    TooMuchData,
    Unreachable,
)
from lms_clients.moodle.calls import Calls
from lms_clients.moodle.work_shapes import Events, Mailbox, Sent
from lms_clients.reading_back import NOT_THERE, SKEW, gist

_LONGEST = 4096
_BATCH = 50
_NEWEST = 50
_HTML = 1
_ADDRESS = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,;:!?)]")
# After these nobody knows whether Moodle acted before the answer was lost.
_DOUBT = (Unreachable, ServerTrouble, ProtocolTrouble, TooMuchData)


def as_html(subject: str, body: str) -> str:
    """Plain text as the HTML that Moodle shows: paragraphs, line breaks, addresses as links; nothing else passes."""
    parts = [f"<p><strong>{html.escape(subject)}</strong></p>"] if subject else []
    for paragraph in re.split(r"\n\s*\n", body.strip()):
        pieces, end = [], 0
        for found in _ADDRESS.finditer(paragraph):
            address = html.escape(found.group())
            pieces += [html.escape(paragraph[end : found.start()]), f'<a href="{address}">{address}</a>']
            end = found.end()
        pieces.append(html.escape(paragraph[end:]))
        parts.append("<p>" + "".join(pieces).replace("\n", "<br>") + "</p>")
    return "".join(parts)


def send_message(calls: Calls, message: Message) -> tuple[Delivery, ...]:
    """Send to each recipient as the service user; the result is per recipient, for a privacy setting may refuse."""
    text = as_html(message.subject, message.body)
    if len(text) > _LONGEST:
        return tuple(Delivery(to, DeliveryState.REFUSED, reason="too_long") for to in message.to)
    return tuple(_deliver(calls, message, text))


def _deliver(calls: Calls, message: Message, text: str) -> Iterator[Delivery]:
    for start in range(0, len(message.to), _BATCH):
        batch = message.to[start : start + _BATCH]
        params: dict[str, str | int] = {}
        for number, to in enumerate(batch):
            params[f"messages[{number}][touserid]"] = to
            params[f"messages[{number}][text]"] = text
            # The default format is refused ("formatnotsupported").
            params[f"messages[{number}][textformat]"] = _HTML
            params[f"messages[{number}][clientmsgid]"] = f"{message.key}:{to}"
        try:
            sent = calls.call("core_message_send_instant_messages", list[Sent], params, repeat=False)
        except _DOUBT as error:
            yield from (Delivery(to, DeliveryState.UNKNOWN, reason=error.code or error.kind) for to in batch)
            continue
        except LmsError as error:
            if start == 0:
                raise
            yield from (Delivery(to, DeliveryState.REFUSED, reason=error.code or error.kind) for to in batch)
            continue
        yield from _results(message.key, batch, sent)


def _results(key: str, batch: Sequence[str], sent: Sequence[Sent]) -> Iterator[Delivery]:
    named = {one.clientmsgid: one for one in sent if one.clientmsgid}
    for number, to in enumerate(batch):
        # Refusals come back without our id, but in our order.
        one = named.get(f"{key}:{to}") or (sent[number] if len(sent) == len(batch) else None)
        if one is None:
            yield Delivery(to, DeliveryState.UNKNOWN, reason="no_result")
        elif one.msgid < 0:
            yield Delivery(to, DeliveryState.REFUSED, reason="recipient_refused")
        else:
            yield Delivery(to, DeliveryState.SENT, lms_id=str(one.msgid))


def find_message(calls: Calls, sender: int, message: Message, since: datetime) -> Delivery:
    """Look for a message to one person among the newest that the service user wrote to them."""
    (to,) = message.to
    params: dict[str, str | int] = {
        "useridto": to,
        "useridfrom": sender,
        "type": "conversations",
        # Read and unread ones.
        "read": 2,
        "newestfirst": 1,
        "limitnum": _NEWEST,
    }
    try:
        found = calls.call("core_message_get_messages", Mailbox, params).messages
    except (Permission, FeatureOff, ScopeMissing, NotFound) as error:
        return Delivery(to, DeliveryState.UNSUPPORTED, reason=error.code or error.kind)
    wanted, begins = gist(as_html(message.subject, message.body)), (since - SKEW).timestamp()
    recent = [one for one in found if one.timecreated >= begins]
    for one in recent:
        if wanted in {gist(words or "") for words in (one.text, one.fullmessage, one.smallmessage)}:
            return Delivery(to, DeliveryState.SENT, lms_id=str(one.id))
    # More may lie behind those that we were given.
    if len(recent) >= _NEWEST:
        return Delivery(to, DeliveryState.UNKNOWN, reason="too_many")
    return Delivery(to, DeliveryState.REFUSED, reason=NOT_THERE)


def create_event(calls: Calls, event: CalendarEvent) -> Delivery:
    """Write an entry for the course or one group; Moodle would put a personal one into our own calendar."""
    if event.learner_id is not None:
        return Delivery(event.learner_id, DeliveryState.UNSUPPORTED, reason="no_personal_events")
    course_id = event.course.api_id or event.course.lti_context_id or ""
    starts = int(event.starts_at.timestamp())
    params: dict[str, str | int] = {
        "events[0][name]": event.title[:255],
        "events[0][description]": as_html("", event.description) if event.description else "",
        "events[0][format]": _HTML,
        "events[0][courseid]": course_id,
        "events[0][eventtype]": "course" if event.group_id is None else "group",
        "events[0][timestart]": starts,
        "events[0][timeduration]": 0 if event.ends_at is None else max(0, int(event.ends_at.timestamp()) - starts),
        "events[0][visible]": 1,
    }
    if event.group_id is not None:
        params["events[0][groupid]"] = event.group_id
    try:
        made = calls.call("core_calendar_create_calendar_events", Events, params, repeat=False)
    except _DOUBT as error:
        return Delivery("", DeliveryState.UNKNOWN, reason=error.code or error.kind)
    if not made.events:
        # Without moodle/calendar:manageentries Moodle answers an empty list and a warning.
        return Delivery("", DeliveryState.REFUSED, reason="no_permission" if made.warnings else "no_result")
    return Delivery("", DeliveryState.SENT, lms_id=str(made.events[0].id))
