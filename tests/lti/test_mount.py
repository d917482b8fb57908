"""An academy shows Regista below a path of its own host; its proxy leaves the path in place or takes it away."""

from __future__ import annotations

import re
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask, g

from lti_app import create_app
from lti_app.answers import way_back
from lti_app.db import Database
from lti_app.invitations import invitation_address
from tests.lti.platform import LTI, Moodle

BELOW = "/regista"
PUBLIC = f"http://127.0.0.1:8000{BELOW}"


@pytest.fixture
def below(app: Flask, db: Database) -> Flask:
    house = app.extensions["regista"]
    return create_app(replace(house.settings, public_url=PUBLIC), database=db, clock=house.clock)


@pytest.mark.parametrize("proxy", ["leaves the path in place", "takes the path away"])
def test_a_learner_enters_and_every_address_of_the_page_is_below_the_path(
    below: Flask, moodle: Moodle, proxy: str
) -> None:
    browser = below.test_client()
    place = BELOW if proxy == "leaves the path in place" else ""
    # A browser behind a proxy that takes the path away still keeps its cookies by the address that it sees itself.
    seen = {"base_url": "http://127.0.0.1:8000/"} if place else {"base_url": PUBLIC}

    target = f"{PUBLIC}/lti/launch"
    said = moodle.login_values(target_link_uri=target)
    login = browser.post(f"{place}/lti/login", data=said, **seen)
    query = {k: v[0] for k, v in parse_qs(urlsplit(login.headers["Location"]).query).items()}
    assert query["redirect_uri"] == target
    token = moodle.sign(moodle.claims(query["nonce"], **{LTI + "target_link_uri": target}))
    launch = browser.post(f"{place}/lti/launch", data={"id_token": token, "state": query["state"]}, **seen)
    assert launch.status_code == 303, launch.text
    where = launch.headers["Location"]
    assert re.fullmatch(f"{BELOW}/v/[^/]+/home", where)

    # The proxy that takes the path away hands on what is left of it.
    page = browser.get(where if place else where.removeprefix(BELOW), **seen)
    assert page.status_code == 200
    addresses = re.findall(r'(?:href|src|action|hx-post|hx-get)="([^"#][^"]*)"', page.text)
    assert len(addresses) > 20
    assert [a for a in addresses if not a.startswith((f"{BELOW}/", "http", "data:"))] == []
    kept = [c for c in page.headers.getlist("Set-Cookie") if c.startswith("regista_visit")]
    assert [f"Path={where.removesuffix('home')};" in c for c in kept] == [True]


@pytest.mark.parametrize("said", ["/v/r/talk/1", f"{BELOW}/v/r/talk/1"])
def test_a_form_leads_back_to_its_page_below_the_path(below: Flask, said: str) -> None:
    with below.test_request_context("/v/r/talk/1/save", base_url=PUBLIC, method="POST", data={"back": said}):
        g.ref = "r"
        assert way_back() == f"{BELOW}/v/r/talk/1"


def test_whoever_opens_an_invitation_by_hand_reads_the_address_that_others_can_reach(below: Flask) -> None:
    invitation = invitation_address("Accademia Dati", below.extensions["regista"].settings)
    page = below.test_client().get(invitation.removeprefix(PUBLIC), base_url="http://10.0.0.7:8000")
    assert page.status_code == 200
    assert invitation in page.text
    assert "10.0.0.7" not in page.text
