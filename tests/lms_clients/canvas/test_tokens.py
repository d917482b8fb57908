"""Tokens of Canvas: a tutor agrees, they run out, they are renewed."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest

from lms_clients.canvas import oauth
from lms_clients.canvas.client import CanvasClient
from lms_clients.errors import Reauthorise
from lms_clients.options import Options
from tests.lms_clients.canvas.conftest import read
from tests.lms_clients.fake_canvas import FakeCanvas
from tests.lms_clients.server import LocalLms, Reply


def granted(token: str) -> Reply:
    return Reply.of({"access_token": token, "token_type": "Bearer", "expires_in": 3600, "user": {"id": 9}})


def test_an_expired_token_is_renewed_once_and_stored_before_use(
    canvas: FakeCanvas, lms: LocalLms, local_options: Options
) -> None:
    stored: list[str] = []
    canvas.instead["/login/oauth2/token"] = lambda request: granted("fresh")
    canvas.good_tokens = {"fresh"}
    secret = oauth.CanvasSecret("old", "refresh-1", "10000001", "key")
    client = CanvasClient(lms.url, secret.text, replace(local_options, renewed=stored.append))
    assert read(client).complete
    [text] = stored
    kept = oauth.CanvasSecret.read(text)
    assert (kept.access_token, kept.refresh_token) == ("fresh", "refresh-1")  # the answer names no new one
    assert sum(path == "/login/oauth2/token" for _, path, _ in canvas.asked) == 1
    client.close()


def test_a_refused_refresh_asks_to_connect_anew(canvas: FakeCanvas, lms: LocalLms, local_options: Options) -> None:
    canvas.instead["/login/oauth2/token"] = lambda request: Reply.of({"error": "invalid_grant"}, 400)
    client = CanvasClient(lms.url, oauth.CanvasSecret("old", "r", "1", "k").text, local_options)
    with pytest.raises(Reauthorise):
        read(client)
    client.close()


def test_a_token_that_is_about_to_end_is_renewed_before_it_is_refused(
    canvas: FakeCanvas, lms: LocalLms, local_options: Options
) -> None:
    canvas.instead["/login/oauth2/token"] = lambda request: granted("fresh")
    canvas.good_tokens = {"fresh"}
    client = CanvasClient(lms.url, oauth.CanvasSecret("old", "r", "1", "k", expires_at=1.0).text, local_options)
    read(client)
    assert canvas.asked[0][1] == "/login/oauth2/token"
    client.close()


def test_a_tutor_agrees_once_for_all_scopes(canvas: FakeCanvas, lms: LocalLms, local_options: Options) -> None:
    url = oauth.consent_url("https://canvas.example/", "10000001", "https://tool.example/back", "st&ate")
    query = parse_qs(urlsplit(url).query)
    assert query["state"] == ["st&ate"]
    assert query["scope"] == [" ".join(oauth.SCOPES)]
    canvas.instead["/login/oauth2/token"] = lambda request: Reply.of(
        {"access_token": "a", "refresh_token": "r", "expires_in": 3600}
    )
    secret = oauth.exchange_code(lms.url, "10000001", "key", "https://tool.example/back", "code-1", local_options)
    assert secret.can_renew
    assert dict(canvas.asked[-1][2])["grant_type"] == "authorization_code"
    assert "r" not in repr(secret).removeprefix("CanvasSecret")
