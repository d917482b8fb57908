"""Entries of ours in Canvas's course calendar: changed in place, taken out, and looked for where an answer was lost."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from lms_clients.base import CalendarEvent, Delivery, DeliveryState
from lms_clients.canvas.calls import Calls, is_rejected
from lms_clients.canvas.shapes import Event
from lms_clients.errors import (
    FeatureOff,
    NotFound,
    Permission,
    ProtocolTrouble,
    ScopeMissing,
    ServerTrouble,
    TooMuchData,
    Unreachable,
)
from lms_clients.reading_back import NOT_THERE
from lms_clients.values import from_iso

_DOUBT = (Unreachable, ServerTrouble, ProtocolTrouble, TooMuchData)
_MAY_NOT = (Permission, FeatureOff, ScopeMissing)


def update_event(calls: Calls, lms_id: str, event: CalendarEvent) -> Delivery:
    """Change an entry in place; doing it twice changes nothing more."""
    fields = {
        "title": event.title[:255],
        "description": event.description,
        "start_at": event.starts_at.isoformat(),
        "end_at": (event.ends_at or event.starts_at).isoformat(),
    }
    form = [(f"calendar_event[{name}]", value) for name, value in fields.items()]
    return _wrote(lambda: calls.put(f"/api/v1/calendar_events/{lms_id}", form, Event), lms_id)


def delete_event(calls: Calls, lms_id: str) -> Delivery:
    """Take an entry out; one that is not there (any more) is out, so this may be done twice."""
    try:
        return _wrote(lambda: calls.delete(f"/api/v1/calendar_events/{lms_id}", Event), lms_id)
    except NotFound:
        return Delivery("", DeliveryState.SENT, lms_id=lms_id)


def _wrote(write: Callable[[], Event], lms_id: str) -> Delivery:
    try:
        write()
    except _MAY_NOT as error:
        return Delivery("", DeliveryState.REFUSED, lms_id=lms_id, reason=error.code or error.kind)
    except _DOUBT as error:
        state = DeliveryState.REFUSED if is_rejected(error) else DeliveryState.UNKNOWN
        return Delivery("", state, lms_id=lms_id, reason=error.code or error.kind)
    return Delivery("", DeliveryState.SENT, lms_id=lms_id)


def find_event(calls: Calls, event: CalendarEvent) -> Delivery:
    """Look for an entry of the course with this very title and beginning."""
    near = timedelta(days=1)
    params = [
        ("context_codes[]", f"course_{event.course.api_id}"),
        ("type", "event"),
        ("start_date", (event.starts_at - near).date().isoformat()),
        ("end_date", (event.starts_at + near).date().isoformat()),
        ("per_page", "100"),
    ]
    try:
        found = calls.get("/api/v1/calendar_events", list[Event], params)
    except (*_MAY_NOT, NotFound) as error:
        return Delivery("", DeliveryState.UNSUPPORTED, reason=error.code or error.kind)
    for one in found:
        if one.title == event.title[:255] and from_iso(one.start_at) == event.starts_at:
            return Delivery("", DeliveryState.SENT, lms_id=str(one.id))
    return Delivery("", DeliveryState.REFUSED, reason=NOT_THERE)
