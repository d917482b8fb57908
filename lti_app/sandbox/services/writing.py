"""What the tool writes through web services: messages to people, and calendar entries."""

from __future__ import annotations

import html
from collections.abc import Callable
from typing import Any

import nh3

from lti_app.sandbox.effects import FIRST_ID
from lti_app.sandbox.lms import Lms
from lti_app.sandbox.people import SERVICE_USER
from lti_app.sandbox.services.asked import Asked, Refusal, bad_parameter

LONGEST_MESSAGE = 4096
HTML_FORMAT, PLAIN_FORMAT = "1", "2"
_TAGS = {"p", "a", "br", "strong", "em", "b", "i", "ul", "ol", "li"}


def _send(here: Lms, asked: Asked) -> Any:
    """Store each message for its recipient; one that is too long gets ``msgid`` -1, as in Moodle."""
    rows = asked.rows("messages")
    if not rows or any("touserid" not in row or "text" not in row for row in rows):
        raise bad_parameter()
    # Moodle's default format is one that it then refuses.
    if any(row.get("textformat", "0") not in (HTML_FORMAT, PLAIN_FORMAT, "4") for row in rows):
        raise Refusal("core\\exception\\moodle_exception", "formatnotsupported", "webservice/formatnotsupported")
    return [_send_one(here, row) for row in rows]


def _send_one(here: Lms, row: dict[str, str]) -> dict[str, Any]:
    marked = {"clientmsgid": row["clientmsgid"]} if row.get("clientmsgid") else {}
    recipient = here.person(int(row["touserid"]) if row["touserid"].isdigit() else None)
    if recipient is None or len(row["text"]) > LONGEST_MESSAGE:
        why = "The message is longer than the maximum allowed." if recipient else "Invalid user"
        return {"msgid": -1, **marked, "errormessage": why, "candeletemessagesforallusers": False}
    text = row["text"]
    if row.get("textformat") == HTML_FORMAT and "<" not in text:
        text = f"<p>{text}</p>"
    elif row.get("textformat") == PLAIN_FORMAT:
        text = html.escape(text).replace("\n", "<br>")
    text = nh3.clean(text, tags=_TAGS, attributes={"a": {"href"}}, link_rel="noreferrer")
    sent = here.happen(recipient.id, "message", text=text)
    return {
        "msgid": FIRST_ID + sent.id,
        **marked,
        "text": text,
        "timecreated": sent.at,
        "conversationid": FIRST_ID + recipient.id,
        "useridfrom": SERVICE_USER,
        "candeletemessagesforallusers": False,
    }


def _written(here: Lms, asked: Asked) -> Any:
    """Return what the service user wrote to somebody, the newest first; other people's letters stay theirs."""
    to, sender = asked.number("useridto"), asked.number("useridfrom")
    if sender != SERVICE_USER or here.person(to) is None:
        raise Refusal("core\\exception\\moodle_exception", "accessdenied", "admin/accessdenied")
    sent = [one for one in here.course.happened("message") if one.person == to]
    rows = [_found_again(one.id, one.person, one.at, one.facts["text"]) for one in reversed(sent)]
    return {"messages": rows[: asked.number("limitnum", 0) or None], "warnings": []}


def _found_again(number: int, to: int, at: int, text: str) -> dict[str, Any]:
    return {
        "id": FIRST_ID + number,
        "useridfrom": SERVICE_USER,
        "useridto": to,
        "subject": "",
        "text": text,
        "fullmessage": text,
        "fullmessageformat": 1,
        "fullmessagehtml": "",
        "smallmessage": text,
        "notification": 0,
        "contexturl": None,
        "contexturlname": None,
        "timecreated": at,
        "timeread": None,
    }


def _create_events(here: Lms, asked: Asked) -> Any:
    rows = asked.rows("events")
    if not rows or any(not row.get("name") for row in rows):
        raise bad_parameter()
    return {"events": [_create_one(here, row) for row in rows], "warnings": []}


def _create_one(here: Lms, row: dict[str, str]) -> dict[str, Any]:
    """A user entry goes to the service account and not to a learner; that is what Moodle does."""
    now = here.now()
    number = FIRST_ID + sum(1 for _ in here.course.happened("calendar")) + 1
    event = {
        "id": number,
        "name": row["name"],
        "description": row.get("description", ""),
        "format": 1,
        "courseid": int(row.get("courseid") or 0),
        "groupid": int(row.get("groupid") or 0),
        "userid": SERVICE_USER,
        "modulename": "",
        "instance": 0,
        "eventtype": row.get("eventtype", "user"),
        "timestart": int(row.get("timestart") or now),
        "timeduration": int(row.get("timeduration") or 0),
        "visible": 1,
        "uuid": "",
        "sequence": 1,
        "timemodified": now,
        "subscriptionid": None,
    }
    here.happen(SERVICE_USER, "calendar", event=event)
    return event


def _delete_events(here: Lms, asked: Asked) -> Any:
    """Take entries out; one that is not there is a missing record, as in Moodle."""
    known = {event["id"] for event in here.course.events}
    for row in asked.rows("events"):
        number = int(row["eventid"]) if row.get("eventid", "").isdecimal() else 0
        if number not in known:
            raise Refusal(
                "dml_missing_record_exception", "invalidrecord", "Can't find data record in database table event."
            )
        here.happen(SERVICE_USER, "calendar_gone", event_id=number)


FUNCTIONS: dict[str, Callable[[Lms, Asked], Any]] = {
    "core_message_send_instant_messages": _send,
    "core_message_get_messages": _written,
    "core_calendar_create_calendar_events": _create_events,
    "core_calendar_delete_calendar_events": _delete_events,
}
