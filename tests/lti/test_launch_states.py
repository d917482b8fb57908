"""To which login a launch belongs (B, security framework 5.1.3): nonce, state, browser, registration."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from lti_app.db import Database
from lti_app.models import Membership
from tests.lti.platform import LAUNCH, Login, Moodle, assert_enters, assert_refused, begin, refused, rows


@pytest.mark.parametrize("nonce", [None, "", 5, ["x"]])
def test_b23_no_nonce_is_refused(app: Flask, db: Database, moodle: Moodle, nonce: Any) -> None:
    refused(moodle, app, db, nonce=nonce)


def test_b24_a_nonce_that_is_not_ours_is_refused(app: Flask, db: Database, moodle: Moodle) -> None:
    refused(moodle, app, db, nonce="a-nonce-of-their-own")


def test_b25_the_same_form_gets_in_once(app: Flask, db: Database, moodle: Moodle) -> None:
    login = begin(moodle, app)
    token = moodle.sign(login.claims())
    kept = login.browser.get_cookie(next(iter(login.browser._cookies))[2], path="/lti/launch")
    assert kept is not None
    assert_enters(login.post(token))
    before = rows(db)
    # The browser has forgotten the login's cookie; give it back, as a thief of the whole browser would.
    login.browser.set_cookie(kept.key, kept.value, path="/lti/launch")
    assert_refused(login.post(token), db, before)


def test_b25_a_new_token_with_a_used_nonce_is_refused(app: Flask, db: Database, moodle: Moodle) -> None:
    login = begin(moodle, app)
    kept = login.browser.get_cookie(next(iter(login.browser._cookies))[2], path="/lti/launch")
    assert kept is not None
    assert_enters(login.launch())
    before = rows(db)
    login.browser.set_cookie(kept.key, kept.value, path="/lti/launch")
    assert_refused(login.launch(jti="another"), db, before)


def test_b26_the_state_of_one_login_with_the_nonce_of_another_is_refused(
    app: Flask, db: Database, moodle: Moodle
) -> None:
    one, other, before = begin(moodle, app), begin(moodle, app), rows(db)
    assert_refused(one.launch(nonce=other.nonce), db, before)


@pytest.mark.parametrize("state", ["", "state-forged", "x" * 5000, "state-WzFd.aaaa.bbbb"])
def test_b27_a_state_that_is_not_ours_is_refused(app: Flask, db: Database, moodle: Moodle, state: str) -> None:
    login, before = begin(moodle, app), rows(db)
    assert_refused(login.post(moodle.sign(login.claims()), state=state), db, before)


def test_b27_no_state_at_all_is_refused(app: Flask, db: Database, moodle: Moodle) -> None:
    login, before = begin(moodle, app), rows(db)
    form = {"id_token": moodle.sign(login.claims())}
    assert_refused(login.browser.post("/lti/launch", data=form), db, before)


def test_b28_a_stolen_form_does_not_open_in_another_browser(app: Flask, db: Database, moodle: Moodle) -> None:
    login = begin(moodle, app)
    token = moodle.sign(login.claims())
    before = rows(db)
    assert_refused(login.post(token, browser=app.test_client()), db, before)
    assert_enters(login.post(token))
    after = rows(db)
    assert_refused(login.post(token, browser=app.test_client()), db, after)


def test_b28_a_stolen_form_does_not_open_in_a_browser_with_a_login_of_its_own(
    app: Flask, db: Database, moodle: Moodle
) -> None:
    login, thief, before = begin(moodle, app), begin(moodle, app), rows(db)
    assert_refused(login.post(moodle.sign(login.claims()), browser=thief.browser), db, before)


def test_b29_a_launch_in_a_browser_that_began_no_login_is_refused(app: Flask, db: Database, moodle: Moodle) -> None:
    attacker, before = begin(moodle, app), rows(db)
    victim = app.test_client()
    token = moodle.sign(attacker.claims())
    assert_refused(attacker.post(token, browser=victim), db, before)
    # Nor does it help to bring along the attacker's own binding: it counts only from our own page, after storage.
    forged = attacker.post(token, browser=victim, binding="anything")
    assert_refused(forged, db, before)


def test_b30_a_login_at_one_registration_does_not_end_at_another(app: Flask, db: Database, moodle: Moodle) -> None:
    moodle.register(db, client_id="tool-2", academy_name="Accademia Due", deployment_ids=["1"])
    login, before = begin(moodle, app), rows(db)
    assert_refused(login.launch(aud="tool-2"), db, before)
    assert_refused(begin(moodle, app, client_id="tool-2").launch(), db, before)


def test_b30_a_login_for_one_deployment_does_not_end_in_another(app: Flask, db: Database, moodle: Moodle) -> None:
    moodle.register(db, deployment_ids=["1", "2"])
    login, before = begin(moodle, app), rows(db)
    assert_refused(login.launch(_deployment_id="2"), db, before)


def test_two_panels_on_one_page_launch_without_disturbing_each_other(app: Flask, db: Database, moodle: Moodle) -> None:
    browser = app.test_client()
    one, two = Login(moodle, browser), Login(moodle, browser, target_link_uri=f"{LAUNCH}?panel=talk")
    assert_enters(two.launch(_target_link_uri=f"{LAUNCH}?panel=talk"), "talk")
    assert_enters(one.launch())
    with db.reading() as session:
        assert len(session.scalars(select(Membership)).all()) == 1


def test_g_every_visit_has_a_name_of_its_own_so_none_can_be_prepared(app: Flask, db: Database, moodle: Moodle) -> None:
    assert len({assert_enters(begin(moodle, app).launch()) for _ in range(3)}) == 3
