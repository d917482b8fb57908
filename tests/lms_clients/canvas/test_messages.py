"""Messages by Canvas's conversations: who gets them, in whose name, and what is in doubt."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from lms_clients.base import DeliveryState, Message
from lms_clients.canvas.client import CanvasClient
from lms_clients.errors import Permission
from tests.lms_clients.canvas.conftest import COURSE, NOW
from tests.lms_clients.fake_canvas import FakeCanvas, body, error
from tests.lms_clients.server import Reply, Request


def test_pitfall_25_each_recipient_has_a_result(canvas: FakeCanvas, client: CanvasClient) -> None:
    made = body("conversation.create_conversation_multiple")
    canvas.instead["/api/v1/conversations"] = lambda request: Reply.of(made, 201)
    message = Message(("2", "3", "4"), "s" * 300, "Ciao <b>", COURSE, "nudge-1")
    found = client.send_message(message)
    assert [(one.to, one.state) for one in found] == [
        ("2", DeliveryState.SENT),
        ("3", DeliveryState.SENT),
        ("4", DeliveryState.REFUSED),
    ]
    form = dict(canvas.asked[-1][2])
    assert (form["force_new"], form["group_conversation"], form["context_code"]) == ("true", "false", "course_565")
    assert (len(form["subject"]), form["body"]) == (255, "Ciao <b>")


def test_a_lost_answer_to_a_message_is_a_doubt_and_a_refusal_is_none(canvas: FakeCanvas, client: CanvasClient) -> None:
    message = Message(("2",), "s", "b", COURSE)
    canvas.instead["/api/v1/conversations"] = lambda request: error("500")
    assert client.send_message(message)[0].state is DeliveryState.UNKNOWN
    canvas.instead["/api/v1/conversations"] = lambda request: Reply.of([{"attribute": "recipients"}], 400)
    assert client.send_message(message)[0].state is DeliveryState.REFUSED
    canvas.instead["/api/v1/conversations"] = lambda request: error("403_unauthorized")
    with pytest.raises(Permission):
        client.send_message(message)


def refuses_to_act_as(others: Reply) -> Callable[[Request], Reply]:
    """Answer whoever asks in somebody's name as Canvas does without "Users - act as"; else ``others``."""

    def answer(request: Request) -> Reply:
        asked = request.body.decode() + request.path
        return Reply.of({"errors": "Invalid as_user_id"}, 401) if "as_user_id" in asked else others

    return answer


def test_what_a_tutor_wrote_is_the_tutors_own_conversation_where_canvas_lets_us(
    canvas: FakeCanvas, client: CanvasClient
) -> None:
    made = body("conversation.create_conversation_multiple")
    canvas.instead["/api/v1/conversations"] = lambda request: Reply.of(made, 201)
    message = Message(("2",), "s", "Ciao Ada", COURSE, "k", sender="77")
    assert client.send_message(message)[0].state is DeliveryState.SENT
    assert [dict(form).get("as_user_id") for _, _, form in canvas.asked] == ["77"]


def test_where_canvas_does_not_let_us_act_as_the_tutor_it_goes_out_as_before_and_once(
    canvas: FakeCanvas, client: CanvasClient
) -> None:
    made = Reply.of(body("conversation.create_conversation_multiple"), 201)
    canvas.instead["/api/v1/conversations"] = refuses_to_act_as(made)
    message = Message(("2",), "s", "Ciao Ada", COURSE, "k", sender="77")
    assert client.send_message(message)[0].state is DeliveryState.SENT
    # Nobody takes it for a token that has run out.
    assert [dict(form).get("as_user_id") for _, _, form in canvas.asked] == ["77", None]
    canvas.instead["/api/v1/conversations"] = lambda request: error("500")
    assert client.send_message(message)[0].state is DeliveryState.UNKNOWN
    assert len(canvas.asked) == 3


def test_a_tutors_message_in_doubt_is_looked_for_where_it_was_written(canvas: FakeCanvas, client: CanvasClient) -> None:
    message = Message(("2",), "s", "Ciao Ada", COURSE, "k", sender="77")
    listed = [{"id": 5, "audience": [2], "last_authored_message_at": NOW.isoformat()}]
    said = [{"id": 9, "body": "Ciao Ada", "created_at": NOW.isoformat(), "author_id": 77}]
    canvas.instead["/api/v1/conversations"] = lambda request: Reply.of(listed, 200)
    canvas.instead["/api/v1/conversations/5"] = lambda request: Reply.of({"id": 5, "messages": said}, 200)
    assert client.find_message(message, NOW).lms_id == "5"
    assert all(("as_user_id", "77") in form for _, _, form in canvas.asked)
    canvas.instead["/api/v1/conversations"] = refuses_to_act_as(Reply.of([], 200))
    assert client.find_message(message, NOW).reason == "not_there"


def test_a_message_in_doubt_is_found_among_the_conversations_or_surely_not_there(
    canvas: FakeCanvas, client: CanvasClient
) -> None:
    message = Message(("2",), "s", "Ciao Ada,\nmartedì?", COURSE)
    listed = [{"id": 5, "audience": [2], "last_authored_message_at": NOW.isoformat()}]
    said = [{"id": 9, "body": "Ciao Ada,\r\nmartedì?", "created_at": NOW.isoformat(), "author_id": 1}]
    canvas.instead["/api/v1/conversations"] = lambda request: Reply.of(listed, 200)
    canvas.instead["/api/v1/conversations/5"] = lambda request: Reply.of({"id": 5, "messages": said}, 200)
    found = client.find_message(message, NOW)
    assert (found.state, found.lms_id) == (DeliveryState.SENT, "5")
    # Looking does not mark it as read for the person whose token it is.
    assert ("auto_mark_as_read", "false") in canvas.asked[-1][2]
    other = Message(("2",), "s", "Ciao Ada, mercoledì?", COURSE)
    assert client.find_message(other, NOW).reason == "not_there"
    assert client.find_message(message, NOW + timedelta(hours=1)).state is DeliveryState.REFUSED
    canvas.instead["/api/v1/conversations"] = lambda request: error("403_unauthorized")
    assert client.find_message(message, NOW).state is DeliveryState.UNSUPPORTED
    canvas.instead["/api/v1/conversations"] = lambda request: Reply.of(listed * 50, 200)
    assert client.find_message(other, NOW).state is DeliveryState.UNKNOWN
