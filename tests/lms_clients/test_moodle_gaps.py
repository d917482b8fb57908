"""What Moodle refuses becomes a gap with the name of the right; what is broken keeps the old snapshot."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import responses

from lms_clients.base import Ability, KnownState
from lms_clients.errors import (
    LmsError,
    Maintenance,
    NotFound,
    Permission,
    ProtocolTrouble,
    Reauthorise,
    ScopeMissing,
    Throttled,
    Unreachable,
)
from lms_clients.moodle.client import MoodleClient
from lms_clients.options import Options
from lms_clients.records import ActivityState, CourseRef, GapReason, Part, ProgressBasis, Role
from tests.lms_clients.conftest import COURSE, RECORDED_AT
from tests.lms_clients.fake_moodle import SITE, FakeMoodle, Params, payload, refuses

COMPLETION = "core_completion_get_activities_completion_status"
ATTEMPTS = "mod_quiz_get_user_attempts"
ERRORS = payload("errors")


@pytest.mark.parametrize(
    ("function", "missing", "part", "right"),
    [
        (COMPLETION, "report/progress:view", Part.COMPLETION, "report/progress:view"),
        (ATTEMPTS, "mod/quiz:viewreports", Part.ATTEMPTS, "mod/quiz:viewreports"),
        ("gradereport_user_get_grade_items", "moodle/grade:viewall", Part.GRADES, "moodle/grade:viewall"),
    ],
)
def test_a_missing_right_is_a_gap_with_its_name_in_the_admin_pages(
    moodle: FakeMoodle, client: MoodleClient, function: str, missing: str, part: Part, right: str
) -> None:
    moodle.instead[function] = refuses(ERRORS[f"missing {missing}"][function])
    snapshot = client.snapshot(COURSE, {}, None, RECORDED_AT)
    gap = next(gap for gap in snapshot.gaps if gap.what == part)
    assert (gap.reason, gap.learner_id) == (GapReason.PERMISSION, None)
    assert right in gap.detail
    assert part not in snapshot.read
    assert moodle.calls[function] == 1  # asked once, not forty times


def test_nobody_is_inactive_because_completion_may_not_be_read(moodle: FakeMoodle, client: MoodleClient) -> None:
    moodle.instead[COMPLETION] = refuses(ERRORS["missing report/progress:view"][COMPLETION])
    snapshot = client.snapshot(COURSE, {}, None, RECORDED_AT)
    assert snapshot.course.progress_basis == {ProgressBasis.SCORES, ProgressBasis.ACCESS}
    assert not [r for r in snapshot.progress if r.state is ActivityState.NOT_STARTED]
    assert not snapshot.complete


def test_a_granted_right_makes_everyone_be_read_again(moodle: FakeMoodle, client: MoodleClient) -> None:
    moodle.instead[ATTEMPTS] = refuses(ERRORS["missing mod/quiz:viewreports"][ATTEMPTS])
    first = client.snapshot(COURSE, {}, None, RECORDED_AT)
    state = KnownState(marks=first.marks)
    still = client.snapshot(COURSE, first.cursor, state, RECORDED_AT + timedelta(minutes=15))
    assert still.detailed == frozenset()
    assert moodle.calls[ATTEMPTS] == 2
    del moodle.instead[ATTEMPTS]
    mended = client.snapshot(COURSE, still.cursor, state, RECORDED_AT + timedelta(minutes=30))
    assert len(mended.detailed) == 40
    assert len(mended.attempts) == 146


@pytest.mark.parametrize(("kind", "table"), [("quiz", "quizzes"), ("assign", "assignments")])
def test_activities_that_silently_vanish_are_missed(
    moodle: FakeMoodle, client: MoodleClient, kind: str, table: str
) -> None:
    """Without mod/quiz:view or mod/assign:view Moodle answers as if there were none."""
    if kind == "quiz":
        moodle["mod_quiz_get_quizzes_by_courses"]["quizzes"].clear()
    else:
        moodle["mod_assign_get_assignments"]["courses"][0]["assignments"].clear()
    for key, answer in moodle.table.items():
        if key.startswith(COMPLETION):
            answer["statuses"] = [status for status in answer["statuses"] if status["modname"] != kind]
    snapshot = client.snapshot(COURSE, {}, None, RECORDED_AT)
    named = {gap.detail for gap in snapshot.gaps}
    assert f"{kind} is hidden: lacks mod/{kind}:view" in named
    assert any("are hidden" in detail for detail in named)
    hidden = [r for r in snapshot.progress if r.state is ActivityState.NOT_STARTED]
    kinds = {activity.id: activity.raw_kind for activity in snapshot.activities}
    assert kind not in {kinds[r.activity_id] for r in hidden}


def test_a_warning_is_no_empty_answer(moodle: FakeMoodle, client: MoodleClient) -> None:
    """A service user who is in no course gets a warning and no assignments, unless told to include them."""
    moodle.instead["mod_assign_get_assignments"] = refuses(payload("assignments_not_enrolled")["not_enrolled"])
    snapshot = client.snapshot(COURSE, {}, None, RECORDED_AT)
    assert any(gap.what == Part.SUBMISSIONS for gap in snapshot.gaps)
    asked = dict(moodle.asked)["mod_assign_get_assignments"]
    assert asked["includenotenrolledcourses"] == "1"


def test_separate_groups_hide_everybody_without_a_word(moodle: FakeMoodle, client: MoodleClient) -> None:
    moodle["core_course_get_courses_by_field"]["courses"][0]["groupmode"] = 1
    moodle.instead["core_enrol_get_enrolled_users"] = refuses(
        payload("separate_groups")["core_enrol_get_enrolled_users"]
    )
    with pytest.raises(Permission, match="moodle/site:accessallgroups"):
        client.snapshot(COURSE, {}, None, RECORDED_AT)


def test_a_learner_who_may_not_be_read_is_a_gap_of_her_own(moodle: FakeMoodle, client: MoodleClient) -> None:
    denied = payload("separate_groups")[COMPLETION]

    def answer(params: Params) -> Any:
        return denied if params["userid"] == "7" else moodle.table[f"{COMPLETION}  {params['userid']}"]

    moodle.instead[COMPLETION] = answer
    snapshot = client.snapshot(COURSE, {}, None, RECORDED_AT)
    assert snapshot.partial.keys() == {"7"}
    assert "moodle/site:accessallgroups" in snapshot.partial["7"][0].detail
    assert "7" not in snapshot.marks  # she is asked about again next time
    assert len(snapshot.marks) == 39


def test_moodle_answers_zeros_for_people_whom_it_does_not_track(moodle: FakeMoodle, client: MoodleClient) -> None:
    moodle.table[f"{COMPLETION}  12"] = payload("completion_of_a_teacher")
    snapshot = client.snapshot(COURSE, {}, None, RECORDED_AT)
    assert snapshot.partial["12"][0].reason is GapReason.FEATURE_OFF
    assert not [r for r in snapshot.progress if r.learner_id == "12" and r.state is ActivityState.NOT_STARTED]


def test_pitfall_7_a_suspended_learner_is_told_from_an_active_one(moodle: FakeMoodle, client: MoodleClient) -> None:
    everybody = moodle["core_enrol_get_enrolled_users"]

    def answer(params: Params) -> Any:
        only_active = "onlyactive" in params.values()
        return [user for user in everybody if not (only_active and user["id"] == 9)]

    moodle.instead["core_enrol_get_enrolled_users"] = answer
    snapshot = client.snapshot(COURSE, {}, None, RECORDED_AT)
    states = {learner.id: learner.state for learner in snapshot.learners}
    assert [who for who, state in states.items() if state == "suspended"] == ["9"]


def test_without_the_right_to_review_enrolments_that_is_a_gap(moodle: FakeMoodle, client: MoodleClient) -> None:
    everybody = moodle["core_enrol_get_enrolled_users"]
    refusal = {
        "exception": "core\\exception\\required_capability_exception",
        "errorcode": "nopermissions",
        "message": "Sorry, but you do not currently have permissions to do that (Review course enrolments).",
    }
    moodle.instead["core_enrol_get_enrolled_users"] = lambda params: (
        refusal if "onlyactive" in params.values() else everybody
    )
    snapshot = client.snapshot(COURSE, {}, None, RECORDED_AT)
    gap = next(gap for gap in snapshot.gaps if gap.what == "roster:suspended")
    assert "moodle/course:enrolreview (Review course enrolments)" in gap.detail


def test_last_access_that_is_not_told_is_not_never(moodle: FakeMoodle, client: MoodleClient) -> None:
    for user in moodle["core_enrol_get_enrolled_users"]:
        del user["lastcourseaccess"]
    snapshot = client.snapshot(COURSE, {}, None, RECORDED_AT)
    assert snapshot.access == ()
    assert Part.ACCESS not in snapshot.read
    assert any("moodle/user:viewdetails" in gap.detail for gap in snapshot.gaps)


def test_roles_with_names_of_their_own_are_settled_by_what_moodle_tracks(
    moodle: FakeMoodle, client: MoodleClient
) -> None:
    everybody = moodle["core_enrol_get_enrolled_users"]
    for user in everybody:
        for role in user["roles"]:
            role["shortname"] = {"student": "corsista", "teacher": "animatore"}.get(
                role["shortname"], role["shortname"]
            )

    def answer(params: Params) -> Any:
        tracked = "moodle/course:isincompletionreports" in params.values()
        return [user for user in everybody if not tracked or user["id"] < 43]

    moodle.instead["core_enrol_get_enrolled_users"] = answer
    snapshot = client.snapshot(COURSE, {}, None, RECORDED_AT)
    assert sum(learner.is_learner for learner in snapshot.learners) == 40
    animator = next(learner for learner in snapshot.learners if learner.id == "45")
    assert (animator.roles, animator.raw_roles) == ({Role.OTHER}, ("animatore",))


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (ERRORS["invalid_token"], Reauthorise),
        (ERRORS["function_not_in_service"], ScopeMissing),
        ({"errorcode": "sitemaintenance", "exception": "x", "message": ""}, Maintenance),
        ({"errorcode": "upgraderunning", "exception": "x", "message": ""}, Maintenance),
        (ERRORS["missing moodle/course:view"]["core_enrol_get_enrolled_users"], Permission),
    ],
)
def test_pitfall_13_a_200_with_an_error_is_an_error(
    moodle: FakeMoodle, client: MoodleClient, fault: dict[str, Any], error: type[LmsError]
) -> None:
    moodle.instead["core_enrol_get_enrolled_users"] = refuses(fault)
    with pytest.raises(error) as caught:
        client.snapshot(COURSE, {}, None, RECORDED_AT)
    assert caught.value.status == 200
    assert "core_enrol_get_enrolled_users" in caught.value.detail


def test_an_unknown_function_is_not_a_deleted_course(moodle: FakeMoodle, client: MoodleClient) -> None:
    moodle.instead["core_calendar_get_calendar_events"] = refuses(ERRORS["unknown_function"])
    snapshot = client.snapshot(COURSE, {}, None, RECORDED_AT)
    assert [(gap.what, gap.reason) for gap in snapshot.gaps] == [(Part.DUE_DATES, GapReason.FEATURE_OFF)]


def test_pitfall_24_a_deleted_course_is_not_found(moodle: FakeMoodle, client: MoodleClient) -> None:
    moodle["core_course_get_courses_by_field"]["courses"].clear()
    with pytest.raises(NotFound):
        client.snapshot(COURSE, {}, None, RECORDED_AT)
    with pytest.raises(NotFound):
        client.snapshot(CourseRef(lti_context_id="not a number"), {}, None, RECORDED_AT)


@pytest.fixture
def bare() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ({"body": "<html>Log in</html>", "content_type": "text/html"}, ProtocolTrouble),
        ({"body": ERRORS["no_format_means_xml"]["body"], "content_type": "application/xml"}, ProtocolTrouble),
        ({"body": "<html>away</html>", "content_type": "text/html", "status": 503}, Maintenance),
        ({"body": '{"sitename": 3}', "content_type": "application/json"}, ProtocolTrouble),
        ({"body": "<br />Notice: x {}", "content_type": "application/json"}, ProtocolTrouble),
    ],
)
def test_pitfall_13_nonsense_is_no_course(
    bare: responses.RequestsMock, options: Options, answer: dict[str, Any], error: type[LmsError]
) -> None:
    bare.add("POST", f"{SITE}/webservice/rest/server.php", **answer)
    client = MoodleClient(SITE, "a-token", options)
    with pytest.raises(error) as caught:
        client.snapshot(COURSE, {}, None, RECORDED_AT)
    assert "a-token" not in str(caught.value)
    client.close()


def test_pitfall_20_trouble_in_the_middle_keeps_what_was_read(moodle: FakeMoodle, client: MoodleClient) -> None:
    """After Moodle breaks down at the twelfth learner nobody else is asked about, and nobody else is judged."""

    def answer(params: Params) -> Any:
        if moodle.calls[COMPLETION] > 11:
            return {"errorcode": "dmlreadexception", "exception": "x", "message": "Ada's row is broken"}
        return moodle.table[f"{COMPLETION}  {params['userid']}"]

    moodle.instead[COMPLETION] = answer
    snapshot = client.snapshot(COURSE, {}, None, RECORDED_AT)
    assert len(snapshot.detailed) == 11
    assert len(snapshot.partial) == 29
    assert snapshot.detailed.isdisjoint(snapshot.partial)
    assert {r.learner_id for r in snapshot.progress} == snapshot.detailed
    assert not snapshot.complete
    assert "Ada" not in repr(snapshot.gaps)
    del moodle.instead[COMPLETION]
    later = client.snapshot(COURSE, snapshot.cursor, KnownState(marks=snapshot.marks), RECORDED_AT)
    assert later.detailed == snapshot.partial.keys()
    assert later.complete


def test_pitfall_20_a_breakdown_in_the_roster_is_no_empty_course(moodle: FakeMoodle, client: MoodleClient) -> None:
    moodle.instead["core_enrol_get_enrolled_users"] = refuses({"errorcode": "dmlreadexception", "exception": "x"})
    with pytest.raises(LmsError):
        client.snapshot(COURSE, {}, None, RECORDED_AT)


def test_a_large_course_is_read_in_bounded_passes(moodle: FakeMoodle, options: Options) -> None:
    client = MoodleClient(SITE, "a-token", replace(options, detail=15))
    first = client.snapshot(COURSE, {}, None, RECORDED_AT)
    second = client.snapshot(COURSE, first.cursor, KnownState(marks=first.marks), RECORDED_AT)
    marks = {**first.marks, **second.marks}
    third = client.snapshot(COURSE, second.cursor, KnownState(marks=marks), RECORDED_AT)
    assert [len(one.detailed) for one in (first, second, third)] == [15, 15, 10]
    assert [one.cursor.get("more") for one in (first, second, third)] == ["1", "1", None]
    assert third.complete
    latest = max(first.access, key=lambda one: one.last_seen_at or RECORDED_AT - timedelta(days=99))
    assert latest.learner_id in first.detailed | {"43", "44", "45"}
    client.close()


def test_those_who_did_not_move_are_looked_at_in_turn(moodle: FakeMoodle, options: Options) -> None:
    client = MoodleClient(SITE, "a-token", replace(options, rotation=3))
    first = client.snapshot(COURSE, {}, None, RECORDED_AT)
    read_at = dict.fromkeys(first.marks, RECORDED_AT) | {"20": RECORDED_AT - timedelta(days=3)}
    second = client.snapshot(COURSE, first.cursor, KnownState(first.marks, read_at), RECORDED_AT)
    assert len(second.detailed) == 3
    assert "20" in second.detailed
    client.close()


def test_the_token_is_in_no_error(options: Options) -> None:
    with responses.RequestsMock() as mock:
        mock.add("POST", f"{SITE}/webservice/rest/server.php", status=429, body="", headers={"Retry-After": "900"})
        client = MoodleClient(SITE, "a-token", options)
        with pytest.raises(Throttled) as caught:
            client.capabilities()
        assert (caught.value.retry_after, caught.value.kind) == (900.0, "throttled")
        assert "a-token" not in f"{caught.value!r} {caught.value.__cause__!r} {caught.value.detail}"
        client.close()


def test_the_trial_reading_names_what_the_service_user_lacks(moodle: FakeMoodle, client: MoodleClient) -> None:
    moodle["core_webservice_get_site_info"]["functions"] = [
        function
        for function in moodle["core_webservice_get_site_info"]["functions"]
        if function["name"] != "core_message_send_instant_messages"
    ]
    moodle.instead[ATTEMPTS] = refuses(ERRORS["missing mod/quiz:viewreports"][ATTEMPTS])
    told = client.capabilities(COURSE)
    assert told.version.startswith("4.5.6")
    assert (told.site, told.identity) == ("Accademia Dati", "Progress Service")
    missing = {(one.ability, one.capability, one.title, one.function) for one in told.missing}
    assert missing == {
        (Ability.MESSAGES, "", "", "core_message_send_instant_messages"),
        (Ability.ATTEMPTS, "mod/quiz:viewreports", "View quiz reports", ""),
    }
    assert Ability.COMPLETION in told.can
    assert not {Ability.MESSAGES, Ability.ATTEMPTS} & told.can
    assert moodle.calls[COMPLETION] == 1


def test_all_rights_granted_nothing_is_missing(moodle: FakeMoodle, client: MoodleClient) -> None:
    assert client.capabilities(COURSE).missing == ()
    assert client.capabilities().missing == ()


def test_a_course_that_may_not_be_entered_names_the_right(moodle: FakeMoodle, client: MoodleClient) -> None:
    refusal = ERRORS["missing moodle/course:viewparticipants"]["core_enrol_get_enrolled_users"]
    moodle.instead["core_enrol_get_enrolled_users"] = refuses(refusal)
    told = client.capabilities(COURSE)
    assert [(one.ability, one.capability) for one in told.missing] == [
        (Ability.ROSTER, "moodle/course:viewparticipants")
    ]


def test_a_moodle_that_does_not_answer_is_unreachable(options: Options) -> None:
    with responses.RequestsMock() as mock:
        mock.add("POST", f"{SITE}/webservice/rest/server.php", body=ConnectionResetError())
        client = MoodleClient(SITE, "a-token", options)
        with pytest.raises(Unreachable):
            client.capabilities()
        client.close()
