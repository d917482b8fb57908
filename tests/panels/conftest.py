"""Ada stalls, Bruno helps, Clara tutors; Dario and Eva must see nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from lti_app.visit import COOKIE, FIELD, HEADER, Visit
from tests.panels.lively import token_of, visit_of


@dataclass
class Somebody:
    """A person with a panel open; ``cookie`` says whether their browser keeps our cookie."""

    client: FlaskClient
    visit: Visit
    token: str
    cookie: bool = False

    def opens(self, path: str, **headers: str) -> TestResponse:
        if self.cookie:
            self.client.set_cookie(COOKIE, self.token, path=f"/v/{self.visit.ref}/", domain="localhost")
            return self.client.get(self.at(path), headers=headers)
        return self.client.post(self.at(path), data={FIELD: self.token}, headers=headers)

    def sends(self, path: str, htmx: bool = False, **form: Any) -> TestResponse:
        headers = {"HX-Request": "true", HEADER: self.token} if htmx else {}
        if self.cookie:
            self.client.set_cookie(COOKIE, self.token, path=f"/v/{self.visit.ref}/", domain="localhost")
        answer = self.client.post(self.at(path), data={FIELD: self.token, **form}, headers=headers)
        # The test client leaves the file in which it put a large request together to the collector.
        answer.request.environ["wsgi.input"].close()
        return answer

    def at(self, path: str) -> str:
        return f"/v/{self.visit.ref}/{path}"


@pytest.fixture
def as_(app: Flask) -> Callable[..., Somebody]:
    """Open a panel as a member: ``as_(course.ada)``."""

    def open_as(membership_id: int, *, cookie: bool = False, ref: str = "r1", **visit: Any) -> Somebody:
        whose = visit_of(app, membership_id, ref=ref, **({"locale": "en"} | visit))
        return Somebody(app.test_client(), whose, token_of(app, whose), cookie)

    return open_as
