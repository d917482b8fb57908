"""Entries of ours in Moodle's course calendar: taken out, and looked for where an answer was lost."""

from __future__ import annotations

from typing import Any

from lms_clients.base import CalendarEvent, Delivery, DeliveryState
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
from lms_clients.moodle.calls import Calls
from lms_clients.moodle.work_shapes import Events
from lms_clients.reading_back import NOT_THERE

_DOUBT = (Unreachable, ServerTrouble, ProtocolTrouble, TooMuchData)
_MAY_NOT = (Permission, FeatureOff, ScopeMissing)


def update_event(lms_id: str) -> Delivery:
    """Moodle's web services move an entry to another day and no more: it is taken out and written anew."""
    return Delivery("", DeliveryState.UNSUPPORTED, lms_id=lms_id, reason="no_update")


def delete_event(calls: Calls, lms_id: str) -> Delivery:
    """Take an entry out; one that is not there (any more) is out, so this may be done twice."""
    params: dict[str, str | int] = {"events[0][eventid]": lms_id, "events[0][repeat]": 0}
    try:
        calls.call("core_calendar_delete_calendar_events", Any, params, repeat=False)
    except NotFound:
        pass
    except _MAY_NOT as error:
        return Delivery("", DeliveryState.REFUSED, lms_id=lms_id, reason=error.code or error.kind)
    except _DOUBT as error:
        return Delivery("", DeliveryState.UNKNOWN, lms_id=lms_id, reason=error.code or error.kind)
    return Delivery("", DeliveryState.SENT, lms_id=lms_id)


def find_event(calls: Calls, event: CalendarEvent) -> Delivery:
    """Look for an entry of the course with this very name and beginning."""
    starts = int(event.starts_at.timestamp())
    params: dict[str, str | int] = {
        "events[courseids][0]": event.course.api_id or event.course.lti_context_id or "",
        "options[userevents]": 0,
        "options[siteevents]": 0,
        "options[timestart]": starts - 1,
        "options[timeend]": starts + 1,
    }
    try:
        found = calls.call("core_calendar_get_calendar_events", Events, params).events
    except (*_MAY_NOT, NotFound) as error:
        return Delivery("", DeliveryState.UNSUPPORTED, reason=error.code or error.kind)
    for one in found:
        if one.name == event.title[:255] and one.timestart == starts and not one.modulename:
            return Delivery("", DeliveryState.SENT, lms_id=str(one.id))
    return Delivery("", DeliveryState.REFUSED, reason=NOT_THERE)
