"""What we write into Canvas: conversations with people, entries in the course calendar."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from typing import TypeVar

from lms_clients.base import CalendarEvent, Delivery, DeliveryState, Message
from lms_clients.canvas.calls import NOT_IN_THEIR_NAME, Calls, Params, is_rejected
from lms_clients.canvas.shapes import Conversation, Event, SentConversation
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
from lms_clients.reading_back import NOT_THERE, SKEW, gist
from lms_clients.values import from_iso

_BATCH = 100
_NEWEST = 50
_LONGEST_SUBJECT = 255
_DOUBT = (Unreachable, ServerTrouble, ProtocolTrouble, TooMuchData)


T = TypeVar("T")


def send_message(calls: Calls, message: Message) -> tuple[Delivery, ...]:
    """One private conversation with each recipient; who is in no answer was not reached.

    It is the sender's own where Canvas lets us act as them, else that of the token's user.
    """
    return tuple(_deliver(calls, message))


def _in_their_name(sender: str | None, ask: Callable[[Params], T]) -> T:
    """Ask as the sender, and as ourselves where Canvas will not have it: then nothing was done yet."""
    if sender:
        try:
            return ask([("as_user_id", sender)])
        except Permission as error:
            if error.code != NOT_IN_THEIR_NAME:
                raise
    return ask([])


def _deliver(calls: Calls, message: Message) -> Iterator[Delivery]:
    course = message.course.api_id
    for start in range(0, len(message.to), _BATCH):
        batch = message.to[start : start + _BATCH]
        form = [("recipients[]", to) for to in batch]
        form += [
            ("subject", message.subject[:_LONGEST_SUBJECT]),
            ("body", message.body),
            # Without it the words would be appended to an old conversation.
            ("force_new", "true"),
            ("group_conversation", "false"),
            ("mode", "sync"),
        ]
        if course is not None:
            form.append(("context_code", f"course_{course}"))
        try:
            made = _in_their_name(message.sender, partial(_begin, calls, form))
        except _DOUBT as error:
            state = DeliveryState.REFUSED if is_rejected(error) else DeliveryState.UNKNOWN
            yield from (Delivery(to, state, reason=error.code or error.kind) for to in batch)
            continue
        except LmsError as error:
            if start == 0:
                raise
            yield from (Delivery(to, DeliveryState.REFUSED, reason=error.code or error.kind) for to in batch)
            continue
        reached = {str(who): str(one.id) for one in made for who in one.audience}
        for to in batch:
            if to in reached:
                yield Delivery(to, DeliveryState.SENT, lms_id=reached[to])
            else:
                yield Delivery(to, DeliveryState.REFUSED, reason="recipient_refused")


def _begin(calls: Calls, form: Params, whose: Params) -> list[Conversation]:
    return calls.post("/api/v1/conversations", [*form, *whose], list[Conversation])


def find_message(calls: Calls, message: Message, since: datetime) -> Delivery:
    """Look for a message to one person among the newest conversations that its sender began with them."""
    return _in_their_name(message.sender, partial(_find, calls, message, since))


def _find(calls: Calls, message: Message, since: datetime, whose: Params) -> Delivery:
    (to,) = message.to
    params = [("scope", "sent"), ("filter[]", f"user_{to}"), ("per_page", str(_NEWEST)), *whose]
    begins, wanted = since - SKEW, gist(message.body)
    try:
        found = calls.get("/api/v1/conversations", list[SentConversation], params)
        recent = [one for one in found if _is_since(one.last_authored_message_at, begins)]
        for one in recent:
            path = f"/api/v1/conversations/{one.id}"
            said = calls.get(path, SentConversation, [("auto_mark_as_read", "false"), *whose]).messages
            if any(gist(it.body) == wanted and _is_since(it.created_at, begins) for it in said):
                return Delivery(to, DeliveryState.SENT, lms_id=str(one.id))
    except (Permission, FeatureOff, ScopeMissing, NotFound) as error:
        if error.code == NOT_IN_THEIR_NAME:
            raise
        return Delivery(to, DeliveryState.UNSUPPORTED, reason=error.code or error.kind)
    if len(recent) >= _NEWEST:
        return Delivery(to, DeliveryState.UNKNOWN, reason="too_many")
    return Delivery(to, DeliveryState.REFUSED, reason=NOT_THERE)


def _is_since(told: str | None, begins: datetime) -> bool:
    at = from_iso(told)
    return at is not None and at >= begins


def create_event(calls: Calls, event: CalendarEvent) -> Delivery:
    """Write an entry for the course or one group; Canvas lets nobody write into another's own calendar."""
    if event.learner_id is not None:
        return Delivery(event.learner_id, DeliveryState.UNSUPPORTED, reason="no_personal_events")
    context = f"course_{event.course.api_id}" if event.group_id is None else f"group_{event.group_id}"
    fields = {
        "context_code": context,
        "title": event.title[:255],
        "description": event.description,
        "start_at": event.starts_at.isoformat(),
        "end_at": (event.ends_at or event.starts_at).isoformat(),
        "all_day": "true" if event.all_day else "false",
    }
    try:
        made = calls.post(
            "/api/v1/calendar_events", [(f"calendar_event[{name}]", value) for name, value in fields.items()], Event
        )
    except _DOUBT as error:
        state = DeliveryState.REFUSED if is_rejected(error) else DeliveryState.UNKNOWN
        return Delivery("", state, reason=error.code or error.kind)
    return Delivery("", DeliveryState.SENT, lms_id=str(made.id))
