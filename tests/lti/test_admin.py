"""The administrator of an academy: an invitation, a yes to an installation, a platform by hand."""

from __future__ import annotations

import re
from typing import Any

from flask import Flask
from sqlalchemy import select

from lti_app.config import Settings
from lti_app.db import Database
from lti_app.invitations import read_invitation
from lti_app.models import AuditEntry, Deployment, Registration
from lti_app.store.registrations import find_academy
from tests.conftest import NOW
from tests.lti.platform import MEMBERSHIP, Moodle, assert_enters, assert_refused, begin, rows

ADMIN = "http://purl.imsglobal.org/vocab/lis/v2/institution/person#Administrator"


class Admin:
    """An administrator's visit; without a course unless told otherwise."""

    def __init__(self, app: Flask, moodle: Moodle, **said: Any) -> None:
        outside: dict[str, Any] = {"_context": None, "_roles": [ADMIN], "sub": "9"}
        login = begin(moodle, app)
        response = login.launch(**{**outside, **said})
        self.browser = login.browser
        self.ref = assert_enters(response, "admin" if "_context" not in said else "home")
        self.page = self.browser.get(f"/v/{self.ref}/admin").text
        found = re.search(r'name="visit_token" value="([^"]+)"', self.page)
        assert found, self.page
        self.token = found[1]

    def post(self, path: str, **form: str) -> Any:
        return self.browser.post(f"/v/{self.ref}/admin{path}", data={"visit_token": self.token, **form})


def test_from_outside_of_any_course_the_admin_makes_an_invitation(
    app: Flask, settings: Settings, db: Database, moodle: Moodle
) -> None:
    admin = Admin(app, moodle)
    assert "How Regista is connected" in admin.page
    page = admin.post("/invite").text
    code = re.search(r"/lti/register\?code=([\w.-]+)", page)
    assert code
    assert read_invitation(code[1], settings).academy == "Accademia Dati"
    with db.reading() as session:
        assert session.scalars(select(AuditEntry.what)).all() == ["invitation_made"]


def test_an_installation_that_knocks_waits_for_a_yes_and_can_be_kept_out_again(
    app: Flask, db: Database, moodle: Moodle
) -> None:
    before = rows(db)
    refused = begin(moodle, app, lti_deployment_id="77").launch(_deployment_id="77")
    assert refused.status_code == 403
    before["deployment"] += 1
    assert_refused(refused, db, before)
    with db.reading() as session:
        waiting = session.scalars(select(Deployment.id).where(Deployment.id_on_platform == "77")).one()
    admin = Admin(app, moodle)
    assert "waits for your yes" in admin.page
    assert admin.post(f"/installations/{waiting}", decision="yes").status_code == 303
    assert_enters(begin(moodle, app, lti_deployment_id="77").launch(_deployment_id="77"))
    admin.post(f"/installations/{waiting}", decision="no")
    assert begin(moodle, app, lti_deployment_id="77").launch(_deployment_id="77").status_code == 403
    assert admin.post(f"/installations/{waiting}", decision="perhaps").status_code == 400


def test_nobody_decides_about_another_academys_installation(app: Flask, db: Database, moodle: Moodle) -> None:
    moodle.register(db, client_id="tool-2", deployment_ids=["5"], academy_name="Another academy")
    with db.reading() as session:
        other = session.scalars(select(Deployment.id).where(Deployment.id_on_platform == "5")).one()
        registration = session.scalars(select(Registration.id).where(Registration.client_id == "tool-2")).one()
    admin = Admin(app, moodle)
    assert admin.post(f"/installations/{other}", decision="no").status_code == 404
    assert admin.post(f"/check/{registration}").status_code == 404
    with db.reading() as session:
        assert session.get_one(Deployment, other).status == "active"


def test_a_tutor_or_a_learner_has_no_such_page(app: Flask, moodle: Moodle) -> None:
    for role in ("Instructor", "Learner"):
        login = begin(moodle, app)
        ref = assert_enters(login.launch(_roles=[MEMBERSHIP + role]))
        assert login.browser.get(f"/v/{ref}/admin").status_code == 404


FORM = {
    "issuer": "https://brightspace.example.org",
    "client_id": "c-1",
    "deployment": "d-1",
    "auth_login_url": "https://brightspace.example.org/d2l/lti/authenticate",
    "auth_token_url": "https://auth.brightspace.example.org/core/connect/token",
    "jwks_url": "https://brightspace.example.org/d2l/.well-known/jwks",
    "auth_audience": "https://api.brightspace.com/auth/token",
    "product": "desire2learn",
}


def test_a_platform_is_connected_by_hand_for_the_admins_own_academy(app: Flask, db: Database, moodle: Moodle) -> None:
    with db.writing() as session:
        find_academy(session, "Another academy", NOW)
    admin = Admin(app, moodle)
    assert "What your platform needs from us" in admin.browser.get(f"/v/{admin.ref}/admin/connect").text
    page = admin.post("/connect/save", **FORM)
    assert page.status_code == 200
    assert "is connected" in page.text
    with db.reading() as session:
        row = session.scalars(select(Registration).where(Registration.client_id == "c-1")).one()
        assert (row.academy_id, row.product, row.auth_audience) == (1, "desire2learn", FORM["auth_audience"])
        assert not row.accepts_new_deployments


def test_an_address_that_no_browser_could_read_is_told_and_not_kept(app: Flask, db: Database, moodle: Moodle) -> None:
    admin = Admin(app, moodle)
    before = rows(db)
    for name in ("issuer", "auth_login_url", "auth_token_url", "jwks_url"):
        for odd in ("https://[", "https://lms.example.org:none/", "https://lms example.org/", "https://x/#part"):
            assert admin.post("/connect/save", **{**FORM, name: odd}).status_code == 422
    assert admin.post("/connect/save", **{**FORM, "deployment": "è"}).status_code == 422
    assert rows(db) == before


def test_what_is_wrong_stands_beside_its_field_and_what_was_written_stays(
    app: Flask, db: Database, moodle: Moodle
) -> None:
    admin = Admin(app, moodle)
    before = rows(db)
    page = admin.post("/connect/save", **{**FORM, "client_id": "", "jwks_url": "no address"})
    assert page.status_code == 422
    assert FORM["auth_token_url"] in page.text
    assert "client_id-fault" in page.text
    assert rows(db) == before


def test_an_admin_inside_a_course_finds_the_page_among_the_tabs(app: Flask, moodle: Moodle) -> None:
    roles = [MEMBERSHIP + "Instructor", ADMIN]
    admin = Admin(app, moodle, _context={"id": "2", "title": "Data Analysis"}, _roles=roles)
    assert "Installation" in admin.browser.get(f"/v/{admin.ref}/home").text
    assert 'aria-current="page"' in admin.page


def test_canvas_reads_its_developer_key_from_an_address(app: Flask) -> None:
    key = app.test_client().get("/lti/canvas.json").json
    assert key is not None
    assert key["oidc_initiation_url"] == "http://127.0.0.1:8000/lti/login"
    assert key["redirect_uris"] == ["http://127.0.0.1:8000/lti/launch"]
    fields = key["custom_fields"]
    assert (fields["canvas_user_id"], fields["canvas_course_id"]) == ("$Canvas.user.id", "$Canvas.course.id")
    placements = {one["placement"]: one["message_type"] for one in key["extensions"][0]["settings"]["placements"]}
    assert placements == {
        "course_navigation": "LtiResourceLinkRequest",
        "link_selection": "LtiDeepLinkingRequest",
        "editor_button": "LtiDeepLinkingRequest",
    }
    assert key["extensions"][0]["privacy_level"] == "public"


def test_a_school_of_hosted_canvas_may_frame_us_and_others_may_not(app: Flask, db: Database, moodle: Moodle) -> None:
    moodle.issuer = "https://canvas.instructure.com"
    moodle.register(db, issuer=moodle.issuer, auth_login_url="https://sso.canvaslms.com/api/lti/authorize_redirect")
    login = begin(moodle, app)
    back = {"return_url": "https://canvas.school.example/courses/1"}
    ref = assert_enters(login.launch(_launch_presentation=back))
    policy = login.browser.get(f"/v/{ref}/home").headers["Content-Security-Policy"]
    ancestors = policy.partition("frame-ancestors ")[2].split()
    assert {"https://*.instructure.com", "https://canvas.school.example", "https://canvas.instructure.com"} <= set(
        ancestors
    )
    assert "'self'" not in ancestors


def test_a_launch_without_a_name_is_refused_until_the_academy_lets_such_people_look(
    app: Flask, db: Database, moodle: Moodle
) -> None:
    before = rows(db)
    assert_refused(begin(moodle, app).launch(sub=None), db, before)
    admin = Admin(app, moodle)
    assert admin.post("/nameless", look="yes").status_code == 303
    people = rows(db)["person"], rows(db)["membership"]
    login = begin(moodle, app)
    ref = assert_enters(login.launch(sub=None, _roles=[MEMBERSHIP + "Instructor"]))
    page = login.browser.get(f"/v/{ref}/home")
    assert "You are only looking" in page.text
    assert login.browser.get(f"/v/{ref}/desk").status_code == 404
    assert (rows(db)["person"], rows(db)["membership"]) == people
    admin.post("/nameless", look="no")
    assert begin(moodle, app).launch(sub="").status_code in (400, 401, 403)
