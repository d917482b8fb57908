"""Every case of the launch checks that the certification suite and the security framework ask for (A and B).

What must be refused is refused with a 4xx page before any session or row exists; what must be accepted gets in.
"""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from flask import Flask
from sqlalchemy import select

from lti_app.db import Database
from lti_app.models import Academy, Membership
from tests.lti.platform import (
    LAUNCH,
    MEMBERSHIP,
    Moodle,
    assert_enters,
    assert_refused,
    begin,
    jwk,
    private_key,
    rows,
)

YEAR = 365 * 86_400


def refused(moodle: Moodle, app: Flask, db: Database, **said: Any) -> None:
    """Launch with these claims and see that it is refused."""
    login, before = begin(moodle, app), rows(db)
    assert_refused(login.launch(**said), db, before)


def refused_token(moodle: Moodle, app: Flask, db: Database, make: Any) -> None:
    login, before = begin(moodle, app), rows(db)
    assert_refused(login.post(make(login)), db, before)


# A. Certification suite, known bad payloads


def test_a01_no_kid_in_the_header_is_refused(app: Flask, db: Database, moodle: Moodle) -> None:
    refused_token(moodle, app, db, lambda login: jwt.encode(login.claims(), private_key("first"), algorithm="RS256"))


def test_a02_an_unknown_kid_is_refused(app: Flask, db: Database, moodle: Moodle) -> None:
    refused_token(moodle, app, db, lambda login: moodle.sign(login.claims(), headers={"kid": "nobody's"}))


@pytest.mark.parametrize("version", ["1.2.0", "1.3", 1.3, ["1.3.0"], ""])
def test_a03_a_wrong_version_is_refused(app: Flask, db: Database, moodle: Moodle, version: Any) -> None:
    refused(moodle, app, db, _version=version)


def test_a04_no_version_is_refused(app: Flask, db: Database, moodle: Moodle) -> None:
    refused(moodle, app, db, _version=None)


def test_a05_a_token_that_is_no_lti_message_is_refused(app: Flask, db: Database, moodle: Moodle) -> None:
    refused_token(moodle, app, db, lambda login: moodle.sign({"name": "badltilaunch"}))
    now = int(time.time())
    bare = {"iss": moodle.issuer, "aud": moodle.client_id, "sub": "3", "iat": now, "exp": now + 60}
    refused_token(moodle, app, db, lambda login: moodle.sign({**bare, "nonce": login.nonce}))


REQUIRED = ["message_type", "version", "deployment_id", "target_link_uri", "resource_link", "roles"]


@pytest.mark.parametrize("claim", REQUIRED)
def test_a06_a_missing_lti_claim_is_refused(app: Flask, db: Database, moodle: Moodle, claim: str) -> None:
    refused(moodle, app, db, **{f"_{claim}": None})


@pytest.mark.parametrize("claim", ["iss", "aud", "sub", "nonce", "iat", "exp"])
def test_a06_a_missing_security_claim_is_refused(app: Flask, db: Database, moodle: Moodle, claim: str) -> None:
    refused(moodle, app, db, **{claim: None})


def test_a07_exp_in_the_past_is_refused(app: Flask, db: Database, moodle: Moodle) -> None:
    now = int(time.time())
    refused(moodle, app, db, iat=now - 120, exp=now - 60)


def test_a07_iat_one_year_old_is_refused(app: Flask, db: Database, moodle: Moodle) -> None:
    refused(moodle, app, db, iat=int(time.time()) - YEAR)


def test_a07_exp_in_ten_years_is_refused(app: Flask, db: Database, moodle: Moodle) -> None:
    refused(moodle, app, db, exp=int(time.time()) + 10 * YEAR)


def test_a07_iat_in_the_future_is_refused(app: Flask, db: Database, moodle: Moodle) -> None:
    now = int(time.time())
    refused(moodle, app, db, iat=now + 3600, exp=now + 7200)


@pytest.mark.parametrize("value", ["soon", True, [1], {}, 10**30, -1, 1e300])
def test_a07_times_that_are_no_times_are_refused(app: Flask, db: Database, moodle: Moodle, value: Any) -> None:
    refused(moodle, app, db, iat=value, exp=value)


@pytest.mark.parametrize("value", ["", [], 7, "Lti", "LtiResourceLinkRequest "])
def test_a08_a_wrong_message_type_is_refused(app: Flask, db: Database, moodle: Moodle, value: Any) -> None:
    refused(moodle, app, db, _message_type=value)


def test_a09_no_roles_claim_is_refused(app: Flask, db: Database, moodle: Moodle) -> None:
    refused(moodle, app, db, _roles=None)


def test_a10_no_deployment_is_refused(app: Flask, db: Database, moodle: Moodle) -> None:
    refused(moodle, app, db, _deployment_id=None)
    refused(moodle, app, db, _deployment_id="")


@pytest.mark.parametrize("link", [{}, {"title": "x"}, {"id": ""}, {"id": None}])
def test_a11_a_resource_link_without_id_is_refused(app: Flask, db: Database, moodle: Moodle, link: Any) -> None:
    refused(moodle, app, db, _resource_link=link)


def test_a12_an_anonymous_launch_is_refused_with_words_that_help(app: Flask, db: Database, moodle: Moodle) -> None:
    login, before = begin(moodle, app), rows(db)
    response = login.launch(sub=None)
    assert_refused(response, db, before)
    assert "did not say who you are" in response.text


def test_a12_an_academy_may_let_the_nameless_look(app: Flask, db: Database, moodle: Moodle) -> None:
    with db.writing() as session:
        session.scalars(select(Academy)).one().settings = {"anonymous": True}
    login = begin(moodle, app)
    ref = assert_enters(login.launch(sub=None))
    assert login.browser.get(f"/v/{ref}/home").status_code == 200
    after = rows(db)
    assert (after["person"], after["membership"], after["active_day"], after["context"]) == (0, 0, 0, 1)


# B. Security framework, 5.1.3


def test_b13_a_tampered_payload_is_refused(app: Flask, db: Database, moodle: Moodle) -> None:
    def tamper(login: Any) -> str:
        header, _, signature = moodle.sign(login.claims()).split(".")
        claims = json.dumps(login.claims(sub="43", _roles=[MEMBERSHIP + "Instructor"])).encode()
        return f"{header}.{base64.urlsafe_b64encode(claims).rstrip(b'=').decode()}.{signature}"

    refused_token(moodle, app, db, tamper)


def test_b13_a_token_written_in_another_way_is_refused(app: Flask, db: Database, moodle: Moodle) -> None:
    login, before = begin(moodle, app), rows(db)
    token = moodle.sign(login.claims())
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    # The last letter of a signature of 256 bytes has four bits to spare: fifteen more ways to write the same bytes.
    same_bytes = token[:-1] + letters[letters.index(token[-1]) ^ 1]
    foreign_alphabet = token[:-86] + token[-86:].translate(str.maketrans("-_", "+/")) + "\n"
    for other in (same_bytes, foreign_alphabet, token + "=", token + "====", token.replace(".", "=.", 1), token + "é"):
        assert_refused(login.post(other), db, before)
    # Padded to the letter it is the same token; some platforms do so.
    assert_enters(login.post(token + "=="))


def test_b13_a_payload_that_the_header_calls_unencoded_is_refused(app: Flask, db: Database, moodle: Moodle) -> None:
    def unencoded(login: Any) -> str:
        header = base64.urlsafe_b64encode(json.dumps({"alg": "RS256", "kid": "first", "b64": False}).encode())
        payload = base64.urlsafe_b64encode(json.dumps(login.claims()).encode())
        signed = header.rstrip(b"=") + b"." + payload.rstrip(b"=")
        signature = jwt.algorithms.RSAAlgorithm(jwt.algorithms.RSAAlgorithm.SHA256).sign(signed, private_key("first"))
        return (signed + b"." + base64.urlsafe_b64encode(signature).rstrip(b"=")).decode()

    refused_token(moodle, app, db, unencoded)


def test_b13_another_key_under_the_same_kid_is_refused(app: Flask, db: Database, moodle: Moodle) -> None:
    refused_token(moodle, app, db, lambda login: moodle.sign(login.claims(), key="forged", headers={"kid": "first"}))


@pytest.mark.parametrize("issuer", ["http://localhost:8900/", "HTTP://LOCALHOST:8900", "http://evil.example", 5, None])
def test_b14_another_issuer_is_refused(app: Flask, db: Database, moodle: Moodle, issuer: Any) -> None:
    refused(moodle, app, db, iss=issuer)


@pytest.mark.parametrize("audience", ["somebody-else", [], {}, 7, [["tool-1"]], "tool-12", "12345"])
def test_b15_an_audience_without_us_is_refused(app: Flask, db: Database, moodle: Moodle, audience: Any) -> None:
    refused(moodle, app, db, aud=audience, azp="tool-1")


def test_b16_an_audience_that_nobody_trusts_is_refused(app: Flask, db: Database, moodle: Moodle) -> None:
    refused(moodle, app, db, aud=["tool-1", "https://evil.example"], azp="tool-1")


def test_b17_our_client_id_may_stand_anywhere_in_a_trusted_audience(app: Flask, db: Database, moodle: Moodle) -> None:
    assert_enters(begin(moodle, app).launch(aud=[moodle.issuer, "tool-1"], azp="tool-1"))
    moodle.register(db, client_id="tool-2")
    assert_enters(begin(moodle, app).launch(aud=["tool-2", "tool-1"], azp="tool-1"))
    assert_enters(begin(moodle, app).launch(aud=["tool-1"]))


def test_b18_several_audiences_without_azp_are_refused(app: Flask, db: Database, moodle: Moodle) -> None:
    refused(moodle, app, db, aud=[moodle.issuer, "tool-1"])


@pytest.mark.parametrize("azp", ["somebody-else", "", 7, ["tool-1"]])
def test_b19_another_authorised_party_is_refused(app: Flask, db: Database, moodle: Moodle, azp: Any) -> None:
    refused(moodle, app, db, azp=azp)


def test_b20_an_unsigned_token_is_refused(app: Flask, db: Database, moodle: Moodle) -> None:
    refused_token(
        moodle,
        app,
        db,
        lambda login: jwt.encode(login.claims(), None, algorithm="none", headers={"kid": "first"}),  # type: ignore[arg-type]
    )


def test_b20_a_token_signed_with_our_knowledge_of_the_public_key_is_refused(
    app: Flask, db: Database, moodle: Moodle
) -> None:
    def confuse(login: Any) -> str:
        import hashlib
        import hmac

        secret = private_key("first").public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        parts = [
            base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()
            for part in ({"alg": "HS256", "kid": "first", "typ": "JWT"}, login.claims())
        ]
        signed = hmac.new(secret, ".".join(parts).encode(), hashlib.sha256).digest()
        return ".".join([*parts, base64.urlsafe_b64encode(signed).rstrip(b"=").decode()])

    refused_token(moodle, app, db, confuse)


@pytest.mark.parametrize("alg", ["RS384", "RS512", "PS256"])
def test_b20_only_rs256_whatever_the_key_set_says(app: Flask, db: Database, moodle: Moodle, alg: str) -> None:
    moodle.keys = [jwk("first", alg=alg)]
    refused_token(moodle, app, db, lambda login: moodle.sign(login.claims(), alg=alg))


def test_b21_five_seconds_of_clock_skew_are_forgiven(app: Flask, db: Database, moodle: Moodle) -> None:
    now = int(time.time())
    assert_enters(begin(moodle, app).launch(iat=now - 65, exp=now - 5))
    assert_enters(begin(moodle, app).launch(iat=now + 5, exp=now + 65))


def test_b22_iat_too_old_is_refused_although_exp_is_not(app: Flask, db: Database, moodle: Moodle) -> None:
    refused(moodle, app, db, iat=int(time.time()) - 3600)


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


def test_b31_keys_that_the_token_brings_along_are_ignored(app: Flask, db: Database, moodle: Moodle) -> None:
    for brought in (
        {"jku": f"{moodle.web.url}/forged.json"},
        {"jwk": jwk("forged", kid="first")},
        {"x5u": f"{moodle.web.url}/forged.pem"},
    ):
        refused_token(
            moodle,
            app,
            db,
            lambda login, brought=brought: moodle.sign(
                login.claims(), key="forged", headers={"kid": "first", **brought}
            ),
        )
    assert "/forged.json" not in moodle.web.paths()
    # With the platform's own key such a header does no harm.
    login = begin(moodle, app)
    assert_enters(login.post(moodle.sign(login.claims(), headers={"jku": f"{moodle.web.url}/forged.json"})))
    assert "/forged.json" not in moodle.web.paths()


def test_b33_one_fetch_serves_many_launches(app: Flask, db: Database, moodle: Moodle) -> None:
    for _ in range(5):
        assert_enters(begin(moodle, app).launch())
    assert moodle.web.paths().count("/certs.php") == 1


# The whole browser's oddities


def test_two_panels_on_one_page_launch_without_disturbing_each_other(app: Flask, db: Database, moodle: Moodle) -> None:
    from tests.lti.platform import Login

    browser = app.test_client()
    one, two = Login(moodle, browser), Login(moodle, browser, target_link_uri=f"{LAUNCH}?panel=talk")
    assert_enters(two.launch(_target_link_uri=f"{LAUNCH}?panel=talk"), "talk")
    assert_enters(one.launch())
    with db.reading() as session:
        assert len(session.scalars(select(Membership)).all()) == 1


def test_g_every_visit_has_a_name_of_its_own_so_none_can_be_prepared(app: Flask, db: Database, moodle: Moodle) -> None:
    assert len({assert_enters(begin(moodle, app).launch()) for _ in range(3)}) == 3


@pytest.mark.parametrize("size", [40_000, 200_000])
def test_a_token_that_is_too_large_is_refused_unread(app: Flask, db: Database, moodle: Moodle, size: int) -> None:
    refused(moodle, app, db, padding="x" * size)


@pytest.mark.parametrize("token", ["", "x", "a.b", "a.b.c", "a.b.c.d", "é.é.é", "W10.W10.W10", "[" * 1000])
def test_something_that_is_no_token_is_refused(app: Flask, db: Database, moodle: Moodle, token: str) -> None:
    refused_token(moodle, app, db, lambda login: token)


def test_a_thousand_brackets_are_refused_calmly(app: Flask, db: Database, moodle: Moodle) -> None:
    deep = base64.urlsafe_b64encode(b"[" * 20_000).rstrip(b"=").decode()
    header = base64.urlsafe_b64encode(b'{"alg":"RS256","kid":"first"}').rstrip(b"=").decode()
    refused_token(moodle, app, db, lambda login: f"{header}.{deep}.c2ln")


def test_a_field_that_comes_twice_is_refused(app: Flask, db: Database, moodle: Moodle) -> None:
    login, before = begin(moodle, app), rows(db)
    body = {"id_token": [moodle.sign(login.claims()), "x"], "state": login.state}
    assert_refused(login.browser.post("/lti/launch", data=body), db, before)
