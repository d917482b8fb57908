"""The panel in a frame of another site, in a real browser that keeps no cookie for it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page
from sqlalchemy import update
from werkzeug.serving import make_server

from lti_app.db import Database
from lti_app.models import Registration
from lti_app.visit import FIELD
from tests.panels.conftest import Somebody
from tests.panels.lively import lively
from tests.sweep.course import Course

pytestmark = pytest.mark.browser
As = Callable[..., Somebody]


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """What a browser does is the same on both databases."""
    return sqlite_url


@contextmanager
def serving(app: Any, host: str) -> Iterator[str]:
    server = make_server(host, 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://{host}:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def course_page(pages: dict[str, str]) -> Callable[..., Any]:
    def wsgi(environ: dict[str, Any], start: Callable[..., Any]) -> list[bytes]:
        start("200 OK", [("Content-Type", "text/html; charset=utf-8")])
        return [pages.get(environ["PATH_INFO"], "").encode()]

    return wsgi


FRAME = """<!doctype html><title>Course</title><h1>Course</h1>
<iframe name="panel" width="{width}" height="300"></iframe>
<form action="{action}" method="post" target="{target}"><input type="hidden" name="{field}" value="{token}"></form>
<script>
window.heard = [];
addEventListener("message", (event) => heard.push(event.data));
document.forms[0].submit();
</script>"""


@pytest.fixture
def frame(app: Flask, db: Database, course: Course, chromium: Browser) -> Iterator[Callable[..., Any]]:
    """Show one person's panel inside a course page of another site; gives (page, frame, faults)."""
    pages: dict[str, str] = {}
    opened: list[Page] = []
    with serving(app, "127.0.0.1") as tool, serving(course_page(pages), "localhost") as lms:
        with db.writing() as session:
            values = {"issuer": lms, "auth_login_url": f"{lms}/auth"}
            session.execute(update(Registration).where(Registration.id == course.registration).values(**values))

        def show(who: Somebody, path: str, width: int = 320, target: str = "panel") -> tuple[Any, Any, list[str]]:
            action = tool + who.at(path)
            pages["/"] = FRAME.format(action=action, field=FIELD, token=who.token, width=width, target=target)
            page = chromium.new_page()
            opened.append(page)
            faults: list[str] = []
            page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
            page.on("pageerror", lambda error: faults.append(str(error)))
            page.goto(lms)
            page.wait_for_load_state("networkidle")
            inside = page.frame("panel") if target == "panel" else page.main_frame
            inside.wait_for_selector("#main")
            return page, inside, faults

        yield show
        for page in opened:
            page.context.close()


def test_bruno_replies_in_a_frame_without_cookies(
    frame: Callable[..., Any], as_: As, course: Course, db: Database
) -> None:
    with db.writing() as session:
        ids = lively(session, course)
    page, inside, faults = frame(as_(course.bruno), "home")
    heard = page.evaluate("heard")
    sizes = [message for message in heard if isinstance(message, dict)]
    assert {message["subject"] for message in sizes} == {"lti.frameResize", "org.imsglobal.lti.frameResize"}
    assert all(message["height"] > 400 for message in sizes)
    assert any(json.loads(message)["subject"] == "lti.frameResize" for message in heard if isinstance(message, str))
    assert len(heard) <= 8

    inside.get_by_role("button", name="Come si riconosce").click()
    inside.wait_for_selector("#thread")
    box = inside.get_by_label("Your reply")
    box.fill("x" * 8001)
    inside.get_by_role("button", name="Reply").click()
    inside.wait_for_selector(".field-fault")
    inside.wait_for_selector("#body:focus")
    assert inside.evaluate("document.activeElement.id") == "body"
    assert len(box.input_value()) == 8001
    box.fill("A **short** word.")
    first = inside.evaluate("document.querySelector('input[name=visit_token]').value")
    page.wait_for_timeout(1100)
    inside.get_by_role("button", name="Reply").click()
    inside.wait_for_selector("text=short")
    page.wait_for_timeout(300)
    assert inside.locator("#live").inner_text() == "Your reply is there."
    assert inside.get_by_label("Your reply").input_value() == ""
    assert inside.evaluate("document.querySelector('input[name=visit_token]').value") != first
    assert faults == ["Failed to load resource: the server responded with a status of 422 (UNPROCESSABLE ENTITY)"]
    assert ids["thread"]
    page.close()


def test_what_has_just_opened_is_told_to_the_course_page_at_once(
    frame: Callable[..., Any], as_: As, course: Course
) -> None:
    page, inside, faults = frame(as_(course.ada), "talk")
    # No timer fires any more: whoever waits with the new height tells it never.
    inside.evaluate("window.setTimeout = () => 0")
    before = max(message["height"] for message in page.evaluate("heard") if isinstance(message, dict))
    inside.locator("summary", has_text="Start a discussion").click()
    page.wait_for_function(f"heard.some((one) => one.height > {before})")
    assert faults == []
    page.close()


def test_in_a_tab_of_its_own_a_draft_outlives_a_reload_and_goes_when_it_was_sent(
    frame: Callable[..., Any], as_: As, course: Course
) -> None:
    page, _inside, faults = frame(as_(course.ada), "talk", target="_top")
    page.locator("summary", has_text="Start a discussion").click()
    page.get_by_label("What is it about?").fill("A half-written thought")
    page.reload()
    title = page.get_by_label("What is it about?")
    title.wait_for(state="visible")
    assert title.input_value() == "A half-written thought"
    page.get_by_label("Your words").fill("And the rest of it.")
    page.get_by_role("button", name="Begin").click()
    page.wait_for_selector("#thread")
    assert page.get_by_role("heading", name="A half-written thought").is_visible()
    page.get_by_role("button", name="Discussions").first.click()
    page.wait_for_selector("text=Start a discussion")
    assert page.get_by_label("What is it about?").input_value() == ""
    assert faults == []
    page.close()


def test_the_keyboard_reaches_everything_and_focus_is_never_lost(
    frame: Callable[..., Any], as_: As, course: Course, db: Database
) -> None:
    with db.writing() as session:
        lively(session, course)
    page, inside, faults = frame(as_(course.ada), "home")
    inside.get_by_role("button", name="Ask Bice").press("Enter")
    inside.wait_for_selector("text=Take the question back")
    inside.wait_for_selector("#care-title:focus")
    inside.get_by_role("button", name="Take the question back").press("Enter")
    inside.wait_for_selector("text=Ask Bice")
    inside.locator("summary", has_text="This is not so").press("Enter")
    words = inside.get_by_label("What is it really like?")
    words.wait_for(state="visible")
    words.press("Escape")
    words.wait_for(state="hidden")
    assert inside.evaluate("document.activeElement.tagName") == "SUMMARY"
    assert faults == []
    page.close()
