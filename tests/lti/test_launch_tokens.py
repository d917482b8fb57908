"""Whose token it is (B, security framework 5.1.3): signature, keys, issuer, audience, algorithm, times."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from flask import Flask

from lti_app.db import Database
from tests.lti.platform import (
    MEMBERSHIP,
    Moodle,
    assert_enters,
    assert_refused,
    begin,
    jwk,
    private_key,
    refused,
    refused_token,
    rows,
)


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
