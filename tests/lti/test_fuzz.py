"""No claim, however odd, gives a 500."""

from __future__ import annotations

import contextlib

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lti_app import create_app
from lti_app.claim_fields import BadLaunch
from lti_app.claims import Launch
from lti_app.config import Settings
from lti_app.db import Database
from tests.lti.platform import LTI, Login, Moodle, Web

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text(max_size=10), children, max_size=4),
    max_leaves=12,
)
NAMES = [
    "iss",
    "aud",
    "azp",
    "sub",
    "iat",
    "exp",
    "nbf",
    "nonce",
    "name",
    "email",
    "picture",
    "locale",
    *(
        LTI + name
        for name in (
            "version",
            "message_type",
            "deployment_id",
            "target_link_uri",
            "resource_link",
            "roles",
            "context",
            "custom",
            "launch_presentation",
            "tool_platform",
            "for_user",
        )
    ),
    "https://purl.imsglobal.org/spec/lti-dl/claim/deep_linking_settings",
    "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice",
    "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint",
]
INNER = st.dictionaries(
    st.sampled_from(["id", "title", "label", "return_url", "locale", "panel", "activity", "deep_link_return_url"]),
    JSON,
    max_size=4,
)
CHANGES = st.dictionaries(st.sampled_from(NAMES), JSON | INNER, min_size=1, max_size=4)


@given(CHANGES)
@settings(max_examples=300, deadline=None)
def test_any_claims_are_read_or_refused(changes: dict[str, object]) -> None:
    moodle = object.__new__(Moodle)
    with contextlib.suppress(BadLaunch):
        Launch.from_claims(moodle.claims("nonce") | changes)


@pytest.fixture
def door(settings: Settings, db: Database, web: Web) -> tuple[Flask, Moodle]:
    moodle = Moodle(web)
    moodle.register(db)
    app = create_app(settings, database=db)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    return app, moodle


@given(changes=CHANGES)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_signed_launch_gets_in_or_gets_a_page(door: tuple[Flask, Moodle], changes: dict[str, object]) -> None:
    app, moodle = door
    login = Login(moodle, app.test_client())
    response = login.post(moodle.sign(login.claims() | changes))
    assert response.status_code in (200, 303, 400, 401, 403), (response.status_code, changes)


FORM = st.dictionaries(
    st.sampled_from(["id_token", "state", "error", "binding", "iss", "login_hint", "target_link_uri", "client_id"]),
    st.text(max_size=60),
)


@given(form=FORM)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_form_gets_a_page(door: tuple[Flask, Moodle], form: dict[str, str]) -> None:
    app, _ = door
    for path in ("/lti/launch", "/lti/login", "/lti/deep-link"):
        posted = app.test_client().post(path, data={k: v.encode("utf-8", "replace") for k, v in form.items()})
        assert 400 <= posted.status_code < 500, (path, form)
    query = {k: v.encode("utf-8", "replace").decode() for k, v in form.items()}
    for path in ("/lti/login", "/lti/register"):
        assert 400 <= app.test_client().get(path, query_string=query).status_code < 500
