"""Dates that Moodle gives to single learners and groups, in the shapes of its own source: no recording has any."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from lms_clients.base import KnownState
from lms_clients.moodle.client import MoodleClient
from lms_clients.records import GapReason, Part
from tests.lms_clients.conftest import COURSE, RECORDED_AT
from tests.lms_clients.fake_moodle import FakeMoodle
from tests.lms_clients.test_moodle_work import read, row


def holds(moodle: FakeMoodle, *functions: str) -> None:
    moodle["core_webservice_get_site_info"]["functions"].extend({"name": name} for name in functions)


LATE, LATER = (int(datetime(2026, 12, day, 22, tzinfo=UTC).timestamp()) for day in (1, 8))


def overrides(moodle: FakeMoodle, *rows: dict[str, int]) -> None:
    """Quiz 1 (activity 5) has these overrides; the others have none."""
    moodle.instead["mod_quiz_get_overrides"] = lambda params: {
        "overrides": [{"id": 1, "quiz": 1, **row} for row in rows] if params["quizid"] == "1" else []
    }


def test_pitfall_8_a_quizs_date_for_one_learner_or_group_beats_the_class_date(
    moodle: FakeMoodle, client: MoodleClient
) -> None:
    holds(moodle, "mod_quiz_get_overrides")
    users = {user["id"]: user for user in moodle["core_enrol_get_enrolled_users"]}
    group = users[4]["groups"][0]["id"]
    inside = [who for who, user in users.items() if any(one["id"] == group for one in user.get("groups", []))]
    outside = next(who for who in users if who not in inside and who != 3)
    # A time limit alone is no date; her own date beats that of her group, and a group's that of the class.
    overrides(
        moodle, {"userid": 3, "timeclose": LATE}, {"groupid": group, "timeclose": LATER},
        {"userid": outside, "timelimit": 3600},
    )  # fmt: skip
    snapshot = read(client)
    assert row(snapshot, "3", "5").due_at == datetime(2026, 12, 1, 22, tzinfo=UTC)
    assert {row(snapshot, str(who), "5").due_at for who in inside if who != 3} == {
        datetime(2026, 12, 8, 22, tzinfo=UTC)
    }
    assert row(snapshot, str(outside), "5").due_at is None
    assert row(snapshot, "3", "8").due_at is None
    assert not [gap for gap in snapshot.gaps if "dates" in gap.what]


def test_a_learner_with_no_end_date_at_all_is_not_measured_by_the_class_date(
    moodle: FakeMoodle, client: MoodleClient
) -> None:
    holds(moodle, "mod_quiz_get_overrides")
    overrides(moodle, {"userid": 3, "timeclose": 0})
    snapshot = read(client)
    assert [(gap.what, gap.learner_id) for gap in snapshot.gaps if gap.what == Part.DUE_DATES] == [("due_dates", "3")]
    assert row(snapshot, "3", "5").late is not True
    assert {"3", "4"} <= snapshot.detailed


def test_a_date_given_to_one_learner_is_read_though_nobody_came_back(moodle: FakeMoodle, client: MoodleClient) -> None:
    holds(moodle, "mod_quiz_get_overrides")
    overrides(moodle)
    first = read(client)
    overrides(moodle, {"userid": 3, "timeclose": LATE})
    known = KnownState(marks=first.marks, read_at=dict.fromkeys(first.marks, RECORDED_AT))
    second = client.snapshot(COURSE, {**first.cursor, "gaps": "1"}, known, RECORDED_AT + timedelta(minutes=15))
    assert "3" in second.detailed
    assert row(second, "3", "5").due_at == datetime(2026, 12, 1, 22, tzinfo=UTC)


def test_a_moodle_that_cannot_tell_a_quizs_own_dates_says_so_and_is_not_read_more_often(
    moodle: FakeMoodle, client: MoodleClient
) -> None:
    said = ("personal_dates:quiz", GapReason.UNSUPPORTED)
    moodle["mod_quiz_get_quizzes_by_courses"]["quizzes"][0]["timeclose"] = LATE
    first = read(client)
    assert [(gap.what, gap.reason) for gap in first.gaps] == [said]
    assert Part.DUE_DATES in first.read
    moodle["core_course_get_updates_since"]["instances"].clear()
    moodle.calls.clear()
    known = KnownState(marks=first.marks, read_at=dict.fromkeys(first.marks, RECORDED_AT))
    quiet = client.snapshot(COURSE, first.cursor, known, RECORDED_AT + timedelta(minutes=15))
    assert sum(moodle.calls.values()) == 4
    assert [(gap.what, gap.reason) for gap in quiet.gaps] == [said]


def test_overrides_that_may_not_be_seen_name_the_right(moodle: FakeMoodle, client: MoodleClient) -> None:
    holds(moodle, "mod_quiz_get_overrides")
    moodle.instead["mod_quiz_get_overrides"] = lambda _: {
        "exception": "required_capability_exception", "errorcode": "nopermissions",
        "message": "Sorry, but you do not currently have permissions to do that (View quiz settings overrides).",
    }  # fmt: skip
    snapshot = read(client)
    (gap,) = snapshot.gaps
    assert (gap.what, gap.reason) == ("personal_dates:quiz", GapReason.PERMISSION)
    assert "mod/quiz:viewoverrides" in gap.detail


def test_an_assignments_date_for_one_learner_or_group_is_read_where_moodle_tells_it(
    moodle: FakeMoodle, client: MoodleClient
) -> None:
    holds(moodle, "mod_assign_get_overrides")
    groups = sorted({g["id"] for user in moodle["core_enrol_get_enrolled_users"] for g in user.get("groups", [])})[:2]
    told = {
        "1": [
            {"groupid": groups[0], "duedate": LATE, "sortorder": 1}, {"groupid": groups[1], "duedate": LATER,
            "sortorder": 2}, {"userid": 3, "duedate": LATER + 3600},
        ]
    }  # fmt: skip
    moodle.instead["mod_assign_get_overrides"] = lambda params: {
        "overrides": [{"id": 1, "assignid": 1, **one} for one in told.get(params["assignid"], [])]
    }
    snapshot = read(client)
    users = {user["id"]: {g["id"] for g in user.get("groups", [])} for user in moodle["core_enrol_get_enrolled_users"]}
    assert row(snapshot, "3", "9").due_at == datetime(2026, 12, 8, 23, tzinfo=UTC)
    first = next(who for who, mine in users.items() if groups[0] in mine and who not in (3, 43, 44, 45))
    assert row(snapshot, str(first), "9").due_at == datetime(2026, 12, 1, 22, tzinfo=UTC)
