"""Every panel and state in a real browser: axe finds nothing, light or dark, and nothing is wider than its frame.

Each page is opened once, with all that can be folded out open, and then seen in both schemes, at every width (280
pixels are a page zoomed to 400%), from right to left.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from lti_app import create_app
from lti_app.config import Settings
from lti_app.db import Database
from lti_app.visit import COOKIE, FIELD
from tests.conftest import StillClock
from tests.panels.lively import lively, token_of, visit_of
from tests.panels.look import build_empty
from tests.panels.scenes import all_pages, data_dir
from tests.panels.test_script import serving
from tests.sweep.course import Course, build

pytestmark = pytest.mark.browser
WIDTHS = (280, 640, 1100, 320)
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
# On the narrowest page: what stands out of the column, and lines in which hardly a word finds room beside a badge.
SQUEEZED = """() => {
  const main = document.querySelector('main'), edge = main.getBoundingClientRect().right + 1;
  const held = (one) => getComputedStyle(one).overflowX !== 'visible';
  const scrolls = (one) => one !== main && (held(one) || scrolls(one.parentElement));
  const free = (one) => one.closest('.menu, .tabs, .unseen') || scrolls(one);
  const out = (one, box) => box.width > 1 && box.right > edge && !free(one);
  const thin = (one, box) => one.matches('.lines .line-words') && box.width > 0 && box.width < 112;
  return [...main.querySelectorAll('*')].filter((one) => [out, thin].some((is) => is(one, one.getBoundingClientRect())))
    .map((one) => one.outerHTML.slice(0, 120));
}"""
# A menu lies over what is behind it: one at a time.
UNFOLD = """document.querySelectorAll('main details:not(.menu), main .menu:first-of-type').forEach((one, number) => {
  one.open = !one.matches('.menu') || one === document.querySelector('main .menu'); })"""
ALL = {"resultTypes": ["violations"], "rules": {"target-size": {"enabled": True}}}
# What is not a colour is the same in the dark.
COLOURS = {"resultTypes": ["violations"], "runOnly": ["color-contrast", "link-in-text-block"]}
ROOMS = (
    "home", "ask", "question", "talk", "circle", "peer", "event", "library", "wins", "pulse", "welcome", "me", "news",
    "letters", "search", "freshness", "desk", "moderation", "control",
)  # fmt: skip
# Forms that come back with what is wrong beside their fields: whose, where to, and what was written.
FAULTS: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("ada", "talk/new", {"title": "", "body": "x" * 9000, "options": "one"}),
    ("ada", "ask/new", {"title": "x" * 400}),
    ("clara", "events/call", {"kind": "qa", "title": "", "on": "2026-11-24", "begins": "18:30", "ends": "18:00"}),
    ("ada", "library/give", {"kind": "link", "title": "", "url": "no address", "why": ""}),
    ("ada", "wins/kudos", {"find": "nobody", "act": "find"}),
    ("ada", "pulse/idea", {"title": "", "body": ""}),
    ("ada", "me/name", {"display_name": "x" * 300}),
)


@dataclass(slots=True)
class Looked:
    """The course in full life, served, and one page of a browser that looks at it."""

    app: Flask
    base: str
    page: Page
    course: Course
    pages: dict[str, tuple[int, str]]

    def opens(self, member: int, path: str, form: dict[str, str] | None = None) -> None:
        visit = visit_of(self.app, member, locale="it")
        token = token_of(self.app, visit)
        self.page.context.clear_cookies()
        self.page.context.add_cookies([{"name": COOKIE, "value": token, "url": f"{self.base}/v/r1/"}])
        if form is None:
            self.page.goto(f"{self.base}/v/r1/{path}")
        else:
            self.page.goto(f"{self.base}/v/r1/home")
            self.page.evaluate(
                """([action, form]) => {
                  const sent = Object.assign(document.createElement('form'), {method: 'post', action});
                  sent.append(...Object.entries(form).map(([name, value]) =>
                    Object.assign(document.createElement('textarea'), {name, value})));
                  document.body.append(sent);
                  sent.submit();
                }""",
                [f"{self.base}/v/r1/{path}", {FIELD: token, **form}],
            )
            expect(self.page.locator(".field-fault").first).to_be_attached()
        expect(self.page.locator("html.with-script #main, html.with-script main").first).to_be_attached()

    def is_sound(self, name: str) -> None:
        self.page.evaluate(UNFOLD)
        found = self._axe(ALL)
        self.page.evaluate("document.documentElement.dataset.scheme = 'dark'")
        found += self._axe(COLOURS)
        wide, squeezed = [], []
        for width in WIDTHS:
            self.page.set_viewport_size({"width": width, "height": 700})
            wide.append(self.page.evaluate(OVERFLOW))
            if width == min(WIDTHS):
                squeezed = self.page.evaluate(SQUEEZED)
        self.page.evaluate("document.documentElement.dir = 'rtl'")
        wide.append(self.page.evaluate(OVERFLOW))
        assert not found, f"{name}: {json.dumps(found, indent=1)}"
        assert not squeezed, f"{name}: {json.dumps(squeezed, indent=1)}"
        assert wide == [0] * 5, f"{name} is wider than its frame at {(*WIDTHS, 'rtl')} by {wide}"

    def _axe(self, options: dict[str, Any]) -> list[Any]:
        run = """(options) => axe.run(document, options).then((done) => done.violations.map((one) =>
          [one.id, one.nodes.map((node) => [node.html.slice(0, 160), node.failureSummary])]))"""
        found: list[Any] = self.page.evaluate(run, options)
        return found


@pytest.fixture(scope="module")
def looked(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path, chromium: Browser) -> Iterator[Looked]:
    folder = tmp_path_factory.mktemp("every")
    shutil.copy(sqlite_template, folder / "regista.sqlite3")
    url = f"sqlite:///{folder}/regista.sqlite3"
    settings = Settings(url, f"sqlite:///{folder}/jobs.sqlite3", "http://127.0.0.1:1", "k" * 40, data_dir=data_dir())
    database = Database(url)
    with database.writing() as session:
        course = build(session)
        ids = lively(session, course)
        empty = build_empty(session, course)
        more = all_pages(session, course, ids, empty)
    own = [
        ("home-ada", course.ada, "home"), ("home-bruno", course.bruno, "home"), ("home-clara", course.clara, "home"),
        ("home-empty", empty, "home"), ("talk-thread", course.ada, f"talk/{ids['thread']}"),
        ("talk-empty", empty, "talk"), ("peer-ada", course.ada, "peer"), ("peer-irene", course.others[3], "peer"),
        ("peer-meeting", ids["hugo"], f"peer/{ids['met']}"), ("peer-empty", empty, "peer"),
    ]  # fmt: skip
    # The same page under two names is looked at once.
    pages = {(member, path): name for name, member, path in [*own, *more]}
    app = create_app(settings, database=database, clock=StillClock())
    app.testing = True
    with serving(app, "127.0.0.1") as base:
        page = chromium.new_page(viewport={"width": 320, "height": 700}, reduced_motion="reduce")
        page.add_init_script(Axe().axe_script)
        yield Looked(app, base, page, course, {name: where for where, name in pages.items()})
        page.context.close()
    database.close()


@pytest.mark.parametrize("room", ROOMS)
def test_every_state_of_a_room_is_sound(looked: Looked, room: str) -> None:
    mine = {name: where for name, where in looked.pages.items() if name.startswith(room)}
    assert mine
    for name, (member, path) in mine.items():
        looked.opens(member, path)
        looked.is_sound(name)


def test_no_page_of_the_scenes_is_left_out(looked: Looked) -> None:
    others = ("survey", "idea", "project", "meeting")
    assert [name for name in looked.pages if not name.startswith((*ROOMS, *others))] == []
    for name, (member, path) in looked.pages.items():
        if name.startswith(others):
            looked.opens(member, path)
            looked.is_sound(name)


@pytest.mark.parametrize("number", range(len(FAULTS)))
def test_forms_with_faults_are_sound(looked: Looked, number: int) -> None:
    who, path, form = FAULTS[number]
    looked.opens({"ada": looked.course.ada, "clara": looked.course.clara}[who], path, form)
    looked.is_sound(path)


def test_the_gallery_is_sound_still_where_motion_is_unwanted_and_clear_in_forced_colours(looked: Looked) -> None:
    page = looked.page
    page.goto(f"{looked.base}/gallery")
    looked.is_sound("gallery")
    moving = """[...document.querySelectorAll('*')].filter((one) => {
      const look = getComputedStyle(one);
      return look.transitionDuration !== '0s' || look.animationName !== 'none';
    }).length"""
    assert page.evaluate(moving) == 0
    page.emulate_media(forced_colors="active", reduced_motion="reduce")
    line = """(chosen) => { const look = getComputedStyle(document.querySelector(chosen));
      return look.outlineStyle !== 'none' || (look.borderStyle !== 'none' && look.borderWidth !== '0px'); }"""
    # What is told by a ground alone must have a line where grounds are taken away.
    for part in (".choice input:checked + span", ".warm[aria-pressed='true']", ".tab[aria-current]", ".card", ".notice",
                 ".badge", ".count", ".face", ".button-filled", ".input"):  # fmt: skip
        assert page.evaluate(line, part), part
    page.locator(".button").first.focus()
    page.keyboard.press("Tab")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.emulate_media(forced_colors="none", reduced_motion="reduce")
