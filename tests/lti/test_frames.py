"""Where our pages may be shown, and where their forms may lead."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from flask import Flask
from sqlalchemy import select

from lti_app.db import Database
from lti_app.models import Registration
from lti_app.visit import new_ref, registration_of
from tests.lti.platform import Moodle, assert_enters, begin
from tests.lti.test_login import FRAMED


def policy(response: object, name: str) -> str:
    headers = response.headers  # type: ignore[attr-defined]
    found = re.search(rf"{name} ([^;]*)", headers["Content-Security-Policy"])
    assert found, headers["Content-Security-Policy"]
    return found[1]


def test_a_panel_is_framed_by_its_platform_alone_and_its_forms_stay_with_us(
    app: Flask, db: Database, moodle: Moodle
) -> None:
    login = begin(moodle, app)
    ref = assert_enters(login.launch())
    panel = login.browser.get(f"/v/{ref}/home")
    assert panel.status_code == 200
    assert policy(panel, "frame-ancestors") == "http://localhost:8900"
    assert policy(panel, "form-action") == "'self'"


def test_a_page_that_says_open_it_again_can_be_read_in_the_platform_s_frame(
    app: Flask, db: Database, moodle: Moodle
) -> None:
    ref = assert_enters(begin(moodle, app).launch())
    for sent in ({}, {"X-Regista-Visit": "forged"}):
        again = app.test_client().get(f"/v/{ref}/home", headers=sent)
        assert again.status_code == 401
        assert policy(again, "frame-ancestors") == "http://localhost:8900"


def test_a_made_up_name_of_a_visit_tells_nobody_which_platforms_there_are(
    app: Flask, db: Database, moodle: Moodle
) -> None:
    settings = app.extensions["regista"].settings
    with db.reading() as session:
        known = session.scalars(select(Registration.id)).one()
    ref = new_ref(known, settings)
    assert registration_of(ref, settings) == known
    head, _, mark = ref.rpartition(".")
    other = f"{known + 1:x}.{head.partition('.')[2]}.{mark}"
    for made_up in (f"{known:x}.abcdefghijkl.AAAAAAAA", f"{known:x}", "x", "..", "é.é.é", other, head, f"{head}."):
        assert registration_of(made_up, settings) is None
        page = app.test_client().get(f"/v/{made_up}/home")
        assert page.status_code in (401, 404)
        assert policy(page, "frame-ancestors") == "'none'"


def test_only_pages_on_the_way_through_a_platform_have_forms_that_lead_there(
    app: Flask, db: Database, moodle: Moodle
) -> None:
    blocked = app.test_client(use_cookies=False)
    first = blocked.post("/lti/login", data=moodle.login_values(), headers=FRAMED)
    tab = blocked.get(f"/lti/login?{urlsplit(first.headers['Location']).query}", headers=FRAMED)
    assert policy(tab, "form-action") == "'self' https: http:"
    refused = app.test_client().post("/lti/launch", data={})
    assert policy(refused, "form-action") == "'self'"
