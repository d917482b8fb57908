"""The rooms of the staff, by keyboard and by machine: light and dark, in a wide page and at 320 pixels."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import axe_playwright_python
import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from lti_app.db import Database
from lti_app.visit import COOKIE
from tests.panels.conftest import Somebody
from tests.panels.lively import lively
from tests.panels.scenes import desk, moderation
from tests.panels.test_script import database_url, serving
from tests.sweep.course import Builder, Course, stalls

pytestmark = pytest.mark.browser
__all__ = ["database_url"]
As = Callable[..., Somebody]
AXE = next(Path(axe_playwright_python.__file__).parent.glob("axe*.js")).read_text()
# The queue shows a case beside it already, and other words have the same page.
ALIKE = ("desk-case", "control-letters")
MODERATION = ("moderation-queue", "moderation-decided", "moderation-roles", "moderation-rules")
OPEN = "document.querySelectorAll('main details').forEach((one) => { one.open = true; })"
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
VIOLATIONS = """async () => (await axe.run(document, { resultTypes: ["violations"] })).violations
  .map((one) => `${one.id}: ${one.nodes.map((node) => node.html.slice(0, 160)).join(" | ")}`)"""
# What depends on colours and on room.
LOOKS = VIOLATIONS.replace("resultTypes:", 'runOnly: ["color-contrast", "scrollable-region-focusable"], resultTypes:')
# What a hand can reach with a mouse, the keyboard must reach as well; of radio buttons one of each group.
REACHABLE = """() => {
  const groups = new Set();
  return [...document.querySelectorAll("a[href], button, input, select, textarea, summary")].filter((one) => {
    if (one.disabled || one.type === "hidden" || one.tabIndex < 0 || !one.checkVisibility()) return false;
    if (one.type !== "radio") return true;
    const group = `${one.form?.action}:${one.name}`;
    return !groups.has(group) && groups.add(group);
  }).length;
}"""
# Where the focus is, and whether it can be seen there (a drawn choice shows it beside its hidden box).
FOCUS = """() => {
  const one = document.activeElement;
  if (!one || one === document.body) return null;
  window.walked ??= new Map();
  if (!window.walked.has(one)) window.walked.set(one, window.walked.size);
  const shown = [one, one.nextElementSibling, one.closest("label"), one.closest(".say")].some((place) => {
    if (!place) return false;
    const style = getComputedStyle(place);
    return (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2) || style.boxShadow !== "none";
  });
  return [window.walked.get(one), shown, one.outerHTML.slice(0, 140)];
}"""


@pytest.fixture
def visit(app: Flask, chromium: Browser) -> Iterator[Callable[..., Page]]:
    """Open a page of somebody's in one and the same tab."""
    with serving(app, "127.0.0.1") as base:
        page = chromium.new_page(viewport={"width": 1100, "height": 800}, reduced_motion="reduce")
        page.add_init_script(AXE)

        def go(who: Somebody, path: str) -> Page:
            page.context.clear_cookies()
            page.context.add_cookies([{"name": COOKIE, "value": who.token, "url": f"{base}/v/{who.visit.ref}/"}])
            answer = page.goto(base + who.at(path))
            assert answer is not None
            assert answer.ok, (path, answer.status)
            return page

        yield go
        page.context.close()


#: The others are looked at by axe in test_every_page.py; the desk has two columns only in a frame as wide as this one.
ONLY_HERE = {
    "admin-room", "admin-connect", "admin-services", "control-effect-plan", "desk-queue", "desk-settings",
    "desk-several",
}  # fmt: skip


@pytest.fixture
def rooms(db: Database, course: Course, as_: As) -> list[tuple[str, Somebody, str]]:
    """Each room of the staff with something in it: (name, whose visit, path)."""
    with db.writing() as session:
        ids = lively(session, course)
        found = [one for one in desk.pages(session, course, ids, course.dario) if one[0] not in ALIKE]
        found += [one for one in moderation.pages(session, course, ids, course.dario) if one[0] in MODERATION]
        nora = Builder(session).member(course.registration, course.context, "Nora Neri", "admin")
    people = {who: as_(who) for _name, who, _path in found}
    admin = as_(nora, role="admin")
    return [
        *((name, people[who], path) for name, who, path in found),
        ("desk-settings", people[course.clara], "desk/settings"),
        ("desk-several", people[course.clara], "desk/together"),
        ("admin-room", admin, "admin"),
        ("admin-connect", admin, "admin/connect"),
        ("admin-services", admin, f"admin/services/{course.registration}"),
    ]


def walk(page: Page, name: str) -> None:
    """Tab through the page once: everything is reached, the focus is seen everywhere and caught nowhere."""
    expected = page.evaluate(REACHABLE)
    page.evaluate("window.walked = new Map(); document.activeElement.blur(); window.scrollTo(0, 0)")
    reached: set[int] = set()
    for _ in range(expected + 12):
        page.keyboard.press("Tab")
        at = page.evaluate(FOCUS)
        if at is None:
            break
        number, shown, what = at
        # A date has places of its own inside, which the browser draws.
        assert shown or number in reached, (name, "no focus to be seen", what)
        reached.add(number)
    assert len(reached) >= expected, (name, len(reached), expected)


def test_axe_finds_nothing_and_the_keyboard_reaches_everything_in_the_rooms_of_the_staff(
    visit: Callable[..., Page], rooms: list[tuple[str, Somebody, str]]
) -> None:
    marta = next(who for name, who, _path in rooms if name == "control-effect")
    every = [*rooms, ("control-effect-plan", marta, "control/effect")]
    assert {name for name, _who, _path in every} >= ONLY_HERE
    for name, who, path in every:
        if name == "control-effect-plan":
            marta.sends("control/effect/off")
        page = visit(who, path)
        page.evaluate(OPEN)
        if name in ONLY_HERE:
            assert page.evaluate(VIOLATIONS) == [], name
        page.set_viewport_size({"width": 320, "height": 800})
        page.evaluate("document.documentElement.dataset.scheme = 'dark'")
        if name in ONLY_HERE:
            assert page.evaluate(LOOKS) == [], name
        assert page.evaluate(OVERFLOW) <= 0, name
        walk(page, name)
        page.set_viewport_size({"width": 1100, "height": 800})


def test_clara_works_at_the_desk_by_keyboard_and_the_focus_is_never_lost(
    visit: Callable[..., Page], as_: As, course: Course, db: Database
) -> None:
    with db.writing() as session:
        for who in course.others[:3]:
            stalls(session, course, who)
    page = visit(as_(course.clara), "desk")
    page.get_by_role("link", name="Gaia Serra").press("Enter")
    expect(page.get_by_role("heading", name="Gaia Serra")).to_be_visible()
    # A dialog opens by Enter, closes by Escape, and the focus is where it was.
    aside = page.locator("summary", has_text="Put aside…")
    aside.press("Enter")
    days = page.get_by_label("For how long")
    expect(days).to_be_visible()
    days.press("Escape")
    expect(days).to_be_hidden()
    expect(aside).to_be_focused()
    # What was done is read first, and the next who waits is one Tab away.
    aside.press("Space")
    page.get_by_role("button", name="Put aside", exact=True).press("Enter")
    said = page.locator("#desk-case [data-focus]")
    expect(said).to_be_focused()
    expect(said).to_contain_text("Put aside.")
    expect(page.locator("#live")).to_have_text("Put aside. It comes back to your desk by itself.")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Next in line: Fabio Greco")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Fabio Greco")).to_be_visible()
    # A letter without words comes back with the focus in it.
    box = page.get_by_label("A draft in the academy's tone")
    box.fill(" ")
    page.get_by_role("button", name="Send").press("Enter")
    expect(page.locator("#desk-case .field-fault")).to_be_visible()
    expect(box).to_be_focused()
    box.fill("Ciao Fabio!")
    page.get_by_role("button", name="Send").press("Enter")
    expect(page.locator("#desk-case [data-focus]")).to_be_focused()
    expect(page.locator("#desk-messages")).to_contain_text("Ciao Fabio!")
    # Moving the slider draws what it would do anew, and the slider keeps the focus.
    page.get_by_role("link", name="Settings").press("Enter")
    slider = page.get_by_label("How early")
    before = page.locator("#tried-step").inner_text()
    slider.press("ArrowRight")
    expect(page.locator("#tried-step")).not_to_have_text(before)
    expect(slider).to_be_focused()


def test_marta_writes_words_and_sets_up_the_lot_by_keyboard(
    visit: Callable[..., Page], as_: As, course: Course, db: Database
) -> None:
    with db.writing() as session:
        marta = Builder(session).member(course.registration, course.context, "Marta Donati", "manager")
    page = visit(as_(marta), "control")
    page.get_by_role("link", name="Our words").press("Enter")
    box = page.locator("#body")
    box.fill("Ciao {nome}, con calma.")
    expect(page.locator("#preview")).to_contain_text("con calma.")
    expect(box).to_be_focused()
    page.get_by_role("link", name="Does it help?").press("Enter")
    page.get_by_label("How many are left out").select_option("10")
    page.get_by_role("button", name="Turn it on").press("Enter")
    off = page.locator("summary", has_text="Turn the lot off…")
    expect(off).to_be_visible()
    off.press("Enter")
    page.get_by_role("button", name="Turn it off", exact=True).press("Escape")
    expect(off).to_be_focused()
