"""An academy shows Regista below a path of its own host; its proxy leaves the path in place or takes it away."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask, g
from werkzeug.test import Client

from lti_app import create_app
from lti_app.answers import way_back
from lti_app.config import BadSettings, settings_from
from lti_app.db import Database
from lti_app.invitations import invitation_address
from tests.lti.platform import LTI, Moodle
from tests.lti.test_admin import ADMIN

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

BELOW = "/regista"
PUBLIC = f"http://127.0.0.1:8000{BELOW}"
SEEN: dict[str, Any] = {"base_url": "http://127.0.0.1:8000/"}


@pytest.fixture
def below(app: Flask, db: Database) -> Flask:
    house = app.extensions["regista"]
    return create_app(replace(house.settings, public_url=PUBLIC), database=db, clock=house.clock)


def through_a_proxy(app: Flask, below: str = BELOW, *, takes_away: bool) -> Client:
    """A browser that sees the academy's host; the proxy behind it leaves the path in place or takes it away."""

    def proxy(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        assert environ["PATH_INFO"].startswith(below), environ["PATH_INFO"]
        if takes_away:
            environ["PATH_INFO"] = environ["PATH_INFO"].removeprefix(below)
        return app(environ, start)

    return Client(proxy)


def enters(browser: Client, moodle: Moodle, **said: Any) -> str:
    """Launch, and return the address of the panel to which the launch leads."""
    target = f"{PUBLIC}/lti/launch"
    login = browser.post(f"{BELOW}/lti/login", data=moodle.login_values(target_link_uri=target), **SEEN)
    query = {k: v[0] for k, v in parse_qs(urlsplit(login.headers["Location"]).query).items()}
    assert query["redirect_uri"] == target
    token = moodle.sign(moodle.claims(query["nonce"], **{LTI + "target_link_uri": target, **said}))
    launch = browser.post(f"{BELOW}/lti/launch", data={"id_token": token, "state": query["state"]}, **SEEN)
    assert launch.status_code == 303, launch.text
    return launch.headers["Location"]


@pytest.mark.parametrize("takes_away", [False, True])
def test_a_learner_enters_and_every_address_of_the_page_is_below_the_path(
    below: Flask, moodle: Moodle, takes_away: bool
) -> None:
    browser = through_a_proxy(below, takes_away=takes_away)
    where = enters(browser, moodle)
    assert re.fullmatch(f"{BELOW}/v/[^/]+/home", where)

    page = browser.get(where, **SEEN)
    assert page.status_code == 200
    addresses = re.findall(r'(?:href|src|action|hx-post|hx-get)="([^"#][^"]*)"', page.text)
    assert len(addresses) > 20
    assert [a for a in addresses if not a.startswith((f"{BELOW}/", "http", "data:"))] == []
    kept = [c for c in page.headers.getlist("Set-Cookie") if c.startswith("regista_visit")]
    assert [f"Path={where.removesuffix('home')};" in c for c in kept] == [True]
    style = next(a for a in addresses if ".css" in a)
    assert browser.get(style, **SEEN).status_code == 200


@pytest.mark.parametrize("said", ["/v/r/talk/1", f"{BELOW}/v/r/talk/1"])
def test_a_form_leads_back_to_its_page_below_the_path(below: Flask, said: str) -> None:
    with below.test_request_context("/v/r/talk/1/save", base_url=PUBLIC, method="POST", data={"back": said}):
        g.ref = "r"
        assert way_back() == f"{BELOW}/v/r/talk/1"


@pytest.mark.parametrize("takes_away", [False, True])
@pytest.mark.parametrize("path", ["/lti", "/v"])
def test_the_path_may_be_called_like_a_room_of_ours(app: Flask, db: Database, path: str, takes_away: bool) -> None:
    house = app.extensions["regista"]
    named = create_app(
        replace(house.settings, public_url=f"http://127.0.0.1:8000{path}"), database=db, clock=house.clock
    )
    browser = through_a_proxy(named, path, takes_away=takes_away)
    assert browser.get(f"{path}/lti/jwks").status_code == 200
    assert browser.get(f"{path}/healthz").status_code == 200
    # Nobody came in by this visit: a page of the panels says so, where another address is not there at all.
    assert browser.get(f"{path}/v/r/home").status_code == 401
    assert browser.get(f"{path}/nothing").status_code == 404
    asked = {"base_url": f"http://127.0.0.1:8000{path}", "data": {"back": "/v/r/talk/1"}}
    with named.test_request_context("/v/r/talk/1/save", method="POST", **asked):
        g.ref = "r"
        assert way_back() == f"{path}/v/r/talk/1"


@pytest.mark.parametrize("path", ["/la%20regista", "/regist\u00e0", "//regista", "/a/../regista"])
def test_a_path_that_proxies_and_browsers_may_write_in_two_ways_is_refused_at_the_start(path: str) -> None:
    env = {"REGISTA_SECRET_KEY": "x" * 40, "REGISTA_PUBLIC_URL": f"https://academy.example{path}"}
    with pytest.raises(BadSettings, match="a path of plain letters"):
        settings_from(env)
    env["REGISTA_PUBLIC_URL"] = "https://academy.example/tools/la-regista_2.0/"
    assert settings_from(env).public_url == "https://academy.example/tools/la-regista_2.0"


def test_whoever_opens_an_invitation_by_hand_reads_the_address_that_others_can_reach(below: Flask) -> None:
    invitation = invitation_address("Accademia Dati", below.extensions["regista"].settings)
    page = below.test_client().get(invitation.removeprefix(PUBLIC), base_url="http://10.0.0.7:8000")
    assert page.status_code == 200
    assert invitation in page.text
    assert "10.0.0.7" not in page.text


@pytest.mark.parametrize("takes_away", [False, True])
def test_an_admin_comes_back_from_canvas_to_the_browser_that_asked(
    below: Flask, moodle: Moodle, takes_away: bool
) -> None:
    browser = through_a_proxy(below, takes_away=takes_away)
    where = enters(browser, moodle, _context=None, _roles=[ADMIN], sub="9")
    page = browser.get(where, **SEEN).text
    services = re.findall(r'"([^"]+/admin/services/\d+)"', page)[0]
    token = re.findall(r'name="visit_token" value="([^"]+)"', page)[0]
    form = {"base_url": "https://canvas.example.edu", "client_id": "1", "client_secret": "s", "visit_token": token}
    asked = browser.post(f"{services}/canvas", data=form, **SEEN)
    query = parse_qs(urlsplit(asked.headers["Location"]).query)
    assert query["redirect_uri"] == [f"{PUBLIC}/admin/canvas/back"]
    # Whoever says no at Canvas is known again by the cookie, as is whoever agrees.
    back = {"state": query["state"][0], "error": "access_denied"}
    answer = browser.get(f"{BELOW}/admin/canvas/back", query_string=back, **SEEN)
    assert "Canvas was told no" in answer.text
