"""Meetings and library in a real browser: two people, 320 px, by keyboard, where no cookie is kept; axe looks on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from lti_app.db import Database
from tests.panels.conftest import Somebody
from tests.panels.lively import lively
from tests.panels.scenes import events as meeting_scenes
from tests.panels.scenes import library as library_scenes
from tests.panels.test_script import database_url, frame
from tests.sweep.course import Course

__all__ = ["database_url", "frame"]
pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
As = Callable[..., Somebody]


def test_clara_calls_a_meeting_and_ada_comes_by_keyboard(
    frame: Callable[..., Any], as_: As, course: Course, db: Database
) -> None:
    page, inside, faults = frame(as_(course.clara), "events", width=320)
    inside.get_by_role("button", name="Call a meeting").press("Enter")
    inside.get_by_label("What is it called?").fill("Half an hour on Quiz 2")
    inside.get_by_label("Day", exact=True).fill("2026-11-24")
    inside.get_by_label("From", exact=True).fill("18:30")
    inside.get_by_label("Until", exact=True).fill("18:00")
    inside.get_by_label("What should people bring?").fill("your favourite mistake")
    inside.get_by_label("Link to the video room").fill("https://meet.example.org/q")
    inside.get_by_role("button", name="Call the meeting").press("Enter")
    expect(inside.locator("#ends-fault")).to_contain_text("It ends before it begins")
    expect(inside.get_by_label("What is it called?")).to_have_value("Half an hour on Quiz 2")
    inside.get_by_label("Until", exact=True).fill("19:00")
    inside.get_by_role("button", name="Call the meeting").press("Enter")
    expect(inside.get_by_role("heading", name="Half an hour on Quiz 2")).to_be_visible()
    page.close()

    page, inside, more = frame(as_(course.ada), "home", width=320)
    inside.get_by_role("button", name="I'm coming: Half an hour on Quiz 2").press("Enter")
    expect(inside.locator("#next-event")).to_contain_text("you are coming")
    expect(inside.locator("#live")).to_have_text("Good: you are coming.")
    assert inside.evaluate("document.getElementById('next-event').contains(document.activeElement)")
    inside.get_by_role("button", name="Half an hour on Quiz 2", exact=True).press("Enter")
    expect(inside.get_by_role("link", name="Open the video room")).to_have_attribute("target", "_blank")
    inside.get_by_label("Your words").fill("Will you show **joins**?")
    inside.get_by_role("button", name="Send").press("Enter")
    expect(inside.locator("#event")).to_contain_text("joins")
    inside.get_by_role("button", name="I cannot come").press("Enter")
    expect(inside.get_by_role("button", name="I'm coming")).to_be_visible()
    expect(inside.get_by_role("link", name="Open the video room")).to_have_count(0)
    assert inside.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert more == []
    # The one fault is the answer 422 to the hour that did not fit.
    assert all("422" in fault for fault in faults)
    page.close()


def test_ada_suggests_clara_shows_by_keyboard(frame: Callable[..., Any], as_: As, course: Course) -> None:
    page, inside, faults = frame(as_(course.ada), "library", width=320)
    inside.get_by_role("button", name="Suggest something").press("Enter")
    inside.get_by_label("What is it called?").fill("Joins, drawn")
    inside.get_by_label("Where is it on the web?").fill("example.org/joins")
    inside.get_by_label("Why did it help you?").fill("Two circles, and it clicked.")
    inside.get_by_role("button", name="Suggest it").press("Enter")
    expect(inside.get_by_text("Thank you: a tutor looks at it first.")).to_be_visible()
    page.close()

    page, inside, more = frame(as_(course.clara), "desk", width=320)
    inside.get_by_role("button", name="1 suggestion waits in the library").press("Enter")
    inside.get_by_role("button", name="Look after it").press("Enter")
    inside.get_by_role("button", name="Yes, show it").press("Enter")
    expect(inside.get_by_text("It stands in the library; whoever gave it has been told.")).to_be_visible()
    useful = inside.locator("button.warm")
    useful.press("Enter")
    expect(inside.locator("button.warm")).to_have_attribute("aria-pressed", "true")
    assert inside.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert faults == more == []
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(frame: Callable[..., Any], as_: As, course: Course, db: Database, scheme: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    with db.writing() as session:
        ids = lively(session, course)
        scenes = meeting_scenes.pages(session, course, ids, course.dario)
        scenes += library_scenes.pages(session, course, ids, course.dario)
    wanted = {"events-clara", "event-bruno", "event-over-clara-open", "events-new-open", "events-calendar",
              "library-clara-open", "library-one-clara-open", "library-new-open"}  # fmt: skip
    if scheme == "dark":
        # Colours are the same tokens on every page; these four hold all of them.
        wanted = {"events-clara", "event-over-clara-open", "events-new-open", "library-clara-open"}
    axe = Axe()
    for name, member, path in scenes:
        if name not in wanted:
            continue
        who = as_(member)
        who.sends("scheme", scheme=scheme)
        page, inside, _faults = frame(who, path)
        inside.evaluate("document.querySelectorAll('main details').forEach((d) => { d.open = true; })")
        found = axe.run(inside, options={"resultTypes": ["violations"]})
        assert found.violations_count == 0, f"{name}: {found.generate_report()}"
        page.close()
