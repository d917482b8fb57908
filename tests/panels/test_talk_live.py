"""Two people talk in their frames, by keyboard, without cookies: what one says comes to the other by itself."""

# ruff: noqa: F811 (the fixtures of test_script.py)

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import expect

from lti_app.db import Database
from tests.conftest import StillClock
from tests.panels.conftest import Somebody
from tests.panels.conversations import begins
from tests.panels.scenes import talk as scene
from tests.panels.test_script import database_url, frame  # noqa: F401
from tests.sweep.course import Course

pytestmark = pytest.mark.browser
As = Callable[..., Somebody]


def test_ada_and_bruno_talk_by_keyboard_in_a_narrow_frame(
    frame: Callable[..., Any],
    as_: As,
    course: Course,
    clock: StillClock,
) -> None:
    thread = begins(as_(course.ada), body="Where do the extremes go?", options="Out\nIn")
    page, ada, faults = frame(as_(course.ada), f"talk/{thread}", 320)
    other, bruno, other_faults = frame(as_(course.bruno), f"talk/{thread}", 320)

    clock.offset = timedelta(minutes=1)
    # A name is offered while it is typed, and taken with the keyboard.
    box = bruno.get_by_label("Your reply")
    box.focus()
    other.keyboard.type("Out, I think, @Ad")
    expect(bruno.get_by_role("option")).to_have_text("Ada R.")
    other.keyboard.press("Enter")
    expect(box).to_have_value("Out, I think, @Ada R. ")
    other.keyboard.type("because of $z$")
    bruno.get_by_role("button", name="Reply").press("Enter")
    expect(bruno.locator(".post-own math")).to_be_visible()
    expect(bruno.locator("#live")).to_have_text("Your reply is there.")

    # A sign and a vote keep the focus where it was.
    heart = bruno.get_by_role("button", name="Warm thought").first
    heart.focus()
    other.keyboard.press("Enter")
    expect(heart).to_have_attribute("aria-pressed", "true")
    bruno.get_by_role("radio", name="Out").check()
    bruno.get_by_role("button", name="Vote", exact=True).press("Enter")
    expect(bruno.get_by_text("your choice")).to_be_visible()

    # It comes to Ada without her doing anything.
    expect(ada.get_by_text("Out, I think,")).to_be_visible(timeout=20_000)
    expect(ada.locator(".post-own")).to_have_count(0)

    # Bruno changes his words, and takes them back.
    menu = bruno.locator(".post-own summary").first
    menu.press("Enter")
    bruno.get_by_role("button", name="Change my words").press("Enter")
    words = bruno.get_by_label("Your words")
    expect(words).to_be_focused()
    words.fill("Out, surely.")
    bruno.get_by_role("button", name="Keep the change").press("Enter")
    expect(bruno.locator(".post-own .prose")).to_have_text("Out, surely.")
    expect(bruno.locator(".post-own")).to_contain_text("edited")
    bruno.locator(".post-own summary").first.press("Enter")
    bruno.locator(".post-own summary", has_text="Take my words back").press("Enter")
    bruno.get_by_role("button", name="Yes, take it back").press("Enter")
    expect(bruno.get_by_text("taken back by whoever wrote them")).to_be_visible()
    assert faults == other_faults == []
    page.close()
    other.close()


def test_a_picture_is_added_and_shown_where_no_cookie_is_kept(
    frame: Callable[..., Any],
    as_: As,
    course: Course,
    db: Database,
) -> None:
    thread = begins(as_(course.ada))
    page, inside, faults = frame(as_(course.bruno), f"talk/{thread}", 320)
    inside.locator("summary", has_text="Add a picture or a file").press("Enter")
    chart = {"name": "chart.png", "mimeType": "image/png", "buffer": scene.chart()}
    inside.get_by_label("Choose files").set_input_files(chart)
    inside.get_by_label("What is to be seen or heard?").fill("Six columns")
    # The words are missing: the picture stays with the form.
    inside.get_by_label("Your reply").evaluate("(field) => field.removeAttribute('required')")
    inside.get_by_role("button", name="Reply").press("Enter")
    expect(inside.locator(".upload-kept")).to_contain_text("chart.png")
    inside.get_by_label("Your reply").fill("Look")
    inside.get_by_role("button", name="Reply").press("Enter")
    shown = inside.get_by_alt_text("Six columns")
    expect(shown).to_be_visible()
    shown.scroll_into_view_if_needed()
    expect(shown).to_have_js_property("naturalWidth", 900)
    assert faults == ["Failed to load resource: the server responded with a status of 422 (UNPROCESSABLE ENTITY)"]
    page.close()
