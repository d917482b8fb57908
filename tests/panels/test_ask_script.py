"""Two people and a tutor in a course page that keeps no cookie: asked by keyboard at 320 px, answered, confirmed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from lti_app.db import Database
from tests.panels.conftest import Somebody
from tests.panels.lively import lively
from tests.panels.scenes import ask as scene
from tests.panels.test_script import database_url, frame  # noqa: F401 - fixtures
from tests.sweep.course import Course

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
As = Callable[..., Somebody]
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
QUESTION = "How can a hidden missing value be recognised?"


def sound(inside: Any) -> None:
    """Nothing for axe to find, and nothing wider than the frame."""
    found = Axe().run(inside)
    assert found.violations_count == 0, found.generate_report()
    assert inside.evaluate(OVERFLOW) <= 0


def test_ada_asks_by_keyboard_bruno_answers_it_helps_and_clara_confirms(
    frame: Callable[..., Any],  # noqa: F811
    as_: As,
    course: Course,
    db: Database,
) -> None:
    with db.writing() as session:
        scene.pages(session, course, lively(session, course), course.dario)
    page, inside, faults = frame(as_(course.ada), f"ask?about={course.quiz_2}", 320)
    sound(inside)
    title = inside.get_by_label("Your question")
    title.focus()
    page.keyboard.type("valori nascosti mancanti")
    expect(inside.locator("#similar")).to_contain_text("Has it been asked already?")
    expect(title).to_be_focused()
    sound(inside)
    title.fill("")
    page.keyboard.type(QUESTION)
    page.keyboard.press("Tab")
    expect(inside.get_by_role("button", name="Ask", exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    # Where something like it was asked before, that comes first; here nothing is.
    expect(inside.get_by_role("heading", name=QUESTION)).to_be_visible()
    sound(inside)
    assert not faults, faults

    page, inside, faults = frame(as_(course.bruno), f"ask?about={course.quiz_2}", 320)
    expect(inside.get_by_role("heading", name="You have passed this: can you help?")).to_be_visible()
    sound(inside)
    inside.get_by_role("button", name=QUESTION).click()
    words = inside.get_by_label("Your words")
    words.fill("Look at the **smallest** value first.")
    inside.get_by_role("button", name="Reply", exact=True).click()
    expect(inside.locator(".ask-answer")).to_contain_text("Look at the smallest value first.")
    expect(inside.locator("#live")).to_have_text("Your words are there. Thank you.")
    expect(inside.get_by_label("Your words")).to_have_value("")
    sound(inside)
    assert not faults, faults

    page, inside, faults = frame(as_(course.ada), "ask?show=mine", 320)
    inside.get_by_role("button", name=QUESTION).click()
    helped = inside.get_by_role("button", name="This helped me")
    helped.focus()
    page.keyboard.press("Enter")
    expect(inside.locator(".ask-best")).to_contain_text("this helped")
    expect(inside.locator("[id^=accept-]")).to_be_focused()
    inside.get_by_role("button", name="thank you").click()
    expect(inside.locator("[id^=thank-]")).to_contain_text("thank you · 1")
    sound(inside)
    assert not faults, faults

    page, inside, faults = frame(as_(course.clara), "ask?show=answered", 640)
    inside.get_by_role("button", name=QUESTION).click()
    inside.get_by_role("button", name="Confirm", exact=False).first.click()
    expect(inside.locator(".ask-best")).to_contain_text("confirmed by the tutor")
    sound(inside)
    assert not faults, faults
