"""The operator asks whether the process lives and can work."""

from flask import Flask


def test_the_operator_sees_that_the_process_lives_and_is_ready(app: Flask) -> None:
    client = app.test_client()
    assert client.get("/healthz").json == {"status": "ok"}
    ready = client.get("/readyz")
    assert ready.status_code == 200
    assert ready.json is not None
    assert ready.json["schema"]


def test_a_stranger_who_guesses_an_address_gets_a_calm_page_with_a_support_code(app: Flask) -> None:
    page = app.test_client().get("/nothing-here", headers={"Accept-Language": "en"})
    assert page.status_code == 404
    assert "Support code" in page.text
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
