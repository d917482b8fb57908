"""The whole loop in a course page, in a real browser that blocks third-party cookies, on two sites."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, FrameLocator, Page, expect

from lti_app.demo import Demo
from tests.browser.conftest import OpenBrowser, at_rest

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
Be = Callable[..., tuple[Page, FrameLocator]]
PANEL = "iframe[src*='launch.php']"


@pytest.fixture
def be(demo: Demo, open_browser: OpenBrowser) -> Be:
    """Open the course page in a browser of one's own as this person, and give the page and its first panel."""
    opened: dict[int, BrowserContext] = {}

    def be_(person: int, **more: object) -> tuple[Page, FrameLocator]:
        if person not in opened:
            opened[person] = open_browser(**more)
            opened[person].request.post(f"{demo.lms_url}/practice/be", form={"person": str(person)})
        page = opened[person].pages[0]
        page.goto(f"{demo.lms_url}/course/view.php?id=2")
        return page, page.frame_locator(PANEL).first

    return be_


def test_ada_is_stuck_bruno_helps_clara_sees_it_and_it_closes_by_itself(demo: Demo, be: Be) -> None:
    cast = demo.lms.lms.cast
    # Ada (the stalled learner of the recorded course) reads where, why and who could help.
    _page, panel = be(cast.stalled)
    care = panel.locator("#care")
    expect(care.get_by_role("heading", level=2)).to_contain_text("Quiz 2", timeout=60_000)
    for _try in range(20):
        if care.get_by_role("button", name="Scrivi a").count():
            break
        _page, panel = be(cast.stalled)
        care = panel.locator("#care")
        care.get_by_role("button", name="Non ora").wait_for()
        _page.wait_for_timeout(1000)
    care.get_by_text("Perché lo vedo?").click()
    expect(care.locator(".reasons")).to_contain_text("Quiz 2")
    expect(care).to_contain_text("Mai voti")
    at_rest(panel)
    first = care.locator("article").first
    name = first.get_by_role("heading").inner_text()
    first.get_by_role("button").click()
    expect(care).to_contain_text("Hai scritto a")
    helper = _person(demo, name)

    # Bruno (the one she picked) is asked, sees what is shared, and says yes.
    _his, his_panel = be(helper)
    asks = his_panel.locator("#asks")
    expect(asks).not_to_contain_text("tentativi")
    asks.get_by_role("button", name="Sì, volentieri").click()
    expect(asks).to_contain_text("Siete in contatto")
    _open_meeting(his_panel)
    _write(his_panel, "Ciao! Anch'io mi ero fermato lì. Da dove cominciamo?")

    # They meet in a private thread inside the page.
    _page, panel = be(cast.stalled)
    _open_meeting(panel)
    expect(panel.locator("#meeting")).to_contain_text("Da dove cominciamo?")
    _write(panel, "Dai duplicati: non capisco quando toglierli.")
    expect(panel.locator("#meeting")).to_contain_text("Dai duplicati")

    # Clara (the tutor) has it on her desk, with the reasons and a draft.
    tutor_page, desk = be(cast.tutor)
    _open_desk(desk)
    stalled_name = demo.lms.lms.people[cast.stalled].name
    desk.get_by_role("link", name=stalled_name).click()
    case = desk.locator("#desk-case")
    expect(case.get_by_role("heading", level=2)).to_have_text(stalled_name)
    expect(case.locator(".facts")).to_contain_text("Quiz 2")
    expect(case.locator(".facts")).to_contain_text("sta dando una mano")
    expect(case.get_by_role("textbox")).to_have_value(_containing(demo.lms.lms.people[cast.stalled].given))

    # Ada moves again: she passes the quiz in the LMS, and the case closes by itself.
    page, _panel = be(cast.stalled)
    page.locator("main").get_by_role("link", name="Quiz 2: Pulizia dei dati").first.click()
    page.get_by_role("button", name="5 su 5").click()
    for _try in range(60):
        tutor_page.wait_for_timeout(1000)
        tutor_page, desk = be(cast.tutor)
        _open_desk(desk)
        if desk.get_by_text("Chiusi questa settimana").count():
            break
    desk.get_by_role("link", name=stalled_name).click()
    expect(desk.locator("#desk-case")).to_contain_text("con l’aiuto di un compagno di corso")


def test_dario_starts_a_discussion_and_elena_answers_at_320_pixels(demo: Demo, be: Be) -> None:
    people = [p for p in demo.lms.lms.people.values() if p.role == "learner"]
    dario, elena = people[-1].id, people[-2].id
    _page, panel = be(dario, width=320, height=700)
    panel.get_by_role("link", name="Discussioni").click()
    panel.locator("details.dialog > summary").first.click()
    at_rest(panel)
    panel.locator("input[name='title']").fill("Come si legge un istogramma?")
    panel.locator("textarea").first.fill("Le barre mi confondono: **che cosa** dice l'altezza?")
    panel.locator("textarea").first.press("Tab")
    at_rest(panel)
    panel.locator("form", has=panel.locator("input[name='title']")).get_by_role("button").last.click()
    expect(panel.get_by_role("heading", name="Come si legge un istogramma?")).to_be_visible()
    _page, hers = be(elena, width=320, height=700)
    hers.get_by_role("link", name="Discussioni").click()
    hers.get_by_role("link", name="Come si legge un istogramma?").click()
    _write(hers, "Quante righe cadono in quell'intervallo.")
    expect(hers.locator("main")).to_contain_text("Quante righe cadono")
    overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    frame = next(f for f in _page.frames if "/talk" in f.url)
    assert frame.evaluate(overflow) <= 0


def test_the_browser_really_blocks_third_party_cookies_and_the_frames_are_cross_site(demo: Demo, be: Be) -> None:
    page, panel = be(demo.lms.lms.cast.well)
    panel.get_by_role("heading", level=1).wait_for()
    frame = next(f for f in page.frames if "/v/" in f.url)
    assert page.url.startswith("http://localhost:")
    assert frame.url.startswith("http://127.0.0.1:")
    frame.evaluate("document.cookie = 'plain=1; SameSite=None; Secure; Path=/'")
    assert "plain" not in frame.evaluate("document.cookie")


def _person(demo: Demo, short_name: str) -> int:
    given, _space, initial = short_name.partition(" ")
    return next(
        p.id for p in demo.lms.lms.people.values() if p.given == given and p.family.startswith(initial.rstrip("."))
    )


def _open_meeting(panel: FrameLocator) -> None:
    panel.locator("main").get_by_role("link", name="conversazione").or_(
        panel.locator("main .lines a[href*='/peer/']")
    ).first.click()


def _open_desk(panel: FrameLocator) -> None:
    panel.get_by_role("navigation").get_by_role("link", name="Scrivania").click()
    panel.locator("#desk-queue").wait_for()


def _write(panel: FrameLocator, words: str) -> None:
    box = panel.locator("textarea[name='body']").first
    box.fill(words)
    at_rest(panel)
    panel.locator("form", has=panel.locator("textarea[name='body']")).first.get_by_role("button").first.click()


def _containing(words: str) -> object:
    import re

    return re.compile(re.escape(words))
