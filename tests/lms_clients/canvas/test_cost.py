"""How much is asked of Canvas: a first reading, a second one, and everything again after a week."""

from __future__ import annotations

from datetime import timedelta

from lms_clients.base import KnownState
from lms_clients.canvas.client import CanvasClient
from lms_clients.records import Part
from tests.lms_clients.canvas.conftest import COURSE, FAR, NOW, read
from tests.lms_clients.fake_canvas import COURSE_PATH, FakeCanvas, body
from tests.lms_clients.server import Reply


def test_thirty_learners_cost_seven_calls(canvas: FakeCanvas, client: CanvasClient) -> None:
    rows = body("modules.with_items")[:1]
    canvas.instead[f"{COURSE_PATH}/modules"] = lambda request: Reply.of(rows)
    enrolled = body("enrollments.page1")
    canvas.instead[f"{COURSE_PATH}/enrollments"] = lambda request: Reply.of(enrolled)
    read(client)
    assert len(canvas.asked) == 7


def test_a_second_reading_asks_only_about_those_who_moved(canvas: FakeCanvas, client: CanvasClient) -> None:
    first = read(client)
    state = KnownState(marks=first.marks)
    canvas.asked.clear()
    quiet = client.snapshot(COURSE, first.cursor, state, NOW + timedelta(minutes=15))
    assert quiet.detailed == frozenset()
    assert Part.SUBMISSIONS in quiet.read
    ming = next(one for one in canvas.submissions if one["user_id"] == 124 and one["assignment_id"] == 41)
    ming.update(workflow_state="graded", score=12, grade="12", graded_at="2026-02-04T09:20:00Z")
    canvas.asked.clear()
    moved = client.snapshot(COURSE, quiet.cursor, state, NOW + timedelta(minutes=30))
    assert moved.detailed == {"124"}
    assert {r.learner_id for r in moved.progress} == {"124"}
    assert len([r for r in moved.progress if r.learner_id == "124"]) == 2
    whom = [
        v for _, path, query in canvas.asked if path.endswith("submissions") for k, v in query if k == "student_ids[]"
    ]
    assert whom == ["all", "all", "124"]


def test_everything_is_read_again_after_a_week_and_when_dates_move(canvas: FakeCanvas, client: CanvasClient) -> None:
    first = read(client)
    state = KnownState(marks=first.marks)
    later = client.snapshot(COURSE, first.cursor, state, NOW + timedelta(days=8))
    assert later.detailed == {"123", "124", FAR}
    canvas.assignments[0]["due_at"] = "2026-03-01T22:59:59Z"
    moved = client.snapshot(COURSE, first.cursor, state, NOW + timedelta(minutes=15))
    assert moved.detailed == {"123", "124", FAR}
