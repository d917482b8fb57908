"""Messages and calendar entries: per recipient, once, and nothing hostile passes."""

from __future__ import annotations

import copy
from datetime import timedelta

import pytest
import responses

from lms_clients.base import CalendarEvent, DeliveryState, Message
from lms_clients.errors import ScopeMissing, Throttled
from lms_clients.moodle.client import MoodleClient
from lms_clients.moodle.outbox import as_html
from lms_clients.options import Options
from tests.lms_clients.conftest import COURSE, RECORDED_AT
from tests.lms_clients.fake_moodle import SITE, FakeMoodle, Params, payload, refuses

SEND = "core_message_send_instant_messages"
CREATE = "core_calendar_create_calendar_events"
DELETE = "core_calendar_delete_calendar_events"
SENT = payload("messages")


def nudge(*to: str, body: str = "Ciao Ada,\nun pari può aiutarti: https://tool.example/v/1.") -> Message:
    return Message(to=to, subject="Un passo alla volta", body=body, course=COURSE, key="nudge-1")


def test_a_message_reaches_the_learner(moodle: FakeMoodle, client: MoodleClient) -> None:
    moodle.instead[SEND] = refuses(SENT["one"])
    [delivery] = client.send_message(nudge("3"))
    assert (delivery.to, delivery.state, delivery.lms_id) == ("3", DeliveryState.SENT, "29")
    params = moodle.asked[-1][1]
    assert params["messages[0][touserid]"] == "3"
    assert params["messages[0][textformat]"] == "1"  # without it Moodle refuses the whole call
    assert params["messages[0][text]"] == (
        "<p><strong>Un passo alla volta</strong></p><p>Ciao Ada,<br>un pari può aiutarti: "
        '<a href="https://tool.example/v/1">https://tool.example/v/1</a>.</p>'
    )


def test_hostile_words_stay_words() -> None:
    text = as_html("<b>Dario</b>", 'uno <script>alert("1")</script> & https://x.example/?a=1&b="><img>\n\ndue')
    assert "<script" not in text
    assert "<img" not in text
    assert text.count("<p>") == 3
    assert 'href="https://x.example/?a=1&amp;b="' in text


def test_pitfall_25_each_recipient_has_a_result_of_their_own(moodle: FakeMoodle, client: MoodleClient) -> None:
    moodle.instead[SEND] = lambda params: [
        {"msgid": 31, "clientmsgid": "nudge-1:3"},
        {"msgid": -1, "errormessage": "You can't message Marco Bianchi"},
    ]
    first, second = client.send_message(nudge("3", "4"))
    assert (first.state, second.state) == (DeliveryState.SENT, DeliveryState.REFUSED)
    assert (second.to, second.reason) == ("4", "recipient_refused")


def test_what_is_too_long_is_not_sent_at_all(moodle: FakeMoodle, client: MoodleClient) -> None:
    [delivery] = client.send_message(nudge("3", body="x" * 5000))
    assert (delivery.state, delivery.reason) == (DeliveryState.REFUSED, "too_long")
    assert moodle.calls[SEND] == 0
    moodle.instead[SEND] = refuses(SENT["too_long"])
    [told] = client.send_message(nudge("3"))
    assert told.state is DeliveryState.REFUSED


def test_many_recipients_go_in_batches(moodle: FakeMoodle, client: MoodleClient) -> None:
    def answer(params: Params) -> list[dict[str, object]]:
        return [{"msgid": n + 1, "clientmsgid": v} for n, (k, v) in enumerate(params.items()) if "clientmsgid" in k]

    moodle.instead[SEND] = answer
    everybody = tuple(str(number) for number in range(120))
    found = client.send_message(nudge(*everybody))
    assert [one.to for one in found] == list(everybody)
    assert {one.state for one in found} == {DeliveryState.SENT}
    assert moodle.calls[SEND] == 3


def test_after_a_lost_answer_nobody_knows_and_nobody_is_written_twice(options: Options, waits: list[float]) -> None:
    with responses.RequestsMock() as mock:
        mock.add("POST", f"{SITE}/webservice/rest/server.php", body=ConnectionResetError())
        client = MoodleClient(SITE, "a-token", options)
        [delivery] = client.send_message(nudge("3"))
        assert delivery.state is DeliveryState.UNKNOWN
        assert (len(mock.calls), waits) == (1, [])
        client.close()


def test_a_service_without_messaging_says_so(moodle: FakeMoodle, client: MoodleClient) -> None:
    moodle.instead[SEND] = refuses(payload("errors")["function_not_in_service"])
    with pytest.raises(ScopeMissing, match=SEND):
        client.send_message(nudge("3"))


def test_a_throttled_message_is_left_to_the_outbox(options: Options, waits: list[float]) -> None:
    with responses.RequestsMock() as mock:
        mock.add("POST", f"{SITE}/webservice/rest/server.php", status=429, headers={"Retry-After": "5"})
        client = MoodleClient(SITE, "a-token", options)
        with pytest.raises(Throttled):
            client.send_message(nudge("3"))
        assert (len(mock.calls), waits) == (1, [])
        client.close()


def meeting(**changes: object) -> CalendarEvent:
    fields = {"course": COURSE, "title": "Sessione con il tutor", "starts_at": RECORDED_AT, **changes}
    return CalendarEvent(**fields)  # type: ignore[arg-type]


def test_an_event_for_the_course_and_one_for_a_group(moodle: FakeMoodle, client: MoodleClient) -> None:
    moodle.instead[CREATE] = refuses(payload("events")["course_event"])
    made = client.create_event(meeting(ends_at=RECORDED_AT + timedelta(minutes=30), description="Panello"))
    assert (made.state, made.lms_id) == (DeliveryState.SENT, "81")
    params = moodle.asked[-1][1]
    assert (params["events[0][eventtype]"], params["events[0][timeduration]"]) == ("course", "1800")
    moodle.instead[CREATE] = refuses(payload("events")["group_event"])
    assert client.create_event(meeting(group_id="1")).lms_id == "82"
    assert moodle.asked[-1][1]["events[0][groupid]"] == "1"


def test_moodle_has_no_personal_events_for_others(moodle: FakeMoodle, client: MoodleClient) -> None:
    """It would put them into the service user's own calendar without a word."""
    assert client.create_event(meeting(learner_id="3")).state is DeliveryState.UNSUPPORTED
    assert moodle.calls[CREATE] == 0


def test_an_event_that_may_not_be_written_is_refused(moodle: FakeMoodle, client: MoodleClient) -> None:
    moodle.instead[CREATE] = lambda params: {"events": [], "warnings": [{"item": "x", "warningcode": "nopermissions"}]}
    assert client.create_event(meeting()).reason == "no_permission"


def test_an_event_is_taken_out_and_one_that_is_gone_is_out(moodle: FakeMoodle, client: MoodleClient) -> None:
    moodle.instead[DELETE] = lambda params: None
    assert client.delete_event("81").state is DeliveryState.SENT
    assert moodle.asked[-1][1] == {"events[0][eventid]": "81", "events[0][repeat]": "0"}
    gone = {"exception": "dml_missing_record_exception", "errorcode": "invalidrecord", "message": "Can't find data"}
    moodle.instead[DELETE] = refuses(gone)
    assert client.delete_event("81").state is DeliveryState.SENT
    moodle.instead[DELETE] = refuses(payload("errors")["function_not_in_service"])
    assert client.delete_event("81").state is DeliveryState.REFUSED
    assert client.update_event("81", meeting()).state is DeliveryState.UNSUPPORTED


def test_an_event_in_doubt_is_found_by_its_name_and_hour(moodle: FakeMoodle, client: MoodleClient) -> None:
    made = copy.deepcopy(payload("events")["course_event"])
    (event,) = made["events"]
    event.update(name="Sessione con il tutor", timestart=int(RECORDED_AT.timestamp()))
    moodle.instead["core_calendar_get_calendar_events"] = lambda params: made
    assert client.find_event(meeting()).lms_id == str(event["id"])
    assert client.find_event(meeting(title="Altro")).reason == "not_there"
