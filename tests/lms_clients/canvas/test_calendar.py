"""Events in the calendar of a Canvas course."""

from __future__ import annotations

from lms_clients.base import CalendarEvent, DeliveryState
from lms_clients.canvas.client import CanvasClient
from tests.lms_clients.canvas.conftest import COURSE, NOW
from tests.lms_clients.fake_canvas import FakeCanvas, body, error
from tests.lms_clients.server import Reply


def test_an_event_goes_into_the_courses_calendar(canvas: FakeCanvas, client: CanvasClient) -> None:
    made = body("calendar_event.create_calendar_event")
    canvas.instead["/api/v1/calendar_events"] = lambda request: Reply.of(made, 201)
    found = client.create_event(CalendarEvent(COURSE, "Incontro", NOW))
    assert (found.state, found.lms_id) == (DeliveryState.SENT, "234")
    assert ("calendar_event[context_code]", "course_565") in canvas.asked[-1][2]
    personal = client.create_event(CalendarEvent(COURSE, "Incontro", NOW, learner_id="123"))
    assert personal.state is DeliveryState.UNSUPPORTED


def test_an_event_is_changed_in_place_taken_out_and_found(canvas: FakeCanvas, client: CanvasClient) -> None:
    entry = {"id": 234, "title": "Incontro", "start_at": NOW.isoformat()}
    canvas.instead["/api/v1/calendar_events/234"] = lambda request: Reply.of(entry, 200)
    event = CalendarEvent(COURSE, "Incontro", NOW)
    assert client.update_event("234", event).state is DeliveryState.SENT
    assert canvas.asked[-1][0] == "PUT"
    assert client.delete_event("234").state is DeliveryState.SENT
    assert canvas.asked[-1][0] == "DELETE"
    canvas.instead["/api/v1/calendar_events/234"] = lambda request: error("404_not_found")
    assert client.delete_event("234").state is DeliveryState.SENT
    canvas.instead["/api/v1/calendar_events/234"] = lambda request: error("403_unauthorized")
    assert client.delete_event("234").state is DeliveryState.REFUSED
    canvas.instead["/api/v1/calendar_events/234"] = lambda request: error("500")
    assert client.update_event("234", event).state is DeliveryState.UNKNOWN
    canvas.instead["/api/v1/calendar_events"] = lambda request: Reply.of([entry], 200)
    assert client.find_event(event).lms_id == "234"
    assert client.find_event(CalendarEvent(COURSE, "Altro", NOW)).reason == "not_there"
