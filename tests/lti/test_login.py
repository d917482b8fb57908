"""The login (D): what a platform must say, and where we send the browser."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask

from lti_app.db import Database
from lti_app.store.registrations import remove_platform
from lti_app.visit import unseal
from tests.lti.platform import Login, Moodle, assert_enters, assert_refused, rows

FRAMED = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "iframe"}


def test_d_login_works_by_get_and_by_post(app: Flask, db: Database, moodle: Moodle) -> None:
    for answer in (
        app.test_client().get("/lti/login", query_string=moodle.login_values()),
        app.test_client().post("/lti/login", data=moodle.login_values()),
    ):
        assert answer.status_code == 302
        assert answer.headers["Location"].startswith(f"{moodle.auth_login_url}?")
        assert answer.headers["Cache-Control"] == "no-store"
        cookie = answer.headers["Set-Cookie"]
        for attribute in ("Secure", "HttpOnly", "SameSite=None", "Partitioned", "Path=/lti/launch", "Max-Age=600"):
            assert attribute in cookie


@pytest.mark.parametrize("missing", ["iss", "login_hint", "target_link_uri"])
def test_d_a_login_that_lacks_something_is_refused(app: Flask, db: Database, moodle: Moodle, missing: str) -> None:
    before = rows(db)
    for value in (None, ""):
        response = app.test_client().post("/lti/login", data=moodle.login_values(**{missing: value}))
        assert_refused(response, db, before)


@pytest.mark.parametrize("said", [{"iss": "http://evil.example"}, {"client_id": "tool-9"}, {"iss": "x" * 9000}])
def test_d_an_unknown_platform_is_refused(app: Flask, db: Database, moodle: Moodle, said: dict[str, str]) -> None:
    before = rows(db)
    response = app.test_client().post("/lti/login", data=moodle.login_values(**said))
    assert_refused(response, db, before)


def test_d_a_client_id_left_out_is_fine_with_one_registration_only(app: Flask, db: Database, moodle: Moodle) -> None:
    assert_enters(Login(moodle, app.test_client(), client_id=None).launch())
    moodle.register(db, client_id="tool-2")
    before = rows(db)
    response = app.test_client().post("/lti/login", data=moodle.login_values(client_id=None))
    assert_refused(response, db, before)


def test_d_hints_go_back_to_the_letter(app: Flask, db: Database, moodle: Moodle) -> None:
    hint = 'ü "&=+%20\n{}é'
    login = Login(moodle, app.test_client(), lti_message_hint=hint, login_hint="a b+c&d")
    assert login.query["lti_message_hint"] == hint
    assert login.query["login_hint"] == "a b+c&d"
    assert login.query["scope"] == "openid"
    assert login.query["response_type"] == "id_token"


def test_d_a_login_address_with_a_query_keeps_it(app: Flask, db: Database, moodle: Moodle) -> None:
    moodle.register(db, auth_login_url="http://localhost:8900/auth?school=3")
    login = Login(moodle, app.test_client())
    assert login.query["school"] == "3"
    assert_enters(login.launch())


def test_d_every_login_has_its_own_state_nonce_and_cookie(app: Flask, db: Database, moodle: Moodle) -> None:
    logins = [Login(moodle, app.test_client()) for _ in range(3)]
    assert len({login.state for login in logins}) == len({login.nonce for login in logins}) == 3
    assert len({login.response.headers["Set-Cookie"].partition("=")[0] for login in logins}) == 3


def test_d_logins_that_never_end_leave_no_row(app: Flask, db: Database, moodle: Moodle) -> None:
    before = rows(db)
    for _ in range(10):
        Login(moodle, app.test_client())
    assert rows(db) == before


def test_a_page_that_was_open_when_its_platform_was_removed_never_shows_somebody_else(
    app: Flask, db: Database, moodle: Moodle
) -> None:
    login = Login(moodle, app.test_client())
    page = f"/v/{assert_enters(login.launch(name='Ada Rossi'))}/home"
    assert login.browser.get(page).status_code == 200
    with db.writing() as session:
        assert remove_platform(session, moodle.issuer, moodle.client_id)
    app.extensions.pop("regista_front_door")
    moodle.register(db)
    assert_enters(Login(moodle, app.test_client()).launch(sub="9", name="Dario Neri"))
    assert login.browser.get(page).status_code == 404


def test_a_platform_that_was_connected_anew_lets_ada_in_at_her_second_try(
    app: Flask, db: Database, moodle: Moodle
) -> None:
    assert_enters(Login(moodle, app.test_client()).launch())
    with db.writing() as session:
        assert remove_platform(session, moodle.issuer, moodle.client_id)
    moodle.register(db)
    assert Login(moodle, app.test_client()).launch().status_code == 404
    assert_enters(Login(moodle, app.test_client()).launch())


def test_d_a_removed_platform_opens_nothing_any_more(app: Flask, db: Database, moodle: Moodle) -> None:
    login = Login(moodle, app.test_client())
    with db.writing() as session:
        assert remove_platform(session, moodle.issuer, moodle.client_id)
    before = rows(db)
    assert_refused(login.launch(), db, before)
    assert before["registration"] == 0


# Cookies blocked, in the order of the house: cookie, platform storage, new tab.


def test_a_browser_in_a_foreign_frame_is_asked_once_whether_it_keeps_cookies(
    app: Flask, db: Database, moodle: Moodle
) -> None:
    browser = app.test_client()
    first = browser.post("/lti/login", data=moodle.login_values(), headers=FRAMED)
    assert first.status_code == 303
    again = urlsplit(first.headers["Location"])
    assert again.path == "/lti/login"
    assert parse_qs(again.query)["lti_message_hint"] == [moodle.login_values()["lti_message_hint"]]
    second = browser.get(f"/lti/login?{again.query}", headers=FRAMED)
    assert second.status_code == 302
    assert second.headers["Location"].startswith(moodle.auth_login_url)
    # It is remembered: the next panel goes straight through.
    assert browser.post("/lti/login", data=moodle.login_values(), headers=FRAMED).status_code == 302


def test_a_browser_that_keeps_no_cookie_is_offered_a_tab_before_the_hint_is_used_up(
    app: Flask, db: Database, moodle: Moodle
) -> None:
    blocked = app.test_client(use_cookies=False)
    first = blocked.post("/lti/login", data=moodle.login_values(), headers=FRAMED)
    second = blocked.get(f"/lti/login?{urlsplit(first.headers['Location']).query}", headers=FRAMED)
    assert second.status_code == 200
    assert 'target="_blank"' in second.text
    assert "Open in a new tab" in second.text
    assert "frame-ancestors http://localhost:8900" in second.headers["Content-Security-Policy"]
    # In the new tab we are at home, and cookies work.
    tab = app.test_client()
    answer = tab.post(
        "/lti/login",
        data=moodle.login_values(),
        headers={"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Dest": "document"},
    )
    assert answer.status_code == 302


def test_a_platform_with_storage_keeps_our_note_where_cookies_are_blocked(
    app: Flask, db: Database, moodle: Moodle
) -> None:
    import re

    blocked = app.test_client(use_cookies=False)
    values = moodle.login_values(lti_storage_target="_parent")
    first = blocked.post("/lti/login", data=values, headers=FRAMED)
    put = blocked.get(f"/lti/login?{urlsplit(first.headers['Location']).query}", headers=FRAMED)
    assert put.status_code == 200
    said = dict(re.findall(r'data-([a-z]+)="([^"]*)"', put.text))
    assert (said["task"], said["target"], said["origin"]) == ("put", "_parent", "http://localhost:8900")
    query = {k: v[0] for k, v in parse_qs(urlsplit(said["next"].replace("&amp;", "&")).query).items()}
    token = moodle.sign(moodle.claims(query["nonce"]))
    form = {"id_token": token, "state": query["state"]}
    before = rows(db)
    get = blocked.post("/lti/launch", data=form, headers=FRAMED)
    assert get.status_code == 200
    assert 'data-task="get"' in get.text
    assert get.headers["Referrer-Policy"] == "same-origin"
    assert rows(db) == before
    # A stranger's page brings a binding of its own: it does not count, whatever it says.
    for headers in (FRAMED, {"Origin": "https://evil.example"}, {}):
        forged = blocked.post("/lti/launch", data={**form, "binding": said["value"]}, headers=headers)
        assert_refused(forged, db, before)
    ours = {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Dest": "iframe"}
    assert_refused(blocked.post("/lti/launch", data={**form, "binding": "wrong"}, headers=ours), db, before)
    entered = blocked.post("/lti/launch", data={**form, "binding": said["value"]}, headers=ours)
    assert entered.status_code == 200
    assert 'name="visit_token"' in entered.text
    action = re.search(r'action="/v/([^/]+)/home"', entered.text)
    carried = re.search(r'name="visit_token" value="([^"]+)"', entered.text)
    assert action is not None
    assert carried is not None
    assert unseal(carried[1], app.extensions["regista"].settings).ref == action[1]
    after = rows(db)
    assert_refused(blocked.post("/lti/launch", data={**form, "binding": said["value"]}, headers=ours), db, after)


@pytest.mark.parametrize("target", ["<script>", "a b", "x" * 100, "_parent'"])
def test_a_storage_target_that_is_no_frame_name_is_passed_over(
    app: Flask, db: Database, moodle: Moodle, target: str
) -> None:
    answer = app.test_client().post("/lti/login", data=moodle.login_values(lti_storage_target=target))
    assert answer.status_code == 302


def test_a_refusal_inside_a_frame_can_be_read_there(app: Flask, db: Database, moodle: Moodle) -> None:
    values = moodle.login_values(iss="http://unknown.example")
    headers = {"Origin": "http://unknown.example", "Accept-Language": "it"}
    response = app.test_client().post("/lti/login", data=values, headers=headers)
    assert response.status_code == 404
    assert "frame-ancestors http://unknown.example" in response.headers["Content-Security-Policy"]


def test_somebody_who_opens_the_launch_address_by_hand_is_told_where_to_go(app: Flask, db: Database) -> None:
    before = rows(db)
    assert_refused(app.test_client().get("/lti/launch"), db, before)
