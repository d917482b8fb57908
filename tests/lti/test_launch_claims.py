"""What a launch may and must say (C), other messages (F), and what comes after (G)."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from lti_app.db import Database
from lti_app.models import Academy, Context, Deployment, Membership, Person, Registration, ResourceLink
from lti_app.visit import COOKIE, Visit, unseal
from tests.lti.platform import LAUNCH, LTI, MEMBERSHIP, Moodle, assert_enters, assert_refused, begin, refused, rows

SYSTEM = "http://purl.imsglobal.org/vocab/lis/v2/system/person#"
INSTITUTION = "http://purl.imsglobal.org/vocab/lis/v2/institution/person#"


def visit(app: Flask, moodle: Moodle, **said: Any) -> Visit:
    response = begin(moodle, app).launch(**said)
    assert response.status_code == 303, response.text
    cookie = next(c for c in response.headers.getlist("Set-Cookie") if c.startswith(COOKIE))
    return unseal(cookie.partition("=")[2].partition(";")[0], app.extensions["regista"].settings)


# C. Core


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/lti/launch",
        "http://127.0.0.1:8000@evil.example/lti/launch",
        "http://127.0.0.1:8001/lti/launch",
        "http://127.0.0.1:8000/v/x/home",
        "http://127.0.0.1:8000/lti/launch?panel=talk",
        "javascript:alert(1)",
        "",
        5,
    ],
)
def test_c34_another_target_than_the_login_s_is_refused(app: Flask, db: Database, moodle: Moodle, target: Any) -> None:
    refused(moodle, app, db, _target_link_uri=target)


@pytest.mark.parametrize("target", ["https://evil.example/lti/launch", "http://[::1", "//evil.example", LAUNCH + "#x"])
def test_c34_a_login_that_leads_elsewhere_is_refused(app: Flask, db: Database, moodle: Moodle, target: str) -> None:
    before = rows(db)
    response = app.test_client().post("/lti/login", data=moodle.login_values(target_link_uri=target))
    assert_refused(response, db, before)


def test_c34_a_panel_named_in_our_own_address_opens(app: Flask, db: Database, moodle: Moodle) -> None:
    target = f"{LAUNCH}?panel=peer"
    login = begin(moodle, app, target_link_uri=target)
    assert login.query["redirect_uri"] == LAUNCH
    assert_enters(login.launch(_target_link_uri=target), "peer")
    with db.reading() as session:
        assert session.scalars(select(ResourceLink)).one().panel == "peer"


def test_c35_a_deployment_that_nobody_allowed_waits_for_a_yes(app: Flask, db: Database, moodle: Moodle) -> None:
    login, before = begin(moodle, app, lti_deployment_id=None), rows(db)
    response = login.launch(_deployment_id="77")
    # The one row that a refusal leaves: who knocked, so that the administrator can say yes.
    assert_refused(response, db, {**before, "deployment": before["deployment"] + 1})
    assert response.status_code == 403
    assert "waits for a yes" in response.text
    with db.reading() as session:
        waiting = session.scalars(select(Deployment).where(Deployment.id_on_platform == "77")).one()
        assert waiting.status == "waiting"
    moodle.register(db, deployment_ids=["77"])
    assert_enters(begin(moodle, app, lti_deployment_id=None).launch(_deployment_id="77"))


def test_c35_a_new_deployment_is_let_in_where_the_registration_says_so(
    app: Flask, db: Database, moodle: Moodle
) -> None:
    moodle.register(db, accepts_new_deployments=True)
    assert_enters(begin(moodle, app, lti_deployment_id=None).launch(_deployment_id="78"))


def test_c35_a_blocked_deployment_is_refused(app: Flask, db: Database, moodle: Moodle) -> None:
    with db.writing() as session:
        session.scalars(select(Deployment)).one().status = "blocked"
    refused(moodle, app, db)
    moodle.register(db)
    refused(moodle, app, db)


@pytest.mark.parametrize("bad", ["x" * 256, 3, True, ["3"], {"id": "3"}, "café", "a\x00b", "a\nb", "\ud800"])
@pytest.mark.parametrize("where", ["sub", "_deployment_id", "link", "context"])
def test_c36_an_id_that_is_no_short_ascii_text_is_refused(
    app: Flask, db: Database, moodle: Moodle, where: str, bad: Any
) -> None:
    said = {"link": {"_resource_link": {"id": bad}}, "context": {"_context": {"id": bad}}}.get(where, {where: bad})
    login, before = begin(moodle, app, lti_deployment_id=None), rows(db)
    assert_refused(login.launch(**said), db, before)


def test_c36_an_id_of_255_characters_is_fine(app: Flask, db: Database, moodle: Moodle) -> None:
    visit(app, moodle, sub="s" * 255, _resource_link={"id": "r" * 255}, _context={"id": "c" * 255})


@pytest.mark.parametrize("roles", ["Learner", {}, 5, [5], [None], [["x"]], [MEMBERSHIP + "Learner"] * 101])
def test_c37_roles_that_are_no_list_of_texts_are_refused(app: Flask, db: Database, moodle: Moodle, roles: Any) -> None:
    refused(moodle, app, db, _roles=roles)


@pytest.mark.parametrize(
    ("roles", "role"),
    [
        ([], "learner"),
        (["Instructor"], "learner"),
        (["Administrator"], "learner"),
        (["http://example.org/roles#Wizard"], "learner"),
        ([MEMBERSHIP + "Learner"], "learner"),
        ([MEMBERSHIP + "Instructor"], "tutor"),
        ([MEMBERSHIP.rstrip("#") + "/Instructor#TeachingAssistant"], "tutor"),
        ([MEMBERSHIP + "Learner", MEMBERSHIP + "Instructor"], "tutor"),
        ([MEMBERSHIP + "Administrator"], "manager"),
        ([MEMBERSHIP.rstrip("#") + "/Manager#Observer"], "learner"),
        ([MEMBERSHIP + "Mentor"], "learner"),
        ([SYSTEM + "Administrator"], "learner"),
        ([INSTITUTION + "Instructor"], "learner"),
        ([INSTITUTION + "Administrator", MEMBERSHIP + "Learner"], "learner"),
        ([SYSTEM + "Administrator", MEMBERSHIP + "Instructor"], "admin"),
    ],
)
def test_c37_roles_raise_nobody_beyond_what_the_course_says(
    app: Flask, db: Database, moodle: Moodle, roles: list[str], role: str
) -> None:
    assert visit(app, moodle, _roles=roles).role == role


def test_c37_an_onlooker_is_not_counted_among_the_learners(app: Flask, db: Database, moodle: Moodle) -> None:
    assert not visit(app, moodle, _roles=[MEMBERSHIP + "Mentor"]).is_staff
    with db.reading() as session:
        assert session.scalars(select(Membership)).one().role == "observer"


def test_c38_a_launch_outside_any_course_gets_a_plain_page(app: Flask, db: Database, moodle: Moodle) -> None:
    response = begin(moodle, app).launch(_context=None)
    assert response.status_code == 200
    assert "Welcome, Ada" in response.text
    with db.reading() as session:
        assert session.scalars(select(Person)).one().name == "Ada Rossi"
        assert not session.scalars(select(Membership)).all()


def test_c38_the_administrator_outside_any_course_gets_to_the_admin_page(
    app: Flask, db: Database, moodle: Moodle
) -> None:
    assert_enters(begin(moodle, app).launch(_context=None, _roles=[SYSTEM + "Administrator"]), "admin")


@pytest.mark.parametrize("context", [{}, {"title": "x"}, {"id": ""}, "2", 2, ["2"]])
def test_c38_a_course_without_id_is_refused(app: Flask, db: Database, moodle: Moodle, context: Any) -> None:
    refused(moodle, app, db, _context=context)


@pytest.mark.parametrize(
    "missing",
    [
        ("email",),
        ("name", "given_name", "family_name"),
        ("name", "given_name", "family_name", "email", "_launch_presentation"),
    ],
)
def test_c39_a_launch_without_name_or_email_works(
    app: Flask, db: Database, moodle: Moodle, missing: tuple[str, ...]
) -> None:
    visit(app, moodle, **dict.fromkeys(missing))


def test_c40_unknown_claims_and_unknown_variables_are_passed_over(app: Flask, db: Database, moodle: Moodle) -> None:
    custom = {"panel": "$Regista.panel", "canvas_course_id": "$Canvas.course.id", "empty": "", "full": None, "deep": {}}
    visit(app, moodle, _custom=custom, **{"https://example.org/claim": {"a": [1]}})
    with db.reading() as session:
        assert session.scalars(select(Context)).one().api_id is None


def test_c40_custom_parameters_say_which_panel_stands_where(app: Flask, db: Database, moodle: Moodle) -> None:
    login = begin(moodle, app)
    assert_enters(login.launch(_custom={"panel": "talk", "activity": "17", "canvas_course_id": "9"}), "talk")
    with db.reading() as session:
        assert session.scalars(select(ResourceLink)).one().settings == {"activity": "17"}
        assert session.scalars(select(Context)).one().api_id == "9"


def test_c41_a_mentor_s_list_opens_nothing(app: Flask, db: Database, moodle: Moodle) -> None:
    found = visit(app, moodle, _role_scope_mentor=["43"], _roles=[MEMBERSHIP + "Mentor"])
    assert (found.role, found.is_staff) == ("learner", False)


@pytest.mark.parametrize("value", ["x", 5, [], True])
@pytest.mark.parametrize(
    "claim",
    [
        LTI + "resource_link",
        LTI + "context",
        LTI + "custom",
        LTI + "launch_presentation",
        LTI + "tool_platform",
        "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice",
        "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint",
    ],
)
def test_c42_a_claim_of_the_wrong_type_gives_a_clean_400(
    app: Flask, db: Database, moodle: Moodle, claim: str, value: Any
) -> None:
    login, before = begin(moodle, app), rows(db)
    claims = login.claims() | {claim: value}
    response = login.post(moodle.sign(claims))
    assert_refused(response, db, before)
    assert response.status_code == 400


def test_c42_odd_words_are_kept_safe_or_passed_over(app: Flask, db: Database, moodle: Moodle) -> None:
    visit(
        app,
        moodle,
        name="Ada\x00\ud800 <b>Rossi</b>" + "x" * 1000,
        email=["ada"],
        given_name=5,
        picture="javascript:alert(1)",
        _context={"id": "2", "title": {"it": "x"}, "label": "\x00"},
        _launch_presentation={"locale": "it-IT" * 50, "return_url": "http://[::1", "document_target": 5},
    )
    with db.reading() as session:
        person = session.scalars(select(Person)).one()
        assert person.name is not None
        assert person.name.startswith("Ada? <b>Rossi</b>")
        assert len(person.name) == 255
        assert (person.email, person.picture) == (None, None)


# F. Other messages


@pytest.mark.parametrize(
    "said",
    [
        {"_message_type": "LtiSubmissionReviewRequest"},
        {"_message_type": "LtiSubmissionReviewRequest", "_for_user": {}},
        {"_message_type": "LtiSubmissionReviewRequest", "_for_user": "x"},
        {"_message_type": "LtiSubmissionReviewRequest", "_for_user": {"user_id": "4"}},
        {"_message_type": "DataPrivacyLaunchRequest", "_for_user": {"user_id": "4"}},
        {"_message_type": "LtiStartProctoring"},
    ],
)
def test_f_a_message_that_we_do_not_offer_is_refused(
    app: Flask, db: Database, moodle: Moodle, said: dict[str, Any]
) -> None:
    refused(moodle, app, db, **said)


def test_f_notices_posted_by_anybody_find_no_door(app: Flask, db: Database, moodle: Moodle) -> None:
    before = rows(db)
    response = app.test_client().post("/lti/notices", json={"notices": [{"jwt": moodle.sign({"iss": moodle.issuer})}]})
    # A platform's server reads the answer, no person does: no page.
    assert (response.status_code, response.json) == (401, {"taken": 0, "seen": 0, "refused": 1})
    assert rows(db) == before


# G. After the launch


def test_g_the_visit_names_its_registration_deployment_course_and_person(
    app: Flask, db: Database, moodle: Moodle
) -> None:
    found = visit(app, moodle)
    with db.reading() as session:
        registration = session.scalars(select(Registration)).one()
        assert found.registration_id == registration.id
        assert found.academy_id == registration.academy_id
        assert found.deployment_id == session.scalars(select(Deployment)).one().id
        assert found.context_id == session.scalars(select(Context)).one().id
        assert found.person_id == session.scalars(select(Person)).one().id
    assert found.return_url == "http://localhost:8900/back?course=2"


def test_g_two_schools_with_the_same_ids_share_nothing(app: Flask, db: Database, moodle: Moodle) -> None:
    moodle.register(db, client_id="tool-2", academy_name="Accademia Due")
    one = visit(app, moodle)
    login = begin(moodle, app, client_id="tool-2")
    assert_enters(login.launch(aud="tool-2"))
    with db.reading() as session:
        for table in (Person, Context, Membership, Academy):
            assert len(session.scalars(select(table)).all()) == 2
        assert one.academy_id != session.scalars(select(Academy).where(Academy.name == "Accademia Due")).one().id


def test_g_the_academy_names_its_community_managers(app: Flask, db: Database, moodle: Moodle) -> None:
    with db.writing() as session:
        session.scalars(select(Academy)).one().settings = {"managers": ["Marta@example.com", "44"]}
    teacher = [MEMBERSHIP + "Instructor"]
    assert visit(app, moodle, sub="50", email="marta@example.com", _roles=teacher).role == "manager"
    assert visit(app, moodle, sub="44", email=None, _roles=teacher).role == "manager"
    assert visit(app, moodle, sub="45", email="luca@example.com", _roles=teacher).role == "tutor"


def test_g_the_student_view_leaves_nobody_behind(app: Flask, db: Database, moodle: Moodle) -> None:
    test_user = "http://purl.imsglobal.org/vocab/lti/system/person#TestUser"
    found = visit(app, moodle, sub="999", name="Test student", _roles=[MEMBERSHIP + "Learner", test_user])
    assert (found.student_view, found.person_id, found.membership_id) == (True, 0, None)
    after = rows(db)
    assert (after["person"], after["membership"], after["active_day"], after["context"]) == (0, 0, 0, 1)


def test_g_a_return_address_of_another_site_is_not_carried_along(app: Flask, db: Database, moodle: Moodle) -> None:
    assert visit(app, moodle, _launch_presentation={"return_url": "https://evil.example/"}).return_url is None


def test_g_an_address_with_somebody_s_session_in_it_is_never_stored(app: Flask, db: Database, moodle: Moodle) -> None:
    url = "http://localhost:8900/mod/lti/return.php?course=2&sesskey=jZdeAcFjXC"
    assert visit(app, moodle, _launch_presentation={"return_url": url}).return_url == url
    with db.reading() as session:
        assert session.scalars(select(ResourceLink)).one().return_url is None


def test_a_refused_launch_offers_the_way_back_with_the_reason_in_it(app: Flask, db: Database, moodle: Moodle) -> None:
    response = begin(moodle, app, lti_deployment_id=None).launch(_deployment_id="77")
    assert 'href="http://localhost:8900/back?course=2&amp;lti_errormsg=This+installation+waits' in response.text
    elsewhere = begin(moodle, app, lti_deployment_id=None).launch(
        _deployment_id="77", _launch_presentation={"locale": "en", "return_url": "https://evil.example/"}
    )
    assert "evil.example" not in elsewhere.text


@pytest.mark.parametrize("error", ["login_required", "access_denied", "unauthorized_client", "<script>"])
def test_d_an_error_of_the_platform_is_told_as_a_page(app: Flask, db: Database, moodle: Moodle, error: str) -> None:
    login, before = begin(moodle, app), rows(db)
    response = login.browser.post("/lti/launch", data={"error": error, "state": login.state})
    assert_refused(response, db, before)
    assert "<script>" not in response.text.replace("<script nonce", "").replace("<script src", "")
