"""A real Chromium that blocks third-party cookies, and a running demonstration on two sites."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Playwright, expect

from lti_app.demo import Demo, running
from tests.servers import free_port

QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
BLOCKED = {"profile": {"block_third_party_cookies": True, "cookie_controls_mode": 1}}

OpenBrowser = Callable[..., BrowserContext]


# Other tests share these two cores: what takes a second alone may take ten.
expect.set_options(timeout=20_000)


@pytest.fixture
def open_browser(chromium: str, playwright: Playwright, tmp_path: Path) -> Iterator[OpenBrowser]:
    """Open a browser of one person: own profile, third-party cookies blocked; keyword arguments are Playwright's.

    ``no_cookies_in`` is a pair of hosts: in pages of the second the first may keep no cookie at all.
    """
    opened: list[BrowserContext] = []

    def open_(
        locale: str = "it-IT",
        width: int = 1100,
        height: int = 900,
        no_cookies_in: tuple[str, str] | None = None,
        **more: object,
    ) -> BrowserContext:
        profile = tmp_path / f"profile{len(opened)}"
        (profile / "Default").mkdir(parents=True)
        wishes: dict[str, dict[str, object]] = {"profile": dict(BLOCKED["profile"])}
        if no_cookies_in:
            blocked = {",".join(no_cookies_in): {"setting": 2}}
            wishes["profile"]["content_settings"] = {"exceptions": {"cookies": blocked}}
        (profile / "Default" / "Preferences").write_text(json.dumps(wishes))
        context = playwright.chromium.launch_persistent_context(
            str(profile),
            executable_path=chromium,
            args=list(QUIET),
            locale=locale,
            viewport={"width": width, "height": height},
            timezone_id="Europe/Rome",
            **more,  # type: ignore[arg-type]
        )
        context.set_default_timeout(15_000)
        opened.append(context)
        return context

    yield open_
    for context in opened:
        context.close()


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
