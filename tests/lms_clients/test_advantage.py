"""LTI Advantage services against a local platform that answers as recorded ones do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from lms_clients import connect
from lms_clients.advantage import grades, roster
from lms_clients.advantage.client import LtiClient
from lms_clients.advantage.identity import ServiceIdentity, TokenCache
from lms_clients.advantage.services import Services
from lms_clients.base import Ability, CalendarEvent, DeliveryState, KnownState, Message
from lms_clients.errors import ProtocolTrouble, Reauthorise, RefusedAddress, ScopeMissing, TooMuchData, Unsupported
from lms_clients.options import Options
from lms_clients.records import CourseRef, EnrolmentState, GapReason, Part, ProgressBasis, Role
from tests.lms_clients.conftest import RECORDED_AT
from tests.lms_clients.server import LocalLms, Reply, Request

MEMBERSHIP = "http://purl.imsglobal.org/vocab/lis/v2/membership"
NRPS = {"Content-Type": "application/vnd.ims.lti-nrps.v2.membershipcontainer+json; charset=utf-8"}


@pytest.fixture(scope="module")
def pem() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return key.private_bytes(encoding, form, serialization.NoEncryption()).decode()


class Platform:
    """Tokens, two pages of members, one line item with a query in its address, scores and results."""

    def __init__(self, lms: LocalLms) -> None:
        self.lms = lms
        self.tokens: list[dict[str, str]] = []
        self.token_reply: Reply | None = None
        self.refuse_once = False
        self.scores: list[dict[str, Any]] = []
        self.members = [
            {"status": "Active", "roles": ["Learner"], "user_id": "3", "name": "Ada Neri", "email": "ada@example.com"},
            {"status": "Inactive", "roles": [f"{MEMBERSHIP}#Learner"], "user_id": "4", "family_name": "Bruni"},
            {"roles": [f"{MEMBERSHIP}#Instructor", f"{MEMBERSHIP}/Instructor#TeachingAssistant"], "user_id": "5"},
        ]
        lms.answer = self.answer

    def answer(self, request: Request) -> Reply:
        path = urlsplit(request.path).path
        if path == "/token":
            form = {key: values[0] for key, values in parse_qs(request.body.decode()).items()}
            self.tokens.append(form)
            # Moodle sends its tokens as text/html.
            token = {"access_token": f"t{len(self.tokens)}", "expires_in": 3600, "scope": form["scope"]}
            return self.token_reply or Reply(200, json.dumps(token).encode(), {"Content-Type": "text/html"})
        if self.refuse_once:
            self.refuse_once = False
            return Reply.of({"error": "expired"}, 401)
        assert request.headers["Authorization"].startswith("Bearer t")
        routes = {
            "/members": self._members,
            "/items": self._items,
            "/items/19/lineitem/results": self._results,
            "/items/19/lineitem/scores": self._score,
        }
        return routes[path](request) if path in routes else Reply.of({}, 404)

    def _members(self, request: Request) -> Reply:
        base = f"{self.lms.url}/members"
        if request.path == "/members?since=9":
            gone = {"user_id": "4", "roles": ["Learner"], "status": "Deleted"}
            body = {"context": {"id": "2"}, "members": [gone]}
            return Reply(200, json.dumps(body).encode(), {**NRPS, "Link": f'<{base}?since=10>; rel="differences"'})
        if "page=Ab%2FC" in request.path:
            body = {"context": {"id": "2"}, "members": self.members[2:]}
            return Reply(200, json.dumps(body).encode(), {**NRPS, "Link": f'<{base}?since=9>; rel="differences"'})
        body = {"context": {"id": "2", "title": "Fondamenti", "label": "FDA"}, "members": self.members[:2]}
        return Reply(200, json.dumps(body).encode(), {**NRPS, "Link": f'<{base}?page=Ab%2FC>; rel="next"'})

    def _items(self, request: Request) -> Reply:
        if request.method == "POST":
            assert request.headers["Content-Type"] == "application/vnd.ims.lis.v2.lineitem+json"
            made = json.loads(request.body) | {"id": f"{self.lms.url}/items/27/lineitem?type_id=1"}
            return Reply.of(made, 201)
        item = {"id": f"{self.lms.url}/items/19/lineitem?type_id=1", "label": "Comunità", "scoreMaximum": 100}
        return Reply.of([{**item, "resourceId": "", "tag": "participation", "resourceLinkId": "1"}])

    def _results(self, request: Request) -> Reply:
        assert "limit" not in request.path  # Moodle breaks down on it
        rows = [{"userId": "3", "resultScore": 40, "resultMaximum": 60}, {"userId": "4"}, {"userId": "99"}]
        return Reply.of(rows)

    def _score(self, request: Request) -> Reply:
        assert request.path.endswith("?type_id=1")
        assert request.headers["Content-Type"] == "application/vnd.ims.lis.v1.score+json"
        score = json.loads(request.body)
        if any(old["timestamp"] >= score["timestamp"] for old in self.scores):
            return Reply.of({"reason": "older"}, 409)
        self.scores.append(score)
        return Reply(200, b"", {"Content-Type": "application/vnd.ims.lis.v1.score+json"})


@pytest.fixture
def platform(lms: LocalLms) -> Platform:
    return Platform(lms)


@pytest.fixture
def identity(lms: LocalLms, pem: str) -> ServiceIdentity:
    return ServiceIdentity(client_id="tool", token_url=f"{lms.url}/token", kid="k1", private_key=pem)


@pytest.fixture
def services(platform: Platform, identity: ServiceIdentity, local_options: Options) -> Iterator[Services]:
    made = Services(identity, local_options, TokenCache())
    yield made
    made.close()


@pytest.fixture
def client(platform: Platform, identity: ServiceIdentity, local_options: Options) -> Iterator[LtiClient]:
    secret = {name: getattr(identity, name) for name in ("client_id", "token_url", "kid", "private_key", "audience")}
    made = connect("lti", "https://issuer.example", json.dumps(secret), options=local_options)
    assert isinstance(made, LtiClient)
    yield made
    made.close()


def course(lms: LocalLms, **more: str) -> CourseRef:
    return CourseRef(lti_context_id="2", memberships_url=f"{lms.url}/members", **more)


def test_the_assertion_says_who_we_are_and_is_a_little_older(
    lms: LocalLms, platform: Platform, services: Services, pem: str
) -> None:
    services.token(roster.SCOPE)
    claims = jwt.decode(platform.tokens[0]["client_assertion"], options={"verify_signature": False})
    assert (claims["iss"], claims["sub"], claims["aud"]) == ("tool", "tool", f"{lms.url}/token")
    now = datetime.now(UTC).timestamp()
    assert now - 60 < claims["iat"] < now - 5  # a platform refuses assertions from the future
    assert claims["exp"] > now + 60
    assert jwt.get_unverified_header(platform.tokens[0]["client_assertion"])["kid"] == "k1"
    assert platform.tokens[0]["scope"] == roster.SCOPE
    assert "PRIVATE KEY" not in repr(services.identity)


def test_a_token_is_kept_for_its_scope_until_it_nears_its_end(
    platform: Platform, identity: ServiceIdentity, local_options: Options
) -> None:
    from dataclasses import replace

    now = [0.0]
    services = Services(identity, replace(local_options, monotonic=lambda: now[0]), TokenCache())
    assert [services.token(roster.SCOPE), services.token(roster.SCOPE), services.token(grades.SCORE)] == [
        "t1",
        "t1",
        "t2",
    ]
    now[0] = 3500.0
    assert services.token(roster.SCOPE) == "t1"
    now[0] = 3541.0
    assert services.token(roster.SCOPE) == "t3"
    services.close()


def test_the_audience_can_be_another_than_the_token_address(
    platform: Platform, lms: LocalLms, pem: str, local_options: Options
) -> None:
    identity = ServiceIdentity("tool", f"{lms.url}/token", "k1", pem, audience="https://aud.example")
    services = Services(identity, local_options, TokenCache())
    services.token(roster.SCOPE)
    claims = jwt.decode(platform.tokens[0]["client_assertion"], options={"verify_signature": False})
    assert claims["aud"] == "https://aud.example"
    services.close()


@pytest.mark.parametrize(
    ("code", "error"),
    [("invalid_scope", ScopeMissing), ("invalid_client", Reauthorise), ("Expired token", ProtocolTrouble)],
)
def test_a_refused_token_says_what_to_mend(
    platform: Platform, services: Services, code: str, error: type[Exception]
) -> None:
    platform.token_reply = Reply(400, json.dumps({"error": code}).encode(), {"Content-Type": "text/html"})
    with pytest.raises(error):
        services.token(roster.SCOPE)


def test_a_token_without_the_scope_is_no_token(platform: Platform, services: Services) -> None:
    body = {"access_token": "x", "expires_in": 60, "scope": grades.SCORE}
    platform.token_reply = Reply.of(body)
    with pytest.raises(ScopeMissing):
        services.token(roster.SCOPE)


def test_a_rejected_token_is_renewed_once(platform: Platform, lms: LocalLms, services: Services) -> None:
    platform.refuse_once = True
    found = roster.read_roster(services, f"{lms.url}/members")
    assert len(found.members) == 3
    assert len(platform.tokens) == 2
    platform.members = []
    lms.answer = lambda request: (
        platform.answer(request) if request.path == "/token" else Reply.of({"error": "no"}, 401)
    )
    with pytest.raises(Reauthorise):
        roster.read_roster(services, f"{lms.url}/members")


def test_the_roster_is_read_page_by_page_and_keeps_the_differences(
    platform: Platform, lms: LocalLms, services: Services
) -> None:
    found = roster.read_roster(services, f"{lms.url}/members?x=1", role="Learner", resource_link="45")
    assert [member.user_id for member in found.members] == ["3", "4", "5"]
    assert found.differences_url == f"{lms.url}/members?since=9"
    first = next(request.path for request in lms.requests if request.path.startswith("/members"))
    assert parse_qs(urlsplit(first).query) == {"x": ["1"], "limit": ["500"], "role": ["Learner"], "rlid": ["45"]}
    ada, bruni, clara = (roster.learner(member) for member in found.members)
    assert (ada.name, ada.roles, ada.state) == ("Ada Neri", {Role.LEARNER}, EnrolmentState.ACTIVE)
    assert (bruni.name, bruni.state) == ("Bruni", EnrolmentState.SUSPENDED)
    assert (clara.name, clara.roles, clara.is_learner) == (None, {Role.TA}, False)


def test_whoever_left_since_the_last_reading_is_told_by_the_differences(
    platform: Platform, lms: LocalLms, services: Services
) -> None:
    before = roster.read_roster(services, f"{lms.url}/members")
    assert before.differences_url is not None
    found = roster.read_changes(services, before.differences_url)
    assert [(one.id, one.state) for one in map(roster.learner, found.members)] == [("4", EnrolmentState.DELETED)]
    assert found.differences_url == f"{lms.url}/members?since=10"
    assert lms.requests[-1].path == "/members?since=9"


@pytest.mark.parametrize(
    ("names", "roles"),
    [
        (["Learner"], {Role.LEARNER}),
        (["urn:lti:role:ims/lis/Learner"], {Role.LEARNER}),
        ([f"{MEMBERSHIP}#Mentor"], {Role.OBSERVER}),
        ([f"{MEMBERSHIP}#ContentDeveloper"], {Role.OTHER}),
        (["http://purl.imsglobal.org/vocab/lis/v2/institution/person#Student"], set()),
        (["urn:lti:instrole:ims/lis/Instructor", "urn:lti:role:ims/lis/Learner"], {Role.LEARNER}),
        (["urn:lti:role:ims/lis/TeachingAssistant"], {Role.TA}),
        ([f"{MEMBERSHIP}#Learner", "http://purl.imsglobal.org/vocab/lti/system/person#TestUser"],
         {Role.LEARNER, Role.TEST_STUDENT}),
    ],
)  # fmt: skip
def test_only_roles_in_the_course_count(names: list[str], roles: set[Role]) -> None:
    assert roster.roles_of(names) == roles


def test_pitfall_22_a_roster_refused_for_its_size_is_told_as_that(
    platform: Platform, lms: LocalLms, services: Services
) -> None:
    refusal = {"error": "above_response_limit", "explanation": "The number of retrieved users is bigger than 1000"}
    lms.answer = lambda request: platform.answer(request) if request.path == "/token" else Reply.of(refusal, 403)
    with pytest.raises(TooMuchData):
        roster.read_roster(services, f"{lms.url}/members")


def test_pitfall_23_scores_go_into_the_path_and_their_times_grow(
    platform: Platform, lms: LocalLms, services: Services
) -> None:
    [item] = grades.line_items(services, f"{lms.url}/items?type_id=1", tag="participation")
    at = datetime(2026, 11, 20, 12, tzinfo=UTC)
    assert item.id is not None
    grades.send_score(services, item.id, grades.Score("3", at, Decimal("7.5"), Decimal(10), comment="Bravo"))
    with pytest.raises(ProtocolTrouble):
        grades.send_score(services, item.id, grades.Score("3", at))
    later = grades.growing(at, at)
    assert later == at + timedelta(microseconds=1)
    grades.send_score(services, item.id, grades.Score("3", later, activity=grades.Activity.IN_PROGRESS))
    first, second = platform.scores
    assert first["timestamp"] == "2026-11-20T12:00:00.000000Z"
    assert (first["scoreGiven"], first["scoreMaximum"], first["activityProgress"]) == (7.5, 10, "Completed")
    assert "scoreGiven" not in second  # null is not accepted everywhere


def test_line_items_of_others_are_left_aside(platform: Platform, lms: LocalLms, services: Services) -> None:
    """Not every platform heeds the filter: ours is applied, too."""
    assert grades.line_items(services, f"{lms.url}/items", tag="another") == ()
    made = grades.create_line_item(
        services, f"{lms.url}/items", grades.LineItem("Aiuto dato", 10, tag="help", resource_id="help-1")
    )
    assert made.id == f"{lms.url}/items/27/lineitem?type_id=1"
    assert "startDateTime" not in json.loads(lms.requests[-1].body)


def test_a_platform_that_says_only_lti_is_told_honestly(platform: Platform, lms: LocalLms, client: LtiClient) -> None:
    launched = datetime(2026, 11, 19, 8, tzinfo=UTC)
    ref = course(lms, lineitems_url=f"{lms.url}/items?type_id=1")
    snapshot = client.snapshot(ref, {}, KnownState(launches={"3": launched, "77": launched}), RECORDED_AT)
    assert snapshot.course.title == "Fondamenti"
    assert snapshot.course.progress_basis == {ProgressBasis.ACCESS, ProgressBasis.SCORES}
    assert [(one.learner_id, one.last_seen_at, one.never) for one in snapshot.access] == [("3", launched, None)]
    assert [(one.title, one.points_possible) for one in snapshot.activities] == [("Comunità", Decimal(100))]
    assert [(r.learner_id, r.score, r.score_max) for r in snapshot.progress] == [
        ("3", Decimal(40), Decimal(60)),
        ("4", None, Decimal(1)),
    ]
    cannot = {gap.what for gap in snapshot.gaps if gap.reason is GapReason.UNSUPPORTED}
    assert cannot >= {Part.COMPLETION, Part.ATTEMPTS, Part.STRUCTURE, Part.ACCESS}
    assert {Part.COMPLETION, Part.ATTEMPTS}.isdisjoint(snapshot.read)
    assert snapshot.cursor == {"differences": f"{lms.url}/members?since=9"}


def test_lti_alone_writes_to_nobody(platform: Platform, lms: LocalLms, client: LtiClient) -> None:
    sent = client.send_message(Message(("3", "4"), "s", "b", course(lms)))
    assert [one.state for one in sent] == [DeliveryState.UNSUPPORTED] * 2
    event = client.create_event(CalendarEvent(course(lms), "t", RECORDED_AT))
    assert event.state is DeliveryState.UNSUPPORTED
    with pytest.raises(Unsupported):
        client.snapshot(CourseRef(lti_context_id="2"), {}, None, RECORDED_AT)


def test_it_is_known_which_services_the_platform_grants(platform: Platform, client: LtiClient) -> None:
    told = client.capabilities()
    assert told.can == {Ability.CONNECT, Ability.ROSTER, Ability.GRADES, Ability.GROUPS}
    assert told.missing == ()


def test_a_service_that_sends_us_elsewhere_gets_no_token(platform: Platform, lms: LocalLms, services: Services) -> None:
    evil = {**NRPS, "Link": '<https://evil.example/members?page=2>; rel="next"'}
    body = json.dumps({"members": platform.members}).encode()
    lms.answer = lambda request: platform.answer(request) if request.path == "/token" else Reply(200, body, evil)
    with pytest.raises(RefusedAddress):
        roster.read_roster(services, f"{lms.url}/members")


def test_a_broken_secret_asks_to_connect_anew(local_options: Options) -> None:
    with pytest.raises(Reauthorise):
        connect("lti", "https://issuer.example", "{}", options=local_options)
    identity = ServiceIdentity("tool", "https://lms.example/token", "k1", "no key")
    with pytest.raises(Reauthorise):
        identity.assertion(0)
