"""A whole recorded Moodle 4.5 course, read as the sync reads it."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from lms_clients.base import KnownState
from lms_clients.moodle.client import MoodleClient
from lms_clients.records import (
    ActivityKind,
    ActivityState,
    CourseSnapshot,
    CourseState,
    EnrolmentState,
    LearnerProgress,
    Part,
    ProgressBasis,
    Role,
)
from tests.lms_clients.conftest import COURSE, RECORDED_AT
from tests.lms_clients.fake_moodle import FakeMoodle, payload

LATER = RECORDED_AT + timedelta(minutes=15)


@pytest.fixture
def snapshot(client: MoodleClient) -> CourseSnapshot:
    return client.snapshot(COURSE, {}, None, RECORDED_AT)


def known(snapshot: CourseSnapshot) -> KnownState:
    return KnownState(marks=snapshot.marks, read_at=dict.fromkeys(snapshot.marks, snapshot.taken_at))


def row(snapshot: CourseSnapshot, learner: str, activity: str) -> LearnerProgress:
    return next(r for r in snapshot.progress if (r.learner_id, r.activity_id) == (learner, activity))


def test_the_course_is_what_moodle_says(snapshot: CourseSnapshot) -> None:
    course = snapshot.course
    assert (course.title, course.code, course.ref.api_id) == ("Fondamenti di Data Analysis", "FDA-2026", "2")
    assert course.state is CourseState.ACTIVE
    assert course.starts_at is not None
    assert course.starts_at.tzinfo is UTC
    assert course.progress_basis == {ProgressBasis.ACTIVITY_STATE, ProgressBasis.SCORES, ProgressBasis.ACCESS}
    assert (snapshot.complete, snapshot.gaps) == (True, ())
    assert snapshot.read == set(Part) - {Part.COUNTS}


def test_forty_learners_and_three_tutors(snapshot: CourseSnapshot) -> None:
    assert Counter(learner.is_learner for learner in snapshot.learners) == {True: 40, False: 3}
    assert {learner.state for learner in snapshot.learners} == {EnrolmentState.ACTIVE}
    giulia = next(learner for learner in snapshot.learners if learner.id == "3")
    assert (giulia.name, giulia.sortable_name, giulia.lti_sub) == ("Giulia Rossi", "Rossi, Giulia", "3")
    tutor = next(learner for learner in snapshot.learners if learner.id == "45")
    assert (tutor.roles, tutor.raw_roles) == ({Role.TA}, ("teacher",))


def test_pitfall_3_four_learners_never_came(snapshot: CourseSnapshot) -> None:
    never = {access.learner_id for access in snapshot.access if access.never}
    assert never == {"5", "24", "31", "36"}
    assert all(access.last_seen_at is None for access in snapshot.access if access.never)
    marco = next(access for access in snapshot.access if access.learner_id == "4")
    assert marco.last_seen_at == datetime(2026, 11, 16, 8, 40, 7, tzinfo=UTC)


def test_twenty_one_activities_and_a_panel_are_tracked(snapshot: CourseSnapshot) -> None:
    tracked = [activity for activity in snapshot.activities if activity.tracked]
    assert Counter(activity.kind for activity in tracked) == {
        ActivityKind.PAGE: 11,
        ActivityKind.QUIZ: 5,
        ActivityKind.ASSIGNMENT: 3,
        ActivityKind.FORUM: 2,
        ActivityKind.LTI: 1,
    }
    panel = next(activity for activity in tracked if activity.kind is ActivityKind.LTI)
    assert (panel.id, panel.lti_link_id) == ("45", "1")


def test_dates_come_from_settings_and_from_the_calendar(snapshot: CourseSnapshot) -> None:
    by_id = {activity.id: activity for activity in snapshot.activities}
    assert by_id["9"].due_at == datetime.fromtimestamp(1793311200, UTC)
    assert by_id["9"].opens_at == datetime.fromtimestamp(1791673200, UTC)
    # A page and a quiz without a closing time only have "expect completed on", which only the calendar tells.
    assert by_id["2"].due_at == datetime.fromtimestamp(1792533600, UTC)
    assert by_id["5"].due_at is not None
    assert by_id["5"].closes_at is None


def test_pitfall_9_what_has_no_date_is_never_overdue(moodle: FakeMoodle, client: MoodleClient) -> None:
    moodle["core_calendar_get_calendar_events"]["events"].clear()
    snapshot = client.snapshot(COURSE, {}, None, RECORDED_AT)
    quiz = next(activity for activity in snapshot.activities if activity.id == "5")
    assert quiz.due_at is None
    assert {r.late for r in snapshot.progress if r.activity_id == "5"} == {None}


def test_assignments_and_quizzes_carry_points_and_who_marks_them(snapshot: CourseSnapshot) -> None:
    by_id = {activity.id: activity for activity in snapshot.activities}
    assert (by_id["9"].points_possible, by_id["9"].tutor_marked, by_id["9"].max_attempts) == (Decimal(100), True, 1)
    assert (by_id["5"].points_possible, by_id["5"].tutor_marked, by_id["5"].max_attempts) == (Decimal(10), False, None)
    assert (by_id["9"].section_title, by_id["9"].raw_kind) == ("Pulizia dei dati", "assign")


def test_states_are_those_of_the_completion_report(snapshot: CourseSnapshot) -> None:
    own = {activity.id for activity in snapshot.activities if activity.kind is ActivityKind.LTI}
    states = Counter(r.state for r in snapshot.progress if r.activity_id not in own)
    assert states[ActivityState.COMPLETED] == 341
    assert states[ActivityState.PASSED] == 92
    assert states[ActivityState.FAILED] == 5
    assert sum(states.values()) == 40 * 21


def test_a_failed_quiz_has_no_completion_date(snapshot: CourseSnapshot) -> None:
    """Moodle fills timecompleted for state 3 too."""
    failed = [r for r in snapshot.progress if r.state is ActivityState.FAILED]
    assert failed
    assert {r.completed_at for r in failed} == {None}
    assert all(r.attempts for r in failed)


def test_pitfall_6_work_that_waits_for_a_mark_says_so(snapshot: CourseSnapshot) -> None:
    waiting = row(snapshot, "3", "9")
    assert (waiting.state, waiting.needs_grading, waiting.score) == (ActivityState.COMPLETED, True, None)
    assert waiting.submitted_at == datetime.fromtimestamp(1792918256, UTC)
    marked = row(snapshot, "9", "9")
    assert (marked.needs_grading, marked.score, marked.score_max) == (False, Decimal(71), Decimal(100))
    assert Counter(r.needs_grading for r in snapshot.progress if r.needs_grading)[True] == 20


def test_attempts_are_in_the_gradebooks_points(snapshot: CourseSnapshot) -> None:
    assert len(snapshot.attempts) == 146
    tries = [one for one in snapshot.attempts if (one.learner_id, one.activity_id) == ("37", "13")]
    assert [(one.number, one.score, one.score_max, one.passed) for one in tries] == [
        (1, Decimal(4), Decimal(10), False),
        (2, Decimal(2), Decimal(10), False),
        (3, Decimal(4), Decimal(10), False),
    ]
    begun = [one for one in snapshot.attempts if one.state == "inprogress"]
    assert [(one.learner_id, one.activity_id, one.score, one.finished_at, one.passed) for one in begun] == [
        ("3", "13", None, None, None)
    ]
    assert row(snapshot, "3", "13").state is ActivityState.IN_PROGRESS


def test_without_the_pass_mark_a_score_between_failed_and_passed_stays_open(snapshot: CourseSnapshot) -> None:
    assert Counter(one.passed for one in snapshot.attempts) == {True: 92, False: 45, None: 9}


def test_with_the_pass_mark_every_finished_attempt_is_judged(moodle: FakeMoodle, client: MoodleClient) -> None:
    moodle.instead["mod_quiz_get_user_best_grade"] = lambda params: payload("best_grade")["failing"]
    snapshot = client.snapshot(COURSE, {}, None, RECORDED_AT)
    assert {a.pass_points for a in snapshot.activities if a.kind is ActivityKind.QUIZ} == {Decimal(6)}
    assert all((one.passed is None) == (one.score is None) for one in snapshot.attempts)
    again = client.snapshot(COURSE, snapshot.cursor, known(snapshot), LATER)
    assert {a.pass_points for a in again.activities if a.kind is ActivityKind.QUIZ} == {Decimal(6)}
    assert moodle.calls["mod_quiz_get_user_best_grade"] == 5


def test_groups_need_no_right_to_change_them(moodle: FakeMoodle, snapshot: CourseSnapshot) -> None:
    assert {group.name: len(group.member_ids) for group in snapshot.groups} == {
        "Gruppo Nord": 11,
        "Gruppo Sud": 10,
        "Gruppo Est": 10,
        "Gruppo Ovest": 10,
    }
    assert moodle.calls["core_group_get_course_groups"] == 0


def test_the_first_reading_costs_what_the_plan_says(moodle: FakeMoodle, snapshot: CourseSnapshot) -> None:
    per_learner = moodle.calls["core_completion_get_activities_completion_status"]
    attempts = moodle.calls["mod_quiz_get_user_attempts"]
    assert (per_learner, attempts) == (40, 36 * 5)  # four never came: no attempts to ask for
    assert sum(moodle.calls.values()) - per_learner - attempts == 11
    assert snapshot.detailed == {learner.id for learner in snapshot.learners if learner.is_learner}


def test_nothing_moved_costs_four_calls(moodle: FakeMoodle, client: MoodleClient, snapshot: CourseSnapshot) -> None:
    moodle["core_course_get_updates_since"]["instances"].clear()
    moodle.calls.clear()
    quiet = client.snapshot(COURSE, snapshot.cursor, known(snapshot), LATER)
    assert sum(moodle.calls.values()) == 4
    assert (quiet.progress, quiet.detailed, quiet.complete) == ((), frozenset(), True)
    assert quiet.read == {Part.COURSE, Part.ROSTER, Part.ACCESS, Part.GROUPS}
    assert quiet.course.progress_basis == snapshot.course.progress_basis
    assert quiet.cursor["whole_at"] == snapshot.cursor["whole_at"]
    # Else the reading after this one would ask about everybody again.
    assert quiet.marks == snapshot.marks


def test_only_those_who_came_back_are_asked_about(
    moodle: FakeMoodle, client: MoodleClient, snapshot: CourseSnapshot
) -> None:
    """Marco comes back on Friday: his completion and his attempts are read, nobody else's."""
    marco = next(user for user in moodle["core_enrol_get_enrolled_users"] if user["id"] == 4)
    marco["lastcourseaccess"] += 86400
    moodle.calls.clear()
    moved = client.snapshot(COURSE, snapshot.cursor, known(snapshot), LATER)
    assert moved.detailed == {"4"}
    assert {r.learner_id for r in moved.progress} == {"4"}
    assert moodle.calls["core_completion_get_activities_completion_status"] == 1
    assert moodle.calls["mod_quiz_get_user_attempts"] == 5
    assert moved.marks.keys() == snapshot.marks.keys()


def test_a_mark_given_while_the_learner_is_away_is_noticed(
    moodle: FakeMoodle, client: MoodleClient, snapshot: CourseSnapshot
) -> None:
    for grades in moodle["gradereport_user_get_grade_items"]["usergrades"]:
        for item in grades["gradeitems"]:
            if (grades["userid"], item.get("cmid")) == (3, 9):
                item["graderaw"], item["gradedategraded"] = 88, 1795169000
    moved = client.snapshot(COURSE, snapshot.cursor, known(snapshot), LATER)
    assert moved.detailed == {"3"}
    assert row(moved, "3", "9").score == Decimal(88)


def test_everything_is_read_again_after_six_hours(
    moodle: FakeMoodle, client: MoodleClient, snapshot: CourseSnapshot
) -> None:
    moodle["core_course_get_updates_since"]["instances"].clear()
    later = client.snapshot(COURSE, snapshot.cursor, known(snapshot), RECORDED_AT + timedelta(hours=7))
    assert Part.STRUCTURE in later.read
    assert later.detailed == frozenset()  # nobody moved


def test_an_unchanged_course_says_the_same_twice(client: MoodleClient, snapshot: CourseSnapshot) -> None:
    again = client.snapshot(COURSE, {}, None, RECORDED_AT)
    assert again == snapshot
