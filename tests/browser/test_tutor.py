"""A new tutor in a course page, cookies blocked: three cases are handled by what stands on the page alone."""

from __future__ import annotations

import pytest
from playwright.sync_api import FrameLocator, Locator, expect

from lti_app.demo import Demo
from tests.browser.pages import OVERFLOW, Be, frame_of, press

pytestmark = pytest.mark.browser
INVITE = "Ti va se giovedì alle 18 lo guardiamo insieme?"


IN_SIGHT = """() => {
  const { top } = document.querySelector("iframe").getBoundingClientRect();
  return top > -60 && top < innerHeight - 200;
}"""


def _card(panel: FrameLocator, badge: str) -> str:
    """Return the name on the first card of the desk with this badge."""
    card = panel.locator(".desk-item", has=panel.locator(".badge", has_text=badge)).first
    return card.locator(".desk-name").inner_text()


def test_a_new_tutor_handles_three_cases_by_what_is_on_the_page(demo: Demo, be: Be) -> None:
    here = demo.lms.lms
    stuck = here.people[here.cast.stalled]
    page, desk = be(here.cast.tutor)
    # The first look at the course may still be on its way.
    for _try in range(40):
        desk.get_by_role("heading", name="ti aspett").wait_for()
        if desk.get_by_role("heading", name="persone ti aspettano").count():
            break
        page.wait_for_timeout(1000)
        page.reload()
    press(desk, "Alla scrivania")
    expect(desk.get_by_role("heading", name="persone ti aspettano")).to_be_visible()
    busy, absent = _card(desk, "sovraccarico"), _card(desk, "non ha iniziato")

    # Somebody is stuck: the draft is nearly right, one line is added, and the desk says when it has gone.
    press(desk, stuck.name)
    case = desk.locator("#desk-case")
    expect(case.get_by_role("heading", name=stuck.name)).to_be_visible()
    expect(case).to_contain_text("Quiz 2: Pulizia dei dati")
    box = case.get_by_label("Una bozza, nel tono dell’accademia")
    draft = box.input_value()
    assert draft.startswith(f"Ciao {stuck.given},")
    box.fill(f"{draft}\n\n{INVITE}")
    press(case, "Invia")
    expect(case).to_contain_text("È in partenza.")
    expect(case.locator("#desk-messages")).to_contain_text("inviato con la piattaforma")

    # Somebody has too much at once: a colleague knows them better.
    press(desk, busy)
    expect(case.get_by_role("heading", name=busy)).to_be_visible()
    # The card was far down the tall frame; the case begins above it, and is brought into sight.
    page.wait_for_function(IN_SIGHT)
    case.get_by_text("Passa a…", exact=True).click()
    case.get_by_label("A chi").select_option("Elisa Fabbri")
    case.get_by_label("Due parole per chi lo prende").fill("Ti conosce dal primo corso.")
    press(case, "Passa")
    expect(case).to_contain_text("Passato")
    expect(case.locator(".facts")).to_contain_text("Elisa Fabbri")

    # Somebody has not begun, for a reason that no system can know.
    press(desk, absent)
    case.get_by_text("Non è così…", exact=True).click()
    case.get_by_label("Che cosa abbiamo sbagliato?").fill("Comincia a gennaio: è d’accordo con la segreteria.")
    press(case, "Chiudi il caso")
    expect(case).to_contain_text("Chiuso: non era così.")

    # The desk says what became of all three.
    queue = desk.locator("#desk-queue")
    assert [stuck.name in part for part in _under(queue, "In buone mani")] == [True]
    assert [absent in part for part in _under(queue, "Chiusi questa settimana")] == [True]
    expect(queue.locator(".desk-item", has_text=busy)).to_contain_text("con Elisa Fabbri")

    _what_the_learner_got(demo, be, stuck.id, draft)
    _elisa_goes_on(demo, be, busy)


def _under(queue: Locator, heading: str) -> list[str]:
    return queue.locator(f"h3:has-text('{heading}') + ul").all_inner_texts()


def _what_the_learner_got(demo: Demo, be: Be, person: int, draft: str) -> None:
    """Once in the messages of the LMS, and in the panel with the tutor's name."""
    letters = [one.facts["text"] for one in demo.lms.lms.course.happened("message") if one.person == person]
    written = [letter for letter in letters if INVITE in letter]
    assert len(written) == 1
    assert draft.splitlines()[0] in written[0]
    _page, panel = be(person, width=320, height=700)
    expect(panel.locator("main")).to_contain_text(INVITE)
    expect(panel.locator("main")).to_contain_text(demo.lms.lms.people[demo.lms.lms.cast.tutor].given)


def _elisa_goes_on(demo: Demo, be: Be, name: str) -> None:
    """The colleague finds the case among her own, with the word for her; she has met him in the corridor."""
    elisa = next(one.id for one in demo.lms.lms.people.values() if one.name == "Elisa Fabbri")
    page, desk = be(elisa, "en-GB", width=320, height=700)
    press(desk, "To the desk")
    press(desk, name)
    case = desk.locator("#desk-case")
    expect(case).to_contain_text("Ti conosce dal primo corso.")
    case.get_by_text("We have spoken…", exact=True).click()
    case.get_by_label("What came of it").fill("He hands in one thing on Friday.")
    press(case, "Note it")
    expect(case).to_contain_text("Noted.")
    assert [name in part for part in _under(desk.locator("#desk-queue"), "In good hands")] == [True]
    assert frame_of(page, "/desk").evaluate(OVERFLOW) <= 0
