"""A course page of another site with a panel in it, and people who have nothing but a keyboard."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Frame, Locator, Page, ViewportSize, expect
from sqlalchemy import select, update

from lti_app import create_app
from lti_app.clock import Clock
from lti_app.config import Settings
from lti_app.db import Database
from lti_app.models import Membership, Registration
from lti_app.visit import FIELD
from tests.browser.pages import OVERFLOW
from tests.panels.lively import lively, token_of, visit_of
from tests.panels.test_script import FRAME, course_page, serving
from tests.sweep.course import NOW, Course, build

NARROW, WIDE = 320, 640
# No walk through a page is longer.
STOPS = 160
# A guess that saves asking after each Tab; where the focus really comes is asked in the end.
_STOPS_TO = """(one) => {
  const can = 'a[href], button, input, textarea, select, summary, [tabindex="0"]';
  const all = [...document.querySelectorAll(can)].filter((it) => it.checkVisibility() && !it.disabled
    && (it.type !== 'radio' || it === one) && it.type !== 'hidden');
  const [from, to] = [all.indexOf(document.activeElement), all.indexOf(one)];
  return from < to && to >= 0 ? Math.max(0, to - from - 1) : 0;
}"""
_IS_HERE = "(one) => one === document.activeElement"
# Whoever looks at the page sees where they are; how large it is to hit is asked of axe.
_IS_SEEN = """(one) => {
  const box = one.getBoundingClientRect();
  const inside = box.left >= -1 && box.right <= document.documentElement.clientWidth + 1;
  return one.matches(':focus-visible') && inside && box.height > 0 && box.width > 0;
}"""
_IN_GROUP = """(one) => document.activeElement.type === 'radio' && document.activeElement.name === one.name"""


@dataclass(slots=True)
class Place:
    """Regista on 127.0.0.1, a course page on localhost, and the lively course of the tests."""

    app: Flask
    db: Database
    clock: Clock
    course: Course
    ids: dict[str, int]
    tool: str
    lms: str
    pages: dict[str, str] = dataclasses.field(default_factory=dict)


@contextmanager
def place(folder: Path, template: Path) -> Iterator[Place]:
    """Serve both sites until the block ends; everybody in the course has arrived."""
    shutil.copy(template, folder / "regista.sqlite3")
    url = f"sqlite:///{folder}/regista.sqlite3"
    settings = Settings(
        database_url=url, jobs_url=f"sqlite:///{folder}/jobs.sqlite3", public_url="http://127.0.0.1:8000",
        secret_key="a secret for the keyboard and nothing else", data_dir=str(folder),
    )  # fmt: skip
    database, clock, pages = Database(url), Clock(), dict[str, str]()
    clock.offset = NOW - datetime.now(UTC)
    app = create_app(settings, database=database, clock=clock)
    with serving(app, "127.0.0.1") as tool, serving(course_page(pages), "localhost") as lms:
        with database.writing() as session:
            course = build(session)
            ids = lively(session, course)
            for member in session.scalars(select(Membership)):
                member.settings = {**member.settings, "welcome": {"closed": True, "norms": "house-1"}}
            known = update(Registration).where(Registration.id == course.registration)
            session.execute(known.values(issuer=lms, auth_login_url=f"{lms}/auth"))
        yield Place(app, database, clock, course, ids, tool, lms, pages)
    database.close()


@dataclass(slots=True)
class Hands:
    """One person with a keyboard: whatever Tab does not reach, they do not reach."""

    place: Place
    page: Page
    membership: int
    locale: str
    width: int
    faults: list[str] = dataclasses.field(default_factory=list)

    @property
    def panel(self) -> Frame:
        found = self.page.frame("panel")
        assert found is not None
        return found

    def opens(self, path: str) -> Hands:
        """Open the course page whose panel begins at this path."""
        visit = visit_of(self.place.app, self.membership, locale=self.locale)
        action, token = f"{self.place.tool}/v/{visit.ref}/{path}", token_of(self.place.app, visit)
        self.place.pages[f"/{self.membership}"] = FRAME.format(
            action=action, field=FIELD, token=token, width=self.width, target="panel"
        )
        self.page.goto(f"{self.place.lms}/{self.membership}")
        self.panel.wait_for_selector("html.with-script #main")
        return self

    def see(self, words: str, within: str = "#main") -> None:
        expect(self.panel.locator(within)).to_contain_text(words)

    def find(self, role: Any, name: str, exact: bool = False) -> Locator:
        return self.panel.get_by_role(role, name=name, exact=exact).first

    def field(self, label: str, exact: bool = True) -> Locator:
        """Give the field under a label; a form may go by the same name."""
        return self.panel.locator("input, textarea, select").and_(self.panel.get_by_label(label, exact=exact)).first

    def reach(self, target: Locator) -> Locator:
        """Tab until the focus is there, and see it there."""
        expect(target).to_be_attached()
        for _stop in range(target.evaluate(_STOPS_TO)):
            self.page.keyboard.press("Tab")
        for _stop in range(STOPS):
            if target.evaluate(_IS_HERE):
                assert target.evaluate(_IS_SEEN), f"the focus on {target} cannot be seen: {target.bounding_box()}"
                return target
            self.page.keyboard.press("Tab")
        raise AssertionError(f"no Tab reaches {target}")

    def press(self, name: str, exact: bool = False) -> None:
        self.reach(self.find("button", name, exact))
        self.page.keyboard.press("Enter")

    def unfold(self, words: str) -> None:
        """Open what is folded away under these words."""
        self.reach(self.panel.locator("summary", has_text=words).first)
        self.page.keyboard.press("Enter")

    def tab(self, name: str) -> None:
        """Go to another panel by its tab, and wait until it is there."""
        self.reach(self.panel.get_by_role("navigation").get_by_role("button", name=name).first)
        self.panel.evaluate("document.documentElement.dataset.left = 'yes'")
        self.page.keyboard.press("Enter")
        expect(self.panel.locator("html.with-script:not([data-left]) .tab[aria-current]")).to_contain_text(name)

    def write(self, label: str, words: str, exact: bool = True) -> None:
        """Write into a field, in the place of what stood there."""
        self.reach(self.field(label, exact))
        self.page.keyboard.press("Control+a")
        self.page.keyboard.insert_text(words)

    def choose(self, label: str) -> None:
        """Tick a box, or move to one of several with the arrows."""
        target = self.field(label)
        if target.get_attribute("type") == "checkbox":
            self.reach(target)
            self.page.keyboard.press("Space")
        else:
            self._arrow_to(target)
        expect(target).to_be_checked()

    def _arrow_to(self, target: Locator) -> None:
        for _stop in range(STOPS):
            if target.evaluate(_IN_GROUP):
                break
            self.page.keyboard.press("Tab")
        for _stop in range(12):
            if target.evaluate(_IS_HERE):
                self.page.keyboard.press("Space")
                return
            self.page.keyboard.press("ArrowDown")
        raise AssertionError(f"no arrow reaches {target}")

    def fits(self) -> None:
        """Nothing is wider than the frame, and the browser has complained about nothing."""
        # What was looked for may have stood on the page before, too: whoever is on the way to the next is waited for.
        self.panel.wait_for_function(f"document.readyState === 'complete' && {OVERFLOW} === 0")
        assert self.faults == [], self.faults


As = Callable[[str], Hands]


def hands(place: Place, browser: BrowserContext, membership: int, locale: str, width: int) -> Hands:
    """Give somebody a page of their own."""
    page = browser.new_page()
    person = Hands(place, page, membership, locale, width)
    # A browser notes the answer 422 to what cannot be taken; nothing else may be wrong.
    wrong = lambda message: message.type == "error" and "status of 422" not in message.text  # noqa: E731
    page.on("console", lambda message: person.faults.append(message.text) if wrong(message) else None)
    page.on("pageerror", lambda error: person.faults.append(str(error)))
    return person


@contextmanager
def company(here: Place, chromium: Browser) -> Iterator[As]:
    """Give everybody a page when they come first: an Italian narrow one or an English wide one, in two browsers."""
    course, known = here.course, dict[str, Hands]()
    people = {
        "ada": course.ada, "bice": course.bice, "bruno": course.bruno, "clara": course.clara, "fabio": course.others[0],
        "hugo": course.others[2], "luca": course.others[4], "mara": course.others[5],
    }  # fmt: skip
    with ExitStack() as stack:

        def open_(locale: str, width: int) -> BrowserContext:
            size: ViewportSize = {"width": width + 40, "height": 900}
            context = chromium.new_context(locale=locale, viewport=size, timezone_id="Europe/Rome")
            context.set_default_timeout(15_000)
            return stack.enter_context(closing(context))

        italian, english = open_("it-IT", NARROW), open_("en-GB", WIDE)

        def person(name: str) -> Hands:
            if name not in known:
                how = (
                    (italian, people[name], "it", NARROW)
                    if name in ("ada", "hugo", "luca")
                    else (english, people[name], "en", WIDE)
                )
                known[name] = hands(here, *how)
            known[name].faults.clear()
            return known[name]

        yield person
