"""The course page of the practice LMS as a browser shows it, and the panels that stand in it."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import BrowserContext, Frame, FrameLocator, Locator, Page

Be = Callable[..., tuple[Page, FrameLocator]]
PANEL = "iframe[src*='launch.php']"
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def become(lms_url: str, browser: BrowserContext, person: int) -> None:
    """Let this browser be somebody at the practice LMS, by the number that they have there."""
    browser.request.post(f"{lms_url}/practice/be", form={"person": str(person)})


def course_at(lms_url: str) -> str:
    return f"{lms_url}/course/view.php?id=2"


def first_panel(page: Page) -> FrameLocator:
    return page.frame_locator(PANEL).first


def open_course(lms_url: str, page: Page) -> FrameLocator:
    """Open the course page and give its first panel."""
    page.goto(course_at(lms_url))
    return first_panel(page)


def frame_of(page: Page, path: str) -> Frame:
    """Give the panel whose address has this path in it."""
    return next(frame for frame in page.frames if "/v/" in frame.url and path in frame.url)


def tab(panel: FrameLocator, name: str) -> None:
    """Go to another panel by its tab."""
    panel.get_by_role("navigation").get_by_role("link", name=name).click()


def open_desk(panel: FrameLocator, name: str) -> None:
    """Go to the tutor's desk, as it is called in this language, and wait until it is there."""
    tab(panel, name)
    panel.locator("#desk-queue").wait_for()


def press(panel: FrameLocator | Locator, words: str) -> None:
    """Press what carries these words: a link where a cookie holds, else a button."""
    panel.get_by_role("link", name=words, exact=True).or_(panel.get_by_role("button", name=words, exact=True)).click()
