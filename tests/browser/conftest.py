"""A real Chromium that blocks third-party cookies, and a running demonstration on two sites."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Playwright, expect

from lti_app.demo import Demo, running
from tests import browsers
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
