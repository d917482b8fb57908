from __future__ import annotations

import json
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from lti_app.feeds.places import ids_in
from lti_app.models import Context, FeedEvent, FeedWord, Person, Registration
from lti_app.store.feeds import feed_lines
from tests.feeds.conftest import Sender, payload
from tests.store.told import NOW, make_academy, make_course


def statements() -> list[dict[str, Any]]:
    return list(payload("moodle_completion"))


def test_ada_completes_a_quiz_and_her_course_is_read_at_once(sender: Sender) -> None:
    answer = sender.xapi(statements())
    assert answer.status_code == 200
    assert answer.headers["X-Experience-API-Version"] == "1.0.3"
    assert len(set(answer.get_json())) == 2
    assert sender.course().sync_due_at == NOW
    counts = sender.counts()
    assert (counts.taken, counts.repeated, counts.unplaced, counts.late, counts.strange) == (2, 0, 0, 0, 0)


def test_a_batch_sent_again_has_the_same_ids_and_no_effect(sender: Sender) -> None:
    first = sender.xapi(statements()).get_json()
    sender.rest()
    again = sender.xapi(statements())
    assert (again.status_code, again.get_json()) == (200, first)
    assert sender.course().sync_due_at == NOW + timedelta(hours=8)
    assert (sender.counts().taken, sender.counts().repeated) == (2, 2)


def test_a_statement_with_an_id_of_its_own_counts_once_in_whatever_order_its_keys_stand(sender: Sender) -> None:
    one = {"id": "12345678-1234-4234-8234-123456789ABC", **statements()[0]}
    assert sender.xapi(one).get_json() == ["12345678-1234-4234-8234-123456789ABC"]
    turned = dict(reversed(list(one.items()))) | {"id": one["id"].lower()}
    assert sender.xapi([turned, turned]).status_code == 200
    assert (sender.counts().taken, sender.counts().repeated) == (1, 2)


def test_put_takes_one_statement_under_its_id(sender: Sender) -> None:
    wanted = {"statementId": "12345678-1234-4234-8234-123456789abc"}
    assert sender.xapi(statements()[1], "PUT", query_string=wanted).status_code == 204
    assert sender.course().sync_due_at == NOW
    other = {"id": "another", **statements()[1]}
    assert sender.xapi(other, "PUT", query_string=wanted).status_code == 400
    assert sender.xapi(statements()[1], "PUT").status_code == 400


def test_what_the_last_sync_has_seen_already_wakes_nobody(sender: Sender) -> None:
    late = statements()[0] | {"timestamp": "2026-11-20T08:00:00Z"}
    assert sender.xapi(late).status_code == 200
    assert sender.course().sync_due_at == NOW + timedelta(hours=8)
    assert sender.counts().late == 1


def test_what_happened_about_when_the_last_sync_ran_is_looked_at(sender: Sender) -> None:
    # Read at 9:05; the LMS may have written this a little later than it happened.
    assert sender.xapi(statements()[0] | {"timestamp": "2026-11-20T08:58:00Z"}).status_code == 200
    assert sender.course().sync_due_at == NOW


@pytest.mark.parametrize(
    "actor",
    [
        {"account": {"homePage": "https://lms1.example.org", "name": "99999"}},
        {"mbox_sha1sum": "ebd31e95054c018b10727ccffd2ef2ec3a016ee9"},
        {"account": {"homePage": "https://id.example.org", "name": "a.bianchi"}},
        {"objectType": "Group", "member": [{"mbox": "mailto:ada@example.org"}]},
        "nobody",
        None,
    ],
)
def test_who_did_it_is_neither_asked_nor_kept(sender: Sender, actor: Any) -> None:
    assert sender.xapi(statements()[0] | {"actor": actor}).status_code == 200
    assert sender.course().sync_due_at == NOW
    with sender.db.reading() as session:
        assert session.scalar(select(func.count()).select_from(Person)) == 0
        kept = session.scalars(select(FeedEvent)).one()
        assert len(kept.key) == 64


def test_an_unknown_verb_is_counted_and_wakes_nobody(sender: Sender) -> None:
    odd = {"id": "https://vocabulary.example.org/verbs/frobnicated"}
    sender.xapi([statements()[0] | {"verb": odd, "id": f"s-{number}"} for number in range(3)])
    assert sender.course().sync_due_at == NOW + timedelta(hours=8)
    with sender.db.reading() as session:
        (line,) = feed_lines(session)
    assert (line.strange, line.words) == (3, ((odd["id"], 3),))


def test_a_sender_gone_wild_fills_no_table_with_verbs(sender: Sender) -> None:
    for start in (0, 150):
        wild = [statements()[0] | {"verb": {"id": f"urn:v:x{start + n}"}, "id": f"s-{start + n}"} for n in range(150)]
        assert sender.xapi(wild).status_code == 200
    with sender.db.reading() as session:
        assert session.scalar(select(func.count()).select_from(FeedWord)) == 201
        assert session.scalar(select(func.sum(FeedWord.count))) == 300


def test_an_event_of_another_course_or_of_no_course_does_no_harm(sender: Sender) -> None:
    elsewhere = deepcopy(statements()[1])
    elsewhere["object"]["id"] = "https://lms1.example.org/course/view.php?id=777"
    login = {
        "verb": {"id": "https://brindlewaye.com/xAPITerms/verbs/loggedin/"},
        "object": {"id": "https://lms1.example.org"},
    }
    assert sender.xapi([elsewhere, login, {}]).status_code == 200
    assert sender.course().sync_due_at == NOW + timedelta(hours=8)
    assert sender.counts().unplaced == 3


def test_a_feed_reaches_only_the_courses_of_its_own_platform(sender: Sender) -> None:
    with sender.db.writing() as session:
        foreign = make_course(session, make_academy(session, 2), due_at=None)
    sender.xapi(statements())
    assert sender.course(foreign).sync_due_at is None


def test_a_course_that_is_being_read_just_now_is_read_once_more(sender: Sender) -> None:
    before = NOW - timedelta(minutes=3)
    sender.rest(sync_due_at=before, sync_claimed_until=NOW + timedelta(minutes=1))
    sender.xapi(statements())
    assert sender.course().sync_due_at == NOW


def test_a_course_that_waits_already_keeps_its_place(sender: Sender) -> None:
    before = NOW - timedelta(minutes=3)
    sender.rest(sync_due_at=before)
    sender.xapi(statements())
    assert sender.course().sync_due_at == before


def test_caliper_makes_the_course_due(sender: Sender) -> None:
    answer = sender.caliper(payload("caliper_submitted"))
    assert (answer.status_code, answer.get_json()) == (200, {"taken": 1, "repeated": 0})
    assert sender.course().sync_due_at == NOW
    assert sender.caliper(payload("caliper_submitted")).get_json() == {"taken": 0, "repeated": 1}


def test_canvas_live_events_name_courses_by_shard_and_id(sender: Sender) -> None:
    with sender.db.writing() as session:
        session.execute(update(Context).values(id_on_platform="4dde05e8ca1973bcca9bffc13e1548820eee93a3", api_id="2"))
    assert sender.caliper(payload("canvas_live_event")).status_code == 200
    assert sender.course().sync_due_at == NOW


def test_the_launch_that_led_to_an_event_names_its_course(sender: Sender) -> None:
    event = payload("caliper_submitted")["data"][1]
    for name in ("group", "object", "membership"):
        del event[name]
    claim = {"https://purl.imsglobal.org/spec/lti/claim/context": {"id": "2"}}
    event["federatedSession"] = {"id": "urn:uuid:1", "type": "LtiSession", "messageParameters": claim}
    sender.caliper({"sensor": "x", "data": [event]})
    assert sender.course().sync_due_at == NOW


def test_events_that_all_carry_the_id_of_their_sensor_are_told_apart_by_what_they_say(sender: Sender) -> None:
    said = payload("caliper_submitted")
    first, second = deepcopy(said["data"][1]), deepcopy(said["data"][1])
    first["id"] = second["id"] = said["sensor"]
    second["action"] = "Started"
    assert sender.caliper(said | {"data": [first, second]}).get_json()["taken"] == 2


def test_only_who_holds_the_secret_is_let_in(sender: Sender) -> None:
    answers = []
    for secret, ref in (("wrong", sender.ref), ("", sender.ref), (sender.secret, "no-such-feed")):
        stranger = Sender(sender.client, sender.db, ref, sender.context_id, sender.registration_id, secret)
        answers += [stranger.xapi(statements()), stranger.caliper(payload("caliper_submitted"))]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.data for answer in answers}) == 1
    assert answers[0].headers["WWW-Authenticate"].startswith("Basic ")
    with sender.db.writing() as session:
        session.execute(update(Registration).values(status="off"))
    assert sender.xapi(statements()).status_code == 401
    assert sender.counts().taken == 0


@pytest.mark.parametrize("header", ["Authorization", "X-Api-Key"])
def test_a_caliper_key_may_come_bare(sender: Sender, header: str) -> None:
    bare = {"Authorization": ""} | {header: sender.secret}
    assert sender.caliper(payload("caliper_submitted"), **bare).status_code == 200


def test_too_much_is_refused_before_it_is_read(sender: Sender) -> None:
    assert sender.xapi([{}] * 2001).status_code == 413
    large = statements()[0] | {"padding": "x" * (2 * 1024 * 1024)}
    assert sender.xapi(large).status_code == 413
    assert sender.counts().taken == 0


@pytest.mark.parametrize(
    "body",
    [b"", b"not json", b"\xff\xfe", b"[1]", b'"x"', b"null", b"[" * 100_000, b'{"data": "x"}', b'{"data": [[]]}'],
    ids=range(9),
)
def test_nonsense_is_refused_as_a_machine_would_read_it(sender: Sender, body: bytes) -> None:
    headers = {"Authorization": f"Bearer {sender.secret}", "Content-Type": "application/json"}
    answer = sender.client.post(f"/feeds/{sender.ref}/caliper", data=body, headers=headers)
    assert (answer.status_code, list(answer.get_json())) == (400, ["error"])


def test_wild_values_in_the_right_places_break_nothing(sender: Sender) -> None:
    wild: list[Any] = [
        None,
        7,
        "",
        "\x00",
        [],
        {},
        "http://[",
        "x" * 5000,
        {"id": "\x00"},
        "https://a/course/view.php?id=%00",
    ]
    around = [{"context": {"contextActivities": {"grouping": value, "parent": [value]}}} for value in wild]
    flat = [{"verb": {"id": value}, "object": {"id": value}, "timestamp": value, "id": value} for value in wild]
    assert sender.xapi([*around, *flat, {"timestamp": "0001-01-01T00:00:00+14:00"}]).status_code == 200
    events = [{"action": value, "eventTime": value, "group": value, "object": {"isPartOf": value}} for value in wild]
    assert sender.caliper({"sensor": 3, "data": events}).status_code == 200
    assert sender.course().sync_due_at == NOW + timedelta(hours=8)


def test_versions_are_minded_and_told(sender: Sender) -> None:
    assert sender.xapi(statements(), headers={"X-Experience-API-Version": "0.95"}).status_code == 400
    modern = sender.xapi(statements(), headers={"X-Experience-API-Version": "2.0.0"})
    assert (modern.status_code, modern.headers["X-Experience-API-Version"]) == (200, "2.0.0")
    about = sender.client.get(f"/feeds/{sender.ref}/xapi/about")
    assert "1.0.3" in json.loads(about.data)["version"]
    assert sender.client.get(f"/feeds/{sender.ref}/xapi/statements").status_code == 405


def test_what_was_told_is_forgotten_after_a_week(sender: Sender) -> None:
    sender.xapi(statements())
    with sender.db.writing() as session:
        session.execute(update(FeedEvent).values(expires_at=datetime(2020, 1, 1, tzinfo=UTC)))
    sender.xapi({"id": "new", **statements()[0]})
    with sender.db.reading() as session:
        assert session.scalar(select(func.count()).select_from(FeedEvent)) == 1


@pytest.mark.parametrize(
    ("address", "ids"),
    [
        ("https://moodle.example.org/course/view.php?id=42&section=3", ["42"]),
        ("https://example.org/moodle/course/view.php?id=42", ["42"]),
        ("https://moodle.example.org/mod/quiz/view.php?id=42", []),
        ("https://moodle.example.org/course/view.php?id=x", []),
        ("https://lms.example.org/courses/course-v1%3AEx%2BDA%2B2026/courseware", ["course-v1:Ex+DA+2026"]),
        ("https://lms.example.org/courses/565/quizzes/3", ["565"]),
        ("urn:instructure:canvas:course:21070000000000565", ["21070000000000565", "565"]),
        ("urn:instructure:canvas:course:565", ["565"]),
        ("https://lms.example.org/users/3", []),
    ],
)
def test_courses_by_their_addresses(address: str, ids: list[str]) -> None:
    assert list(ids_in(address)) == ids
