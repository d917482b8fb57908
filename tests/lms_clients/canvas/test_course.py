"""The course itself in Canvas: its name, dates and state, its activities, and how it is found."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from lms_clients.canvas.client import CanvasClient
from lms_clients.errors import NotFound
from lms_clients.records import ActivityKind, ActivityState, CourseRef, CourseState, ProgressBasis
from tests.lms_clients.canvas.conftest import NOW, read, row
from tests.lms_clients.fake_canvas import FakeCanvas


def test_the_course_keeps_its_own_name_zone_and_term(client: CanvasClient) -> None:
    course = read(client).course
    assert (course.title, course.code, course.time_zone) == ("Grundlagen", "GR-1", "Europe/Berlin")
    assert course.starts_at == datetime(2026, 1, 10, tzinfo=UTC)
    assert course.state is CourseState.ACTIVE
    assert course.progress_basis == set(ProgressBasis)


def test_concluded_by_its_dates_though_called_available(canvas: FakeCanvas, client: CanvasClient) -> None:
    canvas.course["concluded"] = True
    assert read(client).course.state is CourseState.CONCLUDED


def test_pitfall_16_a_module_without_its_items_is_asked_for_them(canvas: FakeCanvas, client: CanvasClient) -> None:
    snapshot = read(client)
    assert "/modules/12/items" in canvas.paths()
    titles = [(one.id, one.kind, one.section_title) for one in snapshot.activities]
    assert titles == [
        ("item-31", ActivityKind.PAGE, "Week 1 – Grundlagen"),
        ("40", ActivityKind.ASSIGNMENT, "Week 1 – Grundlagen"),
        ("41", ActivityKind.QUIZ, "Week 2"),
        ("42", ActivityKind.ASSIGNMENT, None),
        ("43", ActivityKind.OFFLINE, None),
    ]
    essay, quiz = snapshot.activities[1], snapshot.activities[2]
    assert (essay.pass_points, essay.max_attempts, essay.tutor_marked) == (Decimal(5), None, True)
    assert (quiz.max_attempts, quiz.tutor_marked, quiz.due_at) == (
        3,
        False,
        datetime(2026, 2, 1, 22, 59, 59, tzinfo=UTC),
    )
    assert row(snapshot, "123", "40").state is ActivityState.PASSED


def test_pitfall_24_a_course_is_found_by_its_lti_context(canvas: FakeCanvas, client: CanvasClient) -> None:
    snapshot = client.snapshot(CourseRef(lti_context_id="ctx"), {}, None, NOW)
    assert snapshot.course.ref == CourseRef(api_id="565", lti_context_id="ctx")
    with pytest.raises(NotFound):
        client.snapshot(CourseRef(lti_context_id="copied"), {}, None, NOW)
    with pytest.raises(NotFound):
        client.snapshot(CourseRef(), {}, None, NOW)
