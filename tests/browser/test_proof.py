"""The community manager finds out whether it helps, and says it in the academy's own words: in a real browser."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import FrameLocator, Page, expect

from lti_app.demo import Demo
from tests.browser.conftest import OpenBrowser, at_rest

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
PANEL = "iframe[src*='launch.php']"
Room = Callable[[str], tuple[Page, FrameLocator]]


@pytest.fixture
def room(demo: Demo, open_browser: OpenBrowser) -> Room:
    """Open the control room as the community manager, in a browser of this language, third-party cookies blocked."""

    def open_room(locale: str) -> tuple[Page, FrameLocator]:
        browser = open_browser(locale=locale, width=1100, height=1000)
        browser.request.post(f"{demo.lms_url}/practice/be", form={"person": str(demo.lms.lms.cast.manager)})
        browser.request.post(f"{demo.lms_url}/practice/language", form={"language": locale[:2]})
        page = browser.pages[0]
        page.goto(f"{demo.lms_url}/course/view.php?id=2")
        panel = page.frame_locator(PANEL).first
        panel.locator("nav.tabs a, nav.tabs button").last.wait_for(timeout=60_000)
        return page, panel

    return open_room


def follow(panel: FrameLocator, words: str) -> None:
    """Follow a link of the panel; where no cookie holds it is a button."""
    panel.get_by_role("link", name=words, exact=True).or_(panel.get_by_role("button", name=words, exact=True)).click()


def test_the_manager_turns_the_lot_on_and_reads_too_early_to_tell(demo: Demo, room: Room) -> None:
    _page, panel = room("it-IT")
    follow(panel, "Comunità")
    follow(panel, "Serve?")
    expect(panel.locator("main")).to_contain_text("Che cosa costa")
    expect(panel.locator("#share")).to_have_value("10")
    at_rest(panel)
    panel.locator("#worth").select_option("20")
    size = panel.locator("#plan-size").inner_text()
    panel.get_by_role("button", name="Ricalcola").click()
    expect(panel.locator("#plan-size")).not_to_have_text(size)
    at_rest(panel)
    panel.get_by_role("button", name="Accendi").click()
    expect(panel.get_by_role("heading", name="Troppo presto per dirlo.")).to_be_visible()
    expect(panel.locator("main")).to_contain_text("ancora nessuno")
    at_rest(panel)
    panel.get_by_text("Spegni il sorteggio…").click()
    at_rest(panel)
    panel.get_by_role("button", name="Spegni", exact=True).click()
    expect(panel.locator("main")).to_contain_text("non si sorteggia più")


def test_the_manager_changes_words_with_a_preview_beside(demo: Demo, room: Room) -> None:
    page, panel = room("it-IT")
    follow(panel, "Comunità")
    follow(panel, "Le nostre parole")
    box = panel.locator("#body")
    expect(box).to_contain_text("{nome}")
    box.fill("Ciao {nome},\n\n{attività} ti aspetta, con calma.")
    expect(panel.locator("#preview")).to_contain_text("Ciao Anna,")
    expect(panel.locator("#preview")).to_contain_text("Quiz 2 ti aspetta, con calma.")
    box.fill("Ciao {nmoe}")
    expect(panel.locator("#preview")).to_contain_text("Volevi dire {nome}?")
    panel.get_by_role("button", name="Salva", exact=True).click()
    expect(panel.locator(".field-fault").first).to_contain_text("Volevi dire {nome}?")
    expect(panel.locator("#body")).to_have_value("Ciao {nmoe}")
    panel.locator("#body").fill("Ciao {nome}, ti va di riprendere?")
    panel.get_by_role("button", name="Salva", exact=True).click()
    expect(panel.locator("#preview")).to_contain_text("Ciao Anna, ti va di riprendere?")
    panel.get_by_role("button", name="Torna alle parole di Regista").click()
    expect(panel.locator("#body")).to_contain_text("{attività}")
    overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    frame = next(f for f in page.frames if "/control" in f.url)
    for width in (320, 640, 1100):
        page.set_viewport_size({"width": width, "height": 900})
        assert frame.evaluate(overflow) <= 0


def test_in_english_the_same_rooms_speak_english(demo: Demo, room: Room) -> None:
    _page, panel = room("en-GB")
    follow(panel, "Community")
    follow(panel, "Does it help?")
    expect(panel.locator("main")).to_contain_text("What it costs")
    follow(panel, "Our words")
    expect(panel.locator("#body")).to_contain_text("{name}")
