"""Two people in a real browser that keeps no cookie: Bruno answers, Ada hears of it, goes there and finds it again."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from lti_app.db import Database
from tests.panels.conftest import Somebody
from tests.panels.lively import lively
from tests.panels.test_script import database_url, frame
from tests.sweep.course import Course

__all__ = ["database_url", "frame"]
pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
As = Callable[..., Somebody]


def presses(inside: Any, element: Any) -> None:
    """Reach a control by keyboard alone, as the focus would, and press it."""
    element.focus()
    expect(element).to_be_focused()
    element.press("Enter")


def test_bruno_answers_and_ada_hears_of_it_by_keyboard_at_320_pixels(
    frame: Callable[..., Any], as_: As, course: Course
) -> None:
    ada, bruno = as_(course.ada), as_(course.bruno)
    ada.sends("talk/new", title="Valori nascosti", body="Come si trovano?")
    page, inside, faults = frame(bruno, "talk", width=640)
    inside.get_by_role("button", name="Valori nascosti").click()
    inside.get_by_label("Your reply").fill("Guarda prima i **duplicati**.")
    inside.get_by_role("button", name="Reply", exact=True).click()
    expect(inside.locator("#thread")).to_contain_text("duplicati")
    assert faults == []
    page.close()

    page, inside, faults = frame(ada, "home")
    bell = inside.get_by_role("button", name="News for you")
    expect(bell).to_contain_text("1")
    presses(inside, bell)
    line = inside.get_by_role("button", name=re.compile("^Bruno answered"))
    expect(line).to_be_visible()
    presses(inside, line)
    expect(inside.locator("#thread")).to_contain_text("duplicati")
    expect(inside.get_by_role("button", name="News for you")).not_to_contain_text("1")
    presses(inside, inside.get_by_role("button", name="Search the course"))
    field = inside.get_by_role("searchbox")
    field.focus()
    page.keyboard.type("duplicato")
    page.keyboard.press("Enter")
    expect(inside.locator("mark").first).to_have_text("duplicati")
    assert inside.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    presses(inside, inside.get_by_role("button", name="Valori nascosti"))
    expect(inside.locator("#thread")).to_be_visible()
    assert faults == []
    page.close()


@pytest.mark.parametrize("path", ["news", "search?q=valore", "search?q=ornitorinco", "letters"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_news_search_and_messages(
    frame: Callable[..., Any], as_: As, course: Course, db: Database, path: str, scheme: str
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    from tests.panels.scenes import news

    with db.writing() as session:
        news.pages(session, course, lively(session, course), 0)
    ada = as_(course.ada)
    ada.sends("scheme", scheme=scheme)
    page, inside, _faults = frame(ada, path)
    found = Axe().run(inside, options={"resultTypes": ["violations"]})
    assert found.violations_count == 0, found.generate_report()
    page.close()
