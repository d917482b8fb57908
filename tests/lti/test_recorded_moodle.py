"""What a real Moodle 4.5.6 sent, signed again with a key of ours."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from lti_app.db import Database
from lti_app.models import Context, Membership, Person, Registration, ResourceLink
from lti_app.store.arrivals import insert_new
from lti_app.visit import COOKIE, Visit, unseal
from tests.conftest import NOW
from tests.lti.platform import LAUNCH, LTI, Login, Moodle

PAYLOADS = Path(__file__).parent.parent / "payloads" / "lti"


def recorded(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((PAYLOADS / f"{name}.json").read_text(encoding="utf-8"))
    return found


def replay(app: Flask, db: Database, moodle: Moodle, name: str) -> Visit:
    """Let Moodle's recorded login and launch happen again now; only nonce, times and our own address are new."""
    said = recorded(name)
    login_values, claims = said["login"], said["claims"]
    moodle.register(db, client_id=claims["aud"], deployment_ids=[claims[LTI + "deployment_id"]])
    login = Login(moodle, app.test_client(), **{**login_values, "target_link_uri": LAUNCH})
    now = int(time.time())
    fresh = {**claims, "nonce": login.nonce, "iat": now, "exp": now + 60, LTI + "target_link_uri": LAUNCH}
    response = login.post(moodle.sign(fresh))
    assert response.status_code == 303, response.text
    cookie = next(c for c in response.headers.getlist("Set-Cookie") if c.startswith(COOKIE))
    return unseal(cookie.partition("=")[2].partition(";")[0], app.extensions["regista"].settings)


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("launch_learner", "learner"),
        ("launch_learner_panel_private", "learner"),
        ("launch_learner_dynreg", "learner"),
        ("launch_teacher", "tutor"),
        ("launch_tutor", "tutor"),
        # Moodle's manager launches as Instructor; the academy names its community managers itself.
        ("launch_manager", "tutor"),
        ("launch_admin", "admin"),
    ],
)
def test_everybody_in_the_recorded_course_gets_in_with_the_right_role(
    app: Flask, db: Database, moodle: Moodle, name: str, role: str
) -> None:
    found = replay(app, db, moodle, name)
    assert found.role == role
    assert found.locale == recorded(name)["claims"][LTI + "launch_presentation"]["locale"]


def test_giulia_is_known_by_her_moodle_ids_and_the_course_by_its(app: Flask, db: Database, moodle: Moodle) -> None:
    replay(app, db, moodle, "launch_learner")
    with db.reading() as session:
        giulia = session.scalars(select(Person)).one()
        assert (giulia.id_on_platform, giulia.api_id, giulia.name) == ("3", "3", "Giulia Rossi")
        context = session.scalars(select(Context)).one()
        assert (context.id_on_platform, context.api_id, context.label) == ("2", "2", "FDA-2026")
        assert (
            context.memberships_url
            == "http://localhost:8900/mod/lti/services.php/CourseSection/2/bindings/1/memberships"
        )
        assert session.scalars(select(Registration).where(Registration.product == "moodle")).one()
        link = session.scalars(select(ResourceLink)).one()
        # Moodle's return address carries the person's session key.
        assert (link.title, link.return_url) == ("Comunità del corso", None)


def test_giulia_whom_only_a_sync_had_seen_is_the_same_person_when_she_launches(
    app: Flask, db: Database, moodle: Moodle
) -> None:
    said = recorded("launch_learner")["claims"]
    registration_id = moodle.register(db, client_id=said["aud"], product="moodle")
    with db.writing() as session:
        ids = {"registration_id": registration_id, "api_id": "3"}
        person_id = insert_new(session, Person, **ids, name="Giulia", created_at=NOW)
    found = replay(app, db, moodle, "launch_learner")
    assert found.person_id == person_id
    with db.reading() as session:
        assert session.scalars(select(Person)).one().name == "Giulia Rossi"
        assert session.scalars(select(Membership)).one().person_id == person_id


def test_giulia_whose_panel_is_private_keeps_the_name_that_we_knew(app: Flask, db: Database, moodle: Moodle) -> None:
    replay(app, db, moodle, "launch_learner")
    private = recorded("launch_learner_panel_private")["claims"]
    login = Login(moodle, app.test_client(), client_id=recorded("launch_learner")["claims"]["aud"])
    now = int(time.time())
    claims = {**private, "nonce": login.nonce, "iat": now, "exp": now + 60, LTI + "target_link_uri": LAUNCH}
    claims |= {"aud": recorded("launch_learner")["claims"]["aud"], LTI + "deployment_id": "1"}
    assert login.post(moodle.sign(claims)).status_code == 303
    with db.reading() as session:
        assert session.scalars(select(Person)).one().name == "Giulia Rossi"
