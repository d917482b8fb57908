"""Who is in a Canvas course: learners, names, groups, when they were last seen, and who launched us."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from lms_clients.base import KnownState
from lms_clients.canvas.client import CanvasClient
from lms_clients.records import EnrolmentState, GapReason, Part
from tests.lms_clients.canvas.conftest import COURSE, FAR, NOW, read
from tests.lms_clients.fake_canvas import COURSE_PATH, FakeCanvas, body
from tests.lms_clients.server import Reply


def test_pitfall_1_a_learner_in_two_sections_is_one_learner(client: CanvasClient) -> None:
    snapshot = read(client)
    assert [learner.id for learner in snapshot.learners] == ["123", "124", FAR]
    ana = snapshot.learners[0]
    assert [one.section_id for one in ana.enrolments] == ["77", "78"]
    assert (ana.name, ana.sortable_name) == ("Ana Šimić", "Šimić, Ana")


def test_pitfall_2_the_test_student_is_no_learner(canvas: FakeCanvas, client: CanvasClient) -> None:
    rows = body("enrollments.page1")
    rows[0]["type"] = "StudentViewEnrollment"
    canvas.instead[f"{COURSE_PATH}/enrollments"] = lambda request: Reply.of(rows)
    snapshot = read(client)
    assert (snapshot.learners[0].is_test, snapshot.learners[0].is_learner) == (True, False)
    assert snapshot.detailed == {"124"}


def test_pitfall_3_never_is_told_from_not_told(canvas: FakeCanvas, client: CanvasClient) -> None:
    by_id = {access.learner_id: access for access in read(client).access}
    assert (by_id["124"].never, by_id["124"].last_seen_at) == (True, None)
    assert by_id["123"].last_seen_at == datetime(2026, 2, 3, 18, 22, 41, tzinfo=UTC)
    rows = body("enrollments.page1")
    for one in rows:
        del one["last_activity_at"], one["total_activity_time"]
    canvas.instead[f"{COURSE_PATH}/enrollments"] = lambda request: Reply.of(rows)
    hidden = read(client)
    assert hidden.access == ()
    assert Part.ACCESS not in hidden.read
    assert any(gap.what == Part.ACCESS and gap.reason is GapReason.PERMISSION for gap in hidden.gaps)


def test_pitfall_7_inactive_means_suspended(client: CanvasClient) -> None:
    states = {learner.id: learner.state for learner in read(client).learners}
    assert states == {"123": EnrolmentState.ACTIVE, "124": EnrolmentState.ACTIVE, FAR: EnrolmentState.SUSPENDED}


def test_pitfall_17_ids_beyond_what_floats_hold_stay_whole(canvas: FakeCanvas, client: CanvasClient) -> None:
    rows = body("enrollments.page2")
    rows[1]["user_id"] = "90071992547409931"
    canvas.instead[f"{COURSE_PATH}/enrollments"] = lambda request: Reply.of(rows)
    assert [learner.id for learner in read(client).learners] == ["123", "90071992547409931"]


def test_pitfall_18_names_stay_as_they_are(client: CanvasClient) -> None:
    names = [learner.name for learner in read(client).learners]
    assert names == ["Ana Šimić", "王小明", "Seán O'Brien"]


def test_groups_are_filled_from_the_enrolments(canvas: FakeCanvas, client: CanvasClient) -> None:
    rows = body("enrollments.page1")
    rows[0]["user"]["group_ids"] = ["7"]
    rows[1]["user"]["group_ids"] = []
    canvas.instead[f"{COURSE_PATH}/enrollments"] = lambda request: Reply.of(rows)
    canvas.instead[f"{COURSE_PATH}/groups"] = lambda request: Reply.of([{"id": 7, "name": "Nord"}])
    [group] = read(client).groups
    assert (group.name, group.member_ids) == ("Nord", {"123"})


def test_a_person_is_found_by_the_sub_of_a_launch(canvas: FakeCanvas, client: CanvasClient) -> None:
    canvas.subs = {"0a1b-c": "123"}
    assert client.learner_id(COURSE, "0a1b-c") == "123"
    assert ("user_id", "lti_1_3_id:0a1b-c") in canvas.asked[-1][2]
    assert client.learner_id(COURSE, "somebody-else") is None


def test_people_of_launches_are_found_once_and_those_unknown_are_not_asked_for_again(
    canvas: FakeCanvas, client: CanvasClient
) -> None:
    canvas.subs = {"sub-ana": "123"}
    known = KnownState(unnamed=frozenset({"sub-ana", "sub-admin"}))
    first = client.snapshot(COURSE, {}, known, NOW)
    assert {one.id: one.lti_sub for one in first.learners if one.lti_sub} == {"123": "sub-ana"}
    canvas.asked.clear()
    client.snapshot(COURSE, first.cursor, replace(known, unnamed=frozenset({"sub-admin"})), NOW)
    assert not [query for _, _, query in canvas.asked if any("lti_1_3_id" in value for _, value in query)]
    later = NOW + timedelta(days=8)
    client.snapshot(COURSE, first.cursor, replace(known, unnamed=frozenset({"sub-admin"})), later)
    assert [query for _, _, query in canvas.asked if ("user_id", "lti_1_3_id:sub-admin") in query]


def test_a_canvas_that_answers_the_same_person_for_every_name_is_not_believed(
    canvas: FakeCanvas, client: CanvasClient
) -> None:
    canvas.subs = {"sub-1": "123", "sub-2": "123"}
    read = client.snapshot(COURSE, {}, KnownState(unnamed=frozenset(canvas.subs)), NOW)
    assert {one.lti_sub for one in read.learners} == {None}
