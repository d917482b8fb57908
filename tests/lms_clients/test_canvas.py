"""Canvas, against a local server that answers with sample payloads."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

import pytest

from lms_clients import connect
from lms_clients.base import Ability, CalendarEvent, DeliveryState, KnownState, Message
from lms_clients.canvas import oauth
from lms_clients.canvas.client import CanvasClient
from lms_clients.errors import LmsError, Maintenance, NotFound, Permission, Reauthorise, ScopeMissing, ServerTrouble
from lms_clients.options import Options
from lms_clients.records import (
    ActivityKind,
    ActivityState,
    CourseRef,
    CourseSnapshot,
    CourseState,
    EnrolmentState,
    GapReason,
    LearnerProgress,
    Part,
    ProgressBasis,
)
from tests.lms_clients.fake_canvas import COURSE_PATH, FakeCanvas, body, error
from tests.lms_clients.server import LocalLms, Reply, Request

NOW = datetime(2026, 2, 4, 9, tzinfo=UTC)
COURSE = CourseRef(api_id="565")
FAR = "10000000000125"


@pytest.fixture
def canvas(lms: LocalLms) -> FakeCanvas:
    return FakeCanvas(lms)


@pytest.fixture
def client(canvas: FakeCanvas, lms: LocalLms, local_options: Options) -> Iterator[CanvasClient]:
    made = connect("canvas", lms.url, "a-token", options=local_options)
    assert isinstance(made, CanvasClient)
    yield made
    made.close()


def read(client: CanvasClient) -> CourseSnapshot:
    return client.snapshot(COURSE, {}, None, NOW)


def row(snapshot: CourseSnapshot, learner: str, activity: str) -> LearnerProgress:
    return next(r for r in snapshot.progress if (r.learner_id, r.activity_id) == (learner, activity))


def test_the_course_keeps_its_own_name_zone_and_term(client: CanvasClient) -> None:
    course = read(client).course
    assert (course.title, course.code, course.time_zone) == ("Grundlagen", "GR-1", "Europe/Berlin")
    assert course.starts_at == datetime(2026, 1, 10, tzinfo=UTC)
    assert course.state is CourseState.ACTIVE
    assert course.progress_basis == set(ProgressBasis)


def test_concluded_by_its_dates_though_called_available(canvas: FakeCanvas, client: CanvasClient) -> None:
    canvas.course["concluded"] = True
    assert read(client).course.state is CourseState.CONCLUDED


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


def test_pitfall_7_inactive_means_suspended(client: CanvasClient) -> None:
    states = {learner.id: learner.state for learner in read(client).learners}
    assert states == {"123": EnrolmentState.ACTIVE, "124": EnrolmentState.ACTIVE, FAR: EnrolmentState.SUSPENDED}


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


def test_pitfall_17_ids_beyond_what_floats_hold_stay_whole(canvas: FakeCanvas, client: CanvasClient) -> None:
    rows = body("enrollments.page2")
    rows[1]["user_id"] = "90071992547409931"
    canvas.instead[f"{COURSE_PATH}/enrollments"] = lambda request: Reply.of(rows)
    assert [learner.id for learner in read(client).learners] == ["123", "90071992547409931"]


def test_pitfall_18_names_stay_as_they_are(client: CanvasClient) -> None:
    names = [learner.name for learner in read(client).learners]
    assert names == ["Ana Šimić", "王小明", "Seán O'Brien"]


def test_pitfall_20_a_breakdown_in_the_second_page_is_no_half_roster(canvas: FakeCanvas, client: CanvasClient) -> None:
    next_page = f'<{canvas.lms.url}{COURSE_PATH}/enrollments?page=2>; rel="next"'
    pages = [Reply.of(body("enrollments.page1"), Link=next_page)]
    canvas.instead[f"{COURSE_PATH}/enrollments"] = lambda request: pages.pop() if pages else error("500")
    with pytest.raises(ServerTrouble):
        read(client)


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


def test_groups_are_filled_from_the_enrolments(canvas: FakeCanvas, client: CanvasClient) -> None:
    rows = body("enrollments.page1")
    rows[0]["user"]["group_ids"] = ["7"]
    rows[1]["user"]["group_ids"] = []
    canvas.instead[f"{COURSE_PATH}/enrollments"] = lambda request: Reply.of(rows)
    canvas.instead[f"{COURSE_PATH}/groups"] = lambda request: Reply.of([{"id": 7, "name": "Nord"}])
    [group] = read(client).groups
    assert (group.name, group.member_ids) == ("Nord", {"123"})


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


def test_pitfall_24_a_course_is_found_by_its_lti_context(canvas: FakeCanvas, client: CanvasClient) -> None:
    snapshot = client.snapshot(CourseRef(lti_context_id="ctx"), {}, None, NOW)
    assert snapshot.course.ref == CourseRef(api_id="565", lti_context_id="ctx")
    with pytest.raises(NotFound):
        client.snapshot(CourseRef(lti_context_id="copied"), {}, None, NOW)
    with pytest.raises(NotFound):
        client.snapshot(CourseRef(), {}, None, NOW)


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


def granted(token: str) -> Reply:
    return Reply.of({"access_token": token, "token_type": "Bearer", "expires_in": 3600, "user": {"id": 9}})


def test_an_expired_token_is_renewed_once_and_stored_before_use(
    canvas: FakeCanvas, lms: LocalLms, local_options: Options
) -> None:
    stored: list[str] = []
    canvas.instead["/login/oauth2/token"] = lambda request: granted("fresh")
    canvas.good_tokens = {"fresh"}
    secret = oauth.CanvasSecret("old", "refresh-1", "10000001", "key")
    client = CanvasClient(lms.url, secret.text, replace(local_options, renewed=stored.append))
    assert read(client).complete
    [text] = stored
    kept = oauth.CanvasSecret.read(text)
    assert (kept.access_token, kept.refresh_token) == ("fresh", "refresh-1")  # the answer names no new one
    assert sum(path == "/login/oauth2/token" for _, path, _ in canvas.asked) == 1
    client.close()


def test_a_refused_refresh_asks_to_connect_anew(canvas: FakeCanvas, lms: LocalLms, local_options: Options) -> None:
    canvas.instead["/login/oauth2/token"] = lambda request: Reply.of({"error": "invalid_grant"}, 400)
    client = CanvasClient(lms.url, oauth.CanvasSecret("old", "r", "1", "k").text, local_options)
    with pytest.raises(Reauthorise):
        read(client)
    client.close()


def test_a_token_that_is_about_to_end_is_renewed_before_it_is_refused(
    canvas: FakeCanvas, lms: LocalLms, local_options: Options
) -> None:
    canvas.instead["/login/oauth2/token"] = lambda request: granted("fresh")
    canvas.good_tokens = {"fresh"}
    client = CanvasClient(lms.url, oauth.CanvasSecret("old", "r", "1", "k", expires_at=1.0).text, local_options)
    read(client)
    assert canvas.asked[0][1] == "/login/oauth2/token"
    client.close()


def test_a_tutor_agrees_once_for_all_scopes(canvas: FakeCanvas, lms: LocalLms, local_options: Options) -> None:
    url = oauth.consent_url("https://canvas.example/", "10000001", "https://tool.example/back", "st&ate")
    query = parse_qs(urlsplit(url).query)
    assert query["state"] == ["st&ate"]
    assert query["scope"] == [" ".join(oauth.SCOPES)]
    canvas.instead["/login/oauth2/token"] = lambda request: Reply.of(
        {"access_token": "a", "refresh_token": "r", "expires_in": 3600}
    )
    secret = oauth.exchange_code(lms.url, "10000001", "key", "https://tool.example/back", "code-1", local_options)
    assert secret.can_renew
    assert dict(canvas.asked[-1][2])["grant_type"] == "authorization_code"
    assert "r" not in repr(secret).removeprefix("CanvasSecret")


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


def test_an_event_goes_into_the_courses_calendar(canvas: FakeCanvas, client: CanvasClient) -> None:
    made = body("calendar_event.create_calendar_event")
    canvas.instead["/api/v1/calendar_events"] = lambda request: Reply.of(made, 201)
    found = client.create_event(CalendarEvent(COURSE, "Incontro", NOW))
    assert (found.state, found.lms_id) == (DeliveryState.SENT, "234")
    assert ("calendar_event[context_code]", "course_565") in canvas.asked[-1][2]
    personal = client.create_event(CalendarEvent(COURSE, "Incontro", NOW, learner_id="123"))
    assert personal.state is DeliveryState.UNSUPPORTED


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


def test_an_event_is_changed_in_place_taken_out_and_found(canvas: FakeCanvas, client: CanvasClient) -> None:
    entry = {"id": 234, "title": "Incontro", "start_at": NOW.isoformat()}
    canvas.instead["/api/v1/calendar_events/234"] = lambda request: Reply.of(entry, 200)
    event = CalendarEvent(COURSE, "Incontro", NOW)
    assert client.update_event("234", event).state is DeliveryState.SENT
    assert canvas.asked[-1][0] == "PUT"
    assert client.delete_event("234").state is DeliveryState.SENT
    assert canvas.asked[-1][0] == "DELETE"
    canvas.instead["/api/v1/calendar_events/234"] = lambda request: error("404_not_found")
    assert client.delete_event("234").state is DeliveryState.SENT
    canvas.instead["/api/v1/calendar_events/234"] = lambda request: error("403_unauthorized")
    assert client.delete_event("234").state is DeliveryState.REFUSED
    canvas.instead["/api/v1/calendar_events/234"] = lambda request: error("500")
    assert client.update_event("234", event).state is DeliveryState.UNKNOWN
    canvas.instead["/api/v1/calendar_events"] = lambda request: Reply.of([entry], 200)
    assert client.find_event(event).lms_id == "234"
    assert client.find_event(CalendarEvent(COURSE, "Altro", NOW)).reason == "not_there"
