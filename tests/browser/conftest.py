"""A real Chromium that blocks third-party cookies, and a running demonstration on two sites."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, FrameLocator, Page, Playwright, expect
from sqlalchemy import Select, select

from lti_app.demo import Demo, running
from lti_app.house import House
from lti_app.models import Episode, Match, Membership, Person
from tests import browsers
from tests.browser.pages import Be, become, open_course
from tests.servers import free_port

OpenBrowser = Callable[..., BrowserContext]


# Other tests share these two cores: what takes a second alone may take ten.
expect.set_options(timeout=20_000)


@pytest.fixture
def open_browser(
    chromium: Browser, chromium_path: str, playwright: Playwright, tmp_path: Path
) -> Iterator[OpenBrowser]:
    """Open a browser of one person, with a first page and third-party cookies blocked; more words are Playwright's.

    With ``no_cookies_in`` (see tests/browsers.py) it is a program of its own, whose preferences hold for all of it.
    """
    with ExitStack() as opened:

        def open_(
            locale: str = "it-IT",
            width: int = 1100,
            height: int = 900,
            no_cookies_in: tuple[str, str] | None = None,
            **more: Any,
        ) -> BrowserContext:
            more |= {"locale": locale, "viewport": {"width": width, "height": height}, "timezone_id": "Europe/Rome"}
            if no_cookies_in:
                folder = tmp_path / f"profile{secrets.token_hex(4)}"
                context = opened.enter_context(
                    browsers.started(playwright, chromium_path, folder, no_cookies_in, **more)
                )
            else:
                context = opened.enter_context(closing(chromium.new_context(**more)))
                context.new_page()
            context.set_default_timeout(15_000)
            return context

        yield open_


def wait_for_rows(demo: Demo, page: Page, query: Select[Any], at_least: int = 1) -> list[Any]:
    """Wait until the demonstration's jobs have written so many rows, and return them; the page stays as it is.

    To open the page again and again until something is there costs a launch of every panel each time.
    """
    house: House = demo.app.extensions["regista"]
    for _try in range(300):
        with house.db.reading() as session:
            rows = list(session.execute(query))
        if len(rows) >= at_least:
            return rows
        page.wait_for_timeout(200)
    raise AssertionError(f"within a minute nobody wrote what {query} asks for")


def cases_of(person: int) -> Select[tuple[int]]:
    """The cases of somebody by the practice LMS's number; more tables and conditions may be joined to it."""
    query = select(Episode.id).join(Membership, Membership.id == Episode.membership_id).join(Membership.person)
    return query.where(Person.api_id == str(person))


def helpers_for(person: int) -> Select[tuple[int]]:
    """The cases of somebody, once for each helper who is proposed."""
    return cases_of(person).join(Match, Match.episode_id == Episode.id).where(Match.state == "proposed")


@pytest.fixture(scope="session")
def kept_demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a demonstration has on its disk once it is set up: to set it up takes longer than most stories do."""
    folder = tmp_path_factory.mktemp("kept") / "data"
    with running(folder, lms_port=free_port(), tool_port=free_port(), say=lambda words: None):
        return folder


@pytest.fixture(scope="module")
def demo(kept_demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """A demonstration of its own for each file: what people do in one story must not change the next."""
    folder = tmp_path_factory.mktemp("demo") / "data"
    shutil.copytree(kept_demo, folder)
    # It remembers the ports that it was set up with.
    with running(folder, lms_port=free_port(), tool_port=free_port(), say=lambda words: None) as started:
        yield started


@pytest.fixture
def language() -> str:
    """What people speak who say nothing else; a story may be played in another."""
    return "it"


@pytest.fixture
def be(demo: Demo, open_browser: OpenBrowser, language: str) -> Be:
    """Open the course page as this person, and give the page and its first panel.

    Everybody has a browser of their own for each locale that they come with; whoever names none takes their first one.
    """
    usual = {"it": "it-IT", "en": "en-GB"}[language]
    first: dict[int, str] = {}
    opened: dict[tuple[int, str], BrowserContext] = {}

    def be_(person: int, locale: str | None = None, **more: object) -> tuple[Page, FrameLocator]:
        locale = locale or first.get(person, usual)
        first.setdefault(person, locale)
        key = person, locale
        if key not in opened:
            opened[key] = open_browser(locale=locale, **more)
            become(demo.lms_url, opened[key], person)
        page = opened[key].pages[0]
        return page, open_course(demo.lms_url, page)

    return be_
