"""One address installs Regista in a real browser that blocks third-party cookies; a tutor places panels by choosing."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import FrameLocator, Page, expect

from lti_app.demo import Demo
from tests.browser.conftest import OpenBrowser
from tests.browser.pages import OVERFLOW, become, open_course, tab

pytestmark = pytest.mark.browser


def install(demo: Demo, page: Page) -> None:
    """Be the admin: paste the address, read what was agreed, close, activate."""
    become(demo.lms_url, page.context, demo.lms.lms.cast.admin)
    page.goto(f"{demo.lms_url}/mod/lti/toolconfigure.php")
    page.get_by_role("button", name="Aggiungi LTI Advantage").click()
    frame = page.frame_locator("iframe").first
    expect(frame.get_by_role("heading", level=1)).to_have_text("Regista è collegato")
    expect(frame.locator("main")).to_contain_text("elenco dei partecipanti")
    frame.get_by_role("button", name="Chiudi questa pagina").click()
    # The tool said that it is done, and the platform put its frame away.
    page.get_by_role("button", name="Attiva").click()
    expect(page.get_by_role("button", name="Attiva")).to_have_count(0)


def choose(demo: Demo, page: Page, tool: int, section: int) -> FrameLocator:
    page.goto(f"{demo.lms_url}/course/addpanel.php?section={section}&tool={tool}")
    frame = page.frame_locator("iframe").first
    expect(frame.get_by_role("heading", level=1)).to_contain_text("Metti dei pannelli")
    return frame


def test_the_admin_installs_with_one_address_and_a_tutor_places_two_panels(
    demo: Demo, open_browser: OpenBrowser
) -> None:
    page = open_browser().pages[0]
    install(demo, page)
    become(demo.lms_url, page.context, demo.lms.lms.cast.tutor)
    picker = choose(demo, page, tool=2, section=1)
    # The preview is the course as a learner sees it.
    preview = picker.frame_locator("iframe[name='preview']")
    expect(preview.get_by_role("heading", level=1)).to_be_visible()
    picker.get_by_label("Discussioni", exact=True).check()
    expect(preview.get_by_role("heading", level=1)).to_have_text("Discussioni")
    picker.locator("#title-home").fill("La nostra comunità")
    picker.locator("#title-talk").fill("Parliamone qui")
    picker.get_by_role("button", name="Mettilo nel corso").click()
    expect(picker.locator("main")).to_contain_text("La nostra comunità")
    open_course(demo.lms_url, page)
    for title in ("La nostra comunità", "Parliamone qui"):
        place = page.locator("li.panel", has=page.get_by_role("heading", name=title, exact=True))
        place.scroll_into_view_if_needed()
        panel = place.frame_locator("iframe")
        expect(panel.get_by_role("heading", level=1)).to_be_visible()
        expect(panel.get_by_role("navigation")).to_contain_text("Scrivania")


def test_the_picker_works_with_the_keyboard_alone_at_320_pixels_and_nothing_may_be_placed_too(
    demo: Demo, open_browser: OpenBrowser
) -> None:
    page = open_browser(width=320, height=700).pages[0]
    become(demo.lms_url, page.context, demo.lms.lms.cast.tutor)
    picker = choose(demo, page, tool=1, section=2)
    frame = next(one for one in page.frames if one.url.endswith("/lti/launch"))
    assert frame.evaluate(OVERFLOW) <= 0
    picker.locator("#panel-talk").focus()
    page.keyboard.press("Space")
    expect(picker.locator("#panel-talk")).to_be_checked()
    picker.get_by_role("button", name="Niente, torna indietro").focus()
    page.keyboard.press("Enter")
    expect(picker.locator("main")).to_contain_text("Non è stato messo niente")


def test_the_tutor_finds_the_snippet_and_the_admin_checks_everything(demo: Demo, open_browser: OpenBrowser) -> None:
    page = open_browser().pages[0]
    become(demo.lms_url, page.context, demo.lms.lms.cast.tutor)
    panel = open_course(demo.lms_url, page)
    tab(panel, "Scrivania")
    panel.get_by_role("link", name="Questo corso").first.click()
    snippet = panel.locator("textarea").first
    expect(snippet).to_have_value(f'<iframe src="{demo.lms_url}/mod/lti/launch.php?id=45" title="Comunità del corso" '
                                  'width="100%" height="640" style="border:0" loading="lazy"></iframe>')  # fmt: skip
    become(demo.lms_url, page.context, demo.lms.lms.cast.admin)
    panel = open_course(demo.lms_url, page)
    panel.get_by_role("link", name="Installazione").click()
    panel.get_by_role("button", name="Crea un invito").click()
    expect(panel.locator("#invitation")).to_have_value(containing(f"{demo.tool_url}/lti/register?code="))
    panel.get_by_role("button", name="Controlla tutto").first.click()
    expect(panel.locator("#step-token_roster")).to_contain_text("funziona", timeout=60_000)
    expect(panel.locator("main")).to_contain_text("Tutto quello che si è potuto provare funziona")


def containing(words: str) -> object:
    return re.compile(re.escape(words))
