"""Canvas says no: throttling, missing rights, hidden tabs, breakdowns; none of it is an empty list."""

from __future__ import annotations

import json

import pytest

from lms_clients.base import Ability
from lms_clients.canvas.client import CanvasClient
from lms_clients.errors import LmsError, Maintenance, NotFound, Permission, Reauthorise, ScopeMissing, ServerTrouble
from lms_clients.records import GapReason, Part
from tests.lms_clients.canvas.conftest import COURSE, read
from tests.lms_clients.fake_canvas import COURSE_PATH, FakeCanvas, body, error
from tests.lms_clients.server import LocalLms, Reply


@pytest.mark.parametrize("name", ["403_throttled.txt", "429_throttled.txt"])
def test_pitfall_12_both_ways_of_throttling_are_waited_out(
    canvas: FakeCanvas, lms: LocalLms, client: CanvasClient, waits: list[float], name: str
) -> None:
    lms.queue = [error(name), error(name)]
    assert read(client).complete
    assert waits == [1.0, 2.0]


def test_a_nearly_full_bucket_is_left_to_leak(canvas: FakeCanvas, client: CanvasClient, waits: list[float]) -> None:
    low = Reply.of([], **{"X-Rate-Limit-Remaining": "50.0"})
    canvas.instead[f"{COURSE_PATH}/groups"] = lambda request: low
    read(client)
    assert waits == [10.0]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("401_revoked_token", Reauthorise),
        ("401_expired_token", Reauthorise),
        ("401_invalid_token", Reauthorise),
        ("401_unauthenticated", Reauthorise),
        ("401_insufficient_scopes", ScopeMissing),
        ("401_unauthorized_legacy", Permission),
        ("403_unauthorized", Permission),
        ("404_not_found", NotFound),
        ("500", ServerTrouble),
        ("503_html", Maintenance),
    ],
)
def test_each_refusal_is_told_apart(canvas: FakeCanvas, client: CanvasClient, name: str, kind: type[LmsError]) -> None:
    canvas.instead[COURSE_PATH] = lambda request: error(name)
    with pytest.raises(kind) as caught:
        read(client)
    assert "a-token" not in f"{caught.value!r}"


def test_a_hidden_tab_is_a_gap_and_not_a_deleted_course(canvas: FakeCanvas, client: CanvasClient) -> None:
    canvas.instead[f"{COURSE_PATH}/groups"] = lambda request: error("404_tab_disabled")
    snapshot = read(client)
    assert [(gap.what, gap.reason) for gap in snapshot.gaps if gap.what == Part.GROUPS] == [
        (Part.GROUPS, GapReason.FEATURE_OFF)
    ]


def test_submissions_that_may_not_be_read_leave_nobody_idle(canvas: FakeCanvas, client: CanvasClient) -> None:
    canvas.instead[f"{COURSE_PATH}/students/submissions"] = lambda request: error("403_unauthorized")
    snapshot = read(client)
    assert (snapshot.progress, snapshot.detailed, snapshot.complete) == ((), frozenset(), False)
    assert {Part.SUBMISSIONS, Part.GRADES, Part.COMPLETION}.isdisjoint(snapshot.read)
    assert (snapshot.cursor, snapshot.marks) == ({}, {})


def test_pitfall_20_a_breakdown_in_the_second_page_is_no_half_roster(canvas: FakeCanvas, client: CanvasClient) -> None:
    next_page = f'<{canvas.lms.url}{COURSE_PATH}/enrollments?page=2>; rel="next"'
    pages = [Reply.of(body("enrollments.page1"), Link=next_page)]
    canvas.instead[f"{COURSE_PATH}/enrollments"] = lambda request: pages.pop() if pages else error("500")
    with pytest.raises(ServerTrouble):
        read(client)


def test_it_is_known_what_the_token_may_do(canvas: FakeCanvas, client: CanvasClient) -> None:
    canvas.instead["/api/v1/users/self"] = lambda request: Reply.of({"id": 9, "name": "Service"})
    assert client.capabilities(COURSE).missing == ()
    canvas.instead[f"{COURSE_PATH}/students/submissions"] = lambda request: error("403_unauthorized")
    canvas.instead[f"{COURSE_PATH}/enrollments"] = lambda request: error("401_insufficient_scopes")
    told = client.capabilities(COURSE)
    assert [(one.ability, one.capability) for one in told.missing] == [
        (Ability.ROSTER, "url:GET|/api/v1/courses/:course_id/enrollments"),
        (Ability.SUBMISSIONS, "Grades - view all grades"),
    ]
    assert {Ability.GRADES, Ability.ATTEMPTS, Ability.ROSTER}.isdisjoint(told.can)
    assert told.identity == "Service"


def test_what_canvas_sends_is_only_ever_json(canvas: FakeCanvas, client: CanvasClient) -> None:
    canvas.instead[COURSE_PATH] = lambda request: Reply(200, json.dumps({"id": []}).encode())
    with pytest.raises(LmsError, match="another shape"):
        read(client)


def test_a_course_that_is_not_there_is_one_word_and_not_five_missing_rights(
    canvas: FakeCanvas, client: CanvasClient
) -> None:
    canvas.instead["/api/v1/users/self"] = lambda request: Reply.of({"id": 9, "name": "Service"})
    canvas.instead[f"{COURSE_PATH}/enrollments"] = lambda request: error("404_not_found")
    told = client.capabilities(COURSE)
    assert [(one.ability, one.capability) for one in told.missing] == [(Ability.ROSTER, "Courses - view list")]
    assert {Ability.ROSTER, Ability.STRUCTURE, Ability.SUBMISSIONS, Ability.GRADES}.isdisjoint(told.can)
