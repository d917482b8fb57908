"""The pages, as each person sees them."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient

from lti_app.sandbox import PracticeLms
from tests.sandbox.conftest import be
from tests.sandbox.test_launch import ADMIN, ANNA, CARLA, ELISA, MARCO

ENGLISH = {"Accept-Language": "en"}


def test_everybody_sees_the_course_with_both_panels(browser: FlaskClient, practice: PracticeLms) -> None:
    for person in practice.lms.people:
        be(browser, person)
        page = browser.get("/course/view.php?id=2", headers=ENGLISH)
        assert page.status_code == 200
        assert page.text.count("<iframe") == 2
        assert "/mod/lti/launch.php?id=45" in page.text
        # Kept by the policy as well: nothing inline.
        assert not re.search(r"\sstyle=|<script>|\son\w+=", page.text)
        assert "style-src 'self'" in page.headers["Content-Security-Policy"]


def test_at_first_the_browser_is_the_learner_who_has_stalled(browser: FlaskClient) -> None:
    page = browser.get("/", follow_redirects=True, headers=ENGLISH).text
    assert "6 of 21 activities completed" in page
    assert "Marco fails “Quiz 2: Pulizia dei dati” again" in page
    assert browser.get("/mod/lti/launch.php?id=45").text.count('name="login_hint" value="4"') == 1


@pytest.mark.parametrize("person", [MARCO, ANNA, ELISA, CARLA, ADMIN])
def test_every_activity_opens_for_everybody(browser: FlaskClient, practice: PracticeLms, person: int) -> None:
    be(browser, person)
    for module in practice.lms.course.modules():
        address = f"/mod/{module['modname']}/view.php?id={module['id']}"
        assert browser.get(address).status_code == 200, address
    assert browser.get("/mod/quiz/view.php?id=9").status_code == 404


def test_opening_a_page_completes_it_and_a_quiz_does_not(browser: FlaskClient, practice: PracticeLms) -> None:
    be(browser, MARCO)
    browser.get("/mod/page/view.php?id=10")
    browser.get("/mod/quiz/view.php?id=13")
    browser.get("/mod/page/view.php?id=17")
    states = [practice.lms.course.status(MARCO, cmid)["state"] for cmid in (10, 13, 17)]  # type: ignore[index]
    assert states == [1, 0, 0]
    browser.post("/course/togglecompletion.php", data={"id": 17, "done": "1"})
    assert practice.lms.course.status(MARCO, 17)["state"] == 1  # type: ignore[index]


def test_launching_a_panel_is_no_view_of_it(browser: FlaskClient, practice: PracticeLms) -> None:
    be(browser, MARCO)
    browser.get("/mod/lti/launch.php?id=45")
    assert practice.lms.course.status(MARCO, 45)["state"] == 0  # type: ignore[index]


def test_marco_writes_in_the_forum(browser: FlaskClient, practice: PracticeLms) -> None:
    be(browser, MARCO)
    browser.post("/mod/forum/post.php", data={"id": 12, "subject": "I duplicati", "text": "Come <li> trovo?"})
    page = browser.get("/mod/forum/view.php?id=12").text
    assert "I duplicati" in page
    assert "Come &lt;li&gt; trovo?" in page
    assert practice.lms.course.status(MARCO, 12)["isoverallcomplete"]  # type: ignore[index]


def test_the_bar_says_what_the_tool_has_asked(browser: FlaskClient, practice: PracticeLms) -> None:
    form = {"wstoken": practice.ws_token, "wsfunction": "core_webservice_get_site_info", "moodlewsrestformat": "json"}
    browser.post("/webservice/rest/server.php", data=form)
    page = browser.get("/course/view.php", headers=ENGLISH).text
    assert "Regista: 1 call this hour" in page
    assert "<code>core_webservice_get_site_info</code>" in page


def test_the_bar_never_sends_anybody_elsewhere(browser: FlaskClient) -> None:
    for back in ("//evil.example/", "https://evil.example/", "/\\evil.example", ""):
        assert browser.post("/practice/be", data={"person": 4, "back": back}).location in ("/", "http://localhost/")
    answer = browser.post("/practice/be", data={"person": 4, "back": "/mod/quiz/view.php?id=8"})
    assert answer.location.endswith("/mod/quiz/view.php?id=8")


def test_the_language_is_chosen_and_stays(browser: FlaskClient) -> None:
    browser.post("/practice/speak", data={"language": "it"})
    assert '<html lang="it">' in browser.get("/course/view.php", headers=ENGLISH).text
    browser.post("/practice/speak", data={"language": "xx"})
    assert '<html lang="it">' in browser.get("/course/view.php", headers=ENGLISH).text


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/practice/be", {"person": "999"}),
        ("/practice/time", {"span": "century"}),
        ("/practice/do", {"person": "43", "kind": "pass", "cmid": "8"}),
        ("/mod/quiz/attempt.php", {"id": "8", "right": "50"}),
        ("/mod/assign/submit.php", {"id": "9", "text": "x" * 30_000}),
    ],
)
def test_nonsense_is_refused_and_nothing_happens(
    browser: FlaskClient, practice: PracticeLms, path: str, form: dict[str, str]
) -> None:
    be(browser, MARCO)
    assert browser.post(path, data=form).status_code == 400
    assert not practice.lms.course.since
