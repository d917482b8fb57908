"""Cases that the recorded course does not hold, written in its shapes."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from lms_clients.base import KnownState
from lms_clients.moodle import work
from lms_clients.moodle.client import MoodleClient
from lms_clients.records import ActivityState, CourseSnapshot, GapReason, LearnerProgress, Part, ProgressBasis
from tests.lms_clients.conftest import COURSE, RECORDED_AT
from tests.lms_clients.fake_moodle import FakeMoodle, Params

COMPLETION = "core_completion_get_activities_completion_status"
GRADES = "gradereport_user_get_grade_items"


def row(snapshot: CourseSnapshot, learner: str, activity: str) -> LearnerProgress:
    return next(r for r in snapshot.progress if (r.learner_id, r.activity_id) == (learner, activity))


def read(client: MoodleClient) -> CourseSnapshot:
    return client.snapshot(COURSE, {}, None, RECORDED_AT)


def grade_item(moodle: FakeMoodle, learner: int, cmid: int) -> dict[str, Any]:
    rows = moodle[GRADES]["usergrades"]
    items = next(one["gradeitems"] for one in rows if one["userid"] == learner)
    found: dict[str, Any] = next(item for item in items if item.get("cmid") == cmid)
    return found


def submission(moodle: FakeMoodle, assignment: int, learner: int) -> dict[str, Any]:
    entries = moodle["mod_assign_get_submissions"]["assignments"]
    rows = next(one["submissions"] for one in entries if one["assignmentid"] == assignment)
    found: dict[str, Any] = next(one for one in rows if one["userid"] == learner)
    return found


def status(moodle: FakeMoodle, learner: int, cmid: int) -> dict[str, Any]:
    statuses = moodle.table[f"{COMPLETION}  {learner}"]["statuses"]
    found: dict[str, Any] = next(one for one in statuses if one["cmid"] == cmid)
    return found


def test_pitfall_4_a_zero_is_a_score_and_nothing_is_none(moodle: FakeMoodle, client: MoodleClient) -> None:
    grade_item(moodle, 4, 8)["graderaw"] = 0
    grade_item(moodle, 6, 8)["graderaw"] = None
    snapshot = read(client)
    assert row(snapshot, "4", "8").score == Decimal(0)
    assert row(snapshot, "6", "8").score is None


def test_pitfall_5_a_hidden_grade_is_known_and_marked_as_hidden(moodle: FakeMoodle, client: MoodleClient) -> None:
    item = grade_item(moodle, 4, 5)
    item["gradeishidden"] = True
    assert (row(read(client), "4", "5").score, row(read(client), "4", "5").score_visible_to_learner) == (8, False)


@pytest.mark.parametrize(
    ("written", "meant"),
    [(7.300000000000001, "7.3"), ("7,30", "7.3"), ("71.00000", "71"), ("-", None), ("1.234,5", "1234.5"), ("", None)],
)
def test_pitfall_19_numbers_with_noise_commas_and_dashes(
    moodle: FakeMoodle, client: MoodleClient, written: object, meant: str | None
) -> None:
    grade_item(moodle, 4, 5)["graderaw"] = written
    assert row(read(client), "4", "5").score == (None if meant is None else Decimal(meant))


def test_pitfall_8_an_extension_beats_the_class_date(moodle: FakeMoodle, client: MoodleClient) -> None:
    moodle["core_webservice_get_site_info"]["functions"].append({"name": "mod_assign_get_user_flags"})
    extended = int(datetime(2026, 12, 1, 23, tzinfo=UTC).timestamp())
    moodle.table["mod_assign_get_user_flags"] = {
        "assignments": [{"assignmentid": 1, "userflags": [{"id": 1, "userid": 3, "extensionduedate": extended}]}]
    }
    snapshot = read(client)
    assert row(snapshot, "3", "9").due_at == datetime(2026, 12, 1, 23, tzinfo=UTC)
    assert row(snapshot, "3", "9").late is False
    assert row(snapshot, "4", "9").due_at is None
    activity = next(one for one in snapshot.activities if one.id == "9")
    assert list(activity.due_overrides) == ["learner:3"]


def test_pitfall_10_a_course_without_completion_falls_back_to_scores(moodle: FakeMoodle, client: MoodleClient) -> None:
    moodle["core_course_get_courses_by_field"]["courses"][0]["enablecompletion"] = 0
    for section in moodle["core_course_get_contents"]:
        for module in section["modules"]:
            module["completion"] = 0
    snapshot = read(client)
    assert snapshot.course.progress_basis == {ProgressBasis.SCORES, ProgressBasis.ACCESS}
    assert moodle.calls[COMPLETION] == 0
    assert [gap.reason for gap in snapshot.gaps] == [GapReason.FEATURE_OFF]
    assert row(snapshot, "4", "5").state is ActivityState.COMPLETED  # graded, and no rule says otherwise
    assert not [r for r in snapshot.progress if r.state is ActivityState.NOT_STARTED]


def test_pitfall_11_anonymous_marking_is_left_alone(moodle: FakeMoodle, client: MoodleClient) -> None:
    moodle["mod_assign_get_assignments"]["courses"][0]["assignments"][0]["blindmarking"] = 1
    snapshot = read(client)
    assert next(one for one in snapshot.activities if one.id == "9").anonymous is True
    gap = next(gap for gap in snapshot.gaps if gap.what == f"{Part.SUBMISSIONS}:9")
    assert gap.reason is GapReason.UNSUPPORTED
    assert row(snapshot, "3", "9").submitted_at is None
    asked = [params for name, params in moodle.asked if name == "mod_assign_get_submissions"]
    assert set(asked[0].values()) == {"2", "3"}


def test_a_draft_is_begun_and_not_handed_in(moodle: FakeMoodle, client: MoodleClient) -> None:
    submission(moodle, 1, 3)["status"] = "draft"
    status(moodle, 3, 9).update(state=0, timecompleted=0, isoverallcomplete=False)
    found = row(read(client), "3", "9")
    assert (found.state, found.submitted_at, found.needs_grading) == (ActivityState.IN_PROGRESS, None, False)


def test_a_team_hands_in_for_everybody_in_it(moodle: FakeMoodle, client: MoodleClient) -> None:
    one = submission(moodle, 3, moodle["mod_assign_get_submissions"]["assignments"][2]["submissions"][0]["userid"])
    one.update(userid=0, groupid=3, status="submitted", gradingstatus="notgraded")
    snapshot = read(client)
    group = next(group for group in snapshot.groups if group.id == "3")
    handed_in = {r.learner_id for r in snapshot.progress if r.activity_id == "22" and r.submitted_at is not None}
    assert group.member_ids & snapshot.detailed <= handed_in


def test_pitfall_6_an_essay_in_a_quiz_waits_for_the_tutor(moodle: FakeMoodle, client: MoodleClient) -> None:
    attempts = moodle.table["mod_quiz_get_user_attempts 3 37"]["attempts"]
    attempts[2]["sumgrades"] = None
    status(moodle, 37, 13).update(state=0, isoverallcomplete=False)
    grade_item(moodle, 37, 13)["graderaw"] = None
    found = row(read(client), "37", "13")
    assert (found.state, found.needs_grading) == (ActivityState.SUBMITTED, True)


def test_moodle_5_names_the_function_anew_and_knows_submitted_attempts(
    moodle: FakeMoodle, client: MoodleClient
) -> None:
    moodle["core_webservice_get_site_info"]["functions"].append({"name": "mod_quiz_get_user_quiz_attempts"})

    def answer(params: Params) -> Any:
        old = moodle.table.get(f"mod_quiz_get_user_attempts {params['quizid']} {params['userid']}", {"attempts": []})
        waiting = {"id": 1, "attempt": 9, "state": "submitted", "timestart": 1794665586, "timefinish": 1794666186}
        begun = {"id": 2, "attempt": 10, "state": "notstarted"}
        preview = {"id": 3, "attempt": 11, "state": "finished", "preview": 1, "sumgrades": 5}
        return {"attempts": [*old["attempts"], waiting, begun, preview]}

    moodle.instead["mod_quiz_get_user_quiz_attempts"] = answer
    snapshot = read(client)
    assert moodle.calls["mod_quiz_get_user_attempts"] == 0
    tries = [one for one in snapshot.attempts if (one.learner_id, one.activity_id) == ("37", "13")]
    assert [(one.number, one.state) for one in tries][-1] == (9, "submitted")
    assert (tries[-1].score, row(snapshot, "37", "13").needs_grading) == (None, True)


def test_a_rule_that_is_only_half_met_is_not_done(moodle: FakeMoodle, client: MoodleClient) -> None:
    status(moodle, 3, 2).update(state=1, isoverallcomplete=False)
    assert row(read(client), "3", "2").state is ActivityState.IN_PROGRESS


def test_sections_within_sections_keep_their_home(moodle: FakeMoodle, client: MoodleClient) -> None:
    """Moodle 4.5 puts a sub-section into the page as an activity, and its contents into a section of its own."""
    contents = moodle["core_course_get_contents"]
    contents[1]["modules"].append({"id": 90, "name": "Approfondimento", "modname": "subsection", "instance": 7})
    contents.append(
        {
            "id": 66, "name": "Approfondimento", "section": 9, "visible": 1,
            "component": "mod_subsection", "itemid": 7,
            "modules": [{"id": 91, "name": "Lettura", "modname": "page", "instance": 99, "completion": 2}],
        }
    )  # fmt: skip
    snapshot = read(client)
    module = next(module for module in snapshot.modules if module.id == "66")
    assert module.parent_id == str(contents[1]["id"])
    assert "90" not in {activity.id for activity in snapshot.activities}
    assert next(one for one in snapshot.activities if one.id == "91").section_title == "Approfondimento"


def test_pitfall_18_names_are_left_as_their_owners_write_them(moodle: FakeMoodle, client: MoodleClient) -> None:
    names = ["李小龍", "Nguyễn Văn A", "Sinéad O’Connor", "Plato", "محمد علي", "Zoe\u0308"]
    for user, name in zip(moodle["core_enrol_get_enrolled_users"], names, strict=False):
        user.update(fullname=name, firstname="", lastname="")
    snapshot = read(client)
    assert [learner.name for learner in snapshot.learners][: len(names)] == names
    assert [learner.sortable_name for learner in snapshot.learners][: len(names)] == names


def test_pitfall_20_a_very_large_course_is_not_asked_for_its_whole_gradebook(
    moodle: FakeMoodle, client: MoodleClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "BULK_GRADES", 30)
    rows = {str(one["userid"]): one for one in moodle[GRADES]["usergrades"]}
    moodle.instead[GRADES] = lambda params: {"usergrades": [rows[params["userid"]]], "warnings": []}
    first = read(client)
    assert moodle.calls[GRADES] == 40
    assert row(first, "4", "5").score == Decimal(8)
    again = client.snapshot(COURSE, first.cursor, KnownState(marks=first.marks), RECORDED_AT)
    assert (moodle.calls[GRADES], again.detailed) == (40, frozenset())


def test_a_roster_in_pages_is_read_to_its_end(
    moodle: FakeMoodle, client: MoodleClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lms_clients.moodle import people

    monkeypatch.setattr(people, "_PAGE", 10)
    everybody = moodle["core_enrol_get_enrolled_users"]

    def answer(params: Params) -> Any:
        wanted = {
            params[f"options[{n}][name]"]: params[f"options[{n}][value]"]
            for n in range(5)
            if f"options[{n}][name]" in params
        }
        start, most = int(wanted["limitfrom"]), int(wanted["limitnumber"])
        return everybody[start : start + most]

    moodle.instead["core_enrol_get_enrolled_users"] = answer
    assert len(read(client).learners) == 43
    moodle.instead["core_enrol_get_enrolled_users"] = lambda params: everybody[:10]  # a Moodle that ignores the page
    assert len(read(client).learners) == 10
