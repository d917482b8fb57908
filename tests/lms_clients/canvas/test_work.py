"""What learners did in Canvas: hand-ins, scores, attempts, personal dates, counts."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from lms_clients.canvas.client import CanvasClient
from lms_clients.records import ActivityState, GapReason, Part, ProgressBasis
from tests.lms_clients.canvas.conftest import read, row
from tests.lms_clients.fake_canvas import COURSE_PATH, FakeCanvas, body
from tests.lms_clients.server import Reply


def test_pitfall_4_zero_none_and_excused_are_three_things(canvas: FakeCanvas, client: CanvasClient) -> None:
    canvas.submissions[0]["score"] = 0.0
    snapshot = read(client)
    assert row(snapshot, "123", "40").score == Decimal(0)
    assert (row(snapshot, "123", "42").score, row(snapshot, "123", "42").state) == (None, ActivityState.NOT_STARTED)
    assert (row(snapshot, "123", "43").score, row(snapshot, "123", "43").state) == (None, ActivityState.EXCUSED)
    ana, ming = snapshot.grades
    assert (ana.current, ana.final) == (Decimal("82.5"), Decimal("41.2"))
    assert (ming.current, ming.final) == (None, Decimal(0))


def test_pitfall_5_an_unposted_score_is_marked_as_hidden(client: CanvasClient) -> None:
    snapshot = read(client)
    assert (row(snapshot, "123", "41").score, row(snapshot, "123", "41").score_visible_to_learner) == (17, False)
    assert row(snapshot, "123", "40").score_visible_to_learner is True


def test_pitfall_6_what_waits_for_a_mark_is_handed_in(canvas: FakeCanvas, client: CanvasClient) -> None:
    waiting = row(read(client), "124", "41")
    assert (waiting.state, waiting.needs_grading) == (ActivityState.SUBMITTED, True)
    canvas.submissions[0]["grade_matches_current_submission"] = False
    assert row(read(client), "123", "40").needs_grading is True


def test_a_missing_mark_of_zero_is_no_attempt(canvas: FakeCanvas, client: CanvasClient) -> None:
    """The late policy writes a grade where nothing was handed in."""
    missing = next(one for one in canvas.submissions if one["user_id"] == 124 and one["assignment_id"] == 40)
    missing.update(workflow_state="graded", score=0.0, grade="0", graded_at="2026-02-02T00:00:00Z")
    found = row(read(client), "124", "40")
    assert (found.state, found.missing, found.attempts) == (ActivityState.NOT_STARTED, True, 0)


def test_pitfall_8_a_personal_date_beats_the_class_date(canvas: FakeCanvas, client: CanvasClient) -> None:
    canvas.submissions[0]["cached_due_date"] = "2026-02-08T22:59:59Z"
    snapshot = read(client)
    assert row(snapshot, "123", "40").due_at == datetime(2026, 2, 8, 22, 59, 59, tzinfo=UTC)
    assert row(snapshot, "124", "40").due_at is None
    essay = next(activity for activity in snapshot.activities if activity.id == "40")
    assert essay.due_overrides == {"section:78": datetime(2026, 2, 8, 22, 59, 59, tzinfo=UTC)}


def test_pitfall_10_without_requirements_there_are_no_counts(canvas: FakeCanvas, client: CanvasClient) -> None:
    snapshot = read(client)
    assert [(one.learner_id, one.done, one.total) for one in snapshot.counts] == [("123", 7, 12), ("124", 0, 12)]
    refused = body("bulk_user_progress.not_module_based")
    canvas.instead[f"{COURSE_PATH}/bulk_user_progress"] = lambda request: Reply.of(refused)
    without = read(client)
    assert without.counts == ()
    assert ProgressBasis.COUNTS not in without.course.progress_basis
    canvas.instead[f"{COURSE_PATH}/bulk_user_progress"] = lambda request: Reply.of({"error": "no modules"}, 400)
    assert any(gap.what == Part.COUNTS for gap in read(client).gaps)


def test_pitfall_11_anonymous_grading_is_left_alone(canvas: FakeCanvas, client: CanvasClient) -> None:
    for one in canvas.submissions:
        if one["assignment_id"] == 40:
            one.pop("user_id")
            one["anonymous_id"] = "aB3dE"
    snapshot = read(client)
    assert not [r for r in snapshot.progress if r.activity_id == "40"]
    assert [(gap.what, gap.reason) for gap in snapshot.gaps if ":" in gap.what] == [
        ("submissions:40", GapReason.UNSUPPORTED)
    ]


def test_attempts_come_from_the_history(canvas: FakeCanvas, client: CanvasClient) -> None:
    essay = canvas.submissions[0]
    essay["submission_history"] = [
        {"attempt": 1, "submitted_at": "2026-01-20T20:00:00Z", "workflow_state": "graded", "score": 3},
        {"attempt": 2, "submitted_at": "2026-01-30T20:11:05Z", "workflow_state": "graded", "score": 8.5},
    ]
    snapshot = read(client)
    tries = [(one.number, one.score, one.passed) for one in snapshot.attempts if one.activity_id == "40"]
    assert tries == [(1, Decimal(3), False), (2, Decimal("8.5"), True)]


def test_a_key_that_drops_include_parameters_is_noticed(client: CanvasClient) -> None:
    assert any(gap.what == Part.ATTEMPTS and gap.reason is GapReason.FEATURE_OFF for gap in read(client).gaps)
