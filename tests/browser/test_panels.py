"""Every panel from end to end, by two people with nothing but a keyboard.

Ada's panel is 320 pixels wide and Italian, everybody else's 640 and English; each has a browser of their own that
blocks third-party cookies, and the panel stands in a course page of another site. What one does, the other sees.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from sqlalchemy import select

from lti_app.jobs.circles import tend_company
from lti_app.models import CircleMember, Membership, MoodSaid, Person
from tests.browser.keyboard import NARROW, As, Place, company, place
from tests.panels.scenes import ask as questions
from tests.sweep.test_loop import the_house

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Place]:
    with place(tmp_path_factory.mktemp("panels"), sqlite_template) as there:
        yield there


@pytest.fixture(scope="module")
def be(here: Place, chromium: Browser) -> Iterator[As]:
    """Somebody's page, by the name of the person; whoever comes twice finds it as they left it."""
    with company(here, chromium) as people:
        yield people


def test_the_browsers_keep_no_cookie_for_the_panel_and_it_stands_in_another_site(be: As) -> None:
    ada = be("ada").opens("home")
    assert ada.page.url.startswith("http://localhost:")
    assert ada.panel.url.startswith("http://127.0.0.1:")
    ada.panel.evaluate("document.cookie = 'plain=1; SameSite=None; Secure; Path=/'")
    assert ada.panel.evaluate("document.cookie") == ""


def test_home_and_lend_a_hand(be: As) -> None:
    ada, bice = be("ada").opens("home"), be("bice")
    ada.press("Scrivi a Bice")
    ada.see("Hai scritto a Bice")
    expect(ada.panel.locator("#care-title")).to_be_focused()
    bice.opens("home")
    bice.press("Yes, gladly")
    bice.see("You are in touch")
    bice.press("You and Ada")
    bice.write("Write to Ada", "Hello! Which **duplicates** do you find?")
    bice.press("Send")
    bice.see("Which duplicates do you find?")
    ada.tab("Dai una mano")
    ada.press("Tu e Bice")
    ada.see("Which duplicates do you find?")
    ada.write("Scrivi a Bice", "Tre, ma il quiz dice sette.")
    ada.press("Invia")
    ada.see("Tre, ma il quiz dice sette.")
    # It comes to Bice without her doing anything.
    bice.see("Tre, ma il quiz dice sette.")
    ada.press("Sì")
    expect(ada.panel.locator("#live")).not_to_be_empty()
    ada.fits(), bice.fits()


def test_ask(be: As, here: Place) -> None:
    with here.db.writing() as session:
        questions.pages(session, here.course, here.ids, here.course.dario)
    title = "Come si riconosce un doppione scritto in due modi?"
    ada, bruno, clara = be("ada"), be("bruno"), be("clara")
    ada.opens(f"ask?about={here.course.quiz_2}")
    ada.write("La tua domanda", "valori nascosti mancanti")
    expect(ada.panel.locator("#similar")).to_contain_text("nascosto")
    expect(ada.panel.get_by_label("La tua domanda")).to_be_focused()
    ada.write("La tua domanda", title)
    ada.page.keyboard.press("Tab")
    expect(ada.panel.get_by_role("button", name="Chiedi", exact=True)).to_be_focused()
    ada.page.keyboard.press("Enter")
    expect(ada.panel.get_by_role("heading", name=title)).to_be_visible()
    bruno.opens(f"ask?about={here.course.quiz_2}")
    bruno.see("You have passed this: can you help?")
    bruno.press(title)
    bruno.write("Your words", "Look at the **smallest** value first.")
    bruno.press("Reply")
    bruno.see("Look at the smallest value first.")
    expect(bruno.panel.locator("#live")).to_have_text("Your words are there. Thank you.")
    expect(bruno.panel.get_by_label("Your words")).to_have_value("")
    ada.opens("ask?show=mine")
    ada.press(title)
    ada.press("Mi è servita")
    ada.see("è servita", ".ask-best")
    expect(ada.panel.locator("[id^=accept-]")).to_be_focused()
    ada.press("grazie")
    expect(ada.panel.locator("[id^=thank-]").first).to_contain_text("1")
    clara.opens("ask?show=answered")
    clara.press(title)
    clara.press("Confirm")
    clara.see("confirmed by the tutor", ".ask-best")
    ada.fits(), bruno.fits(), clara.fits()


def test_talk(be: As, here: Place) -> None:
    ada, bruno = be("ada").opens("talk"), be("bruno")
    ada.unfold("Apri una discussione")
    ada.write("Di che cosa si tratta?", "Chi c’è sabato mattina?")
    ada.write("Le tue parole", "Un’ora, **insieme**.")
    ada.unfold("Aggiungi un sondaggio")
    ada.write("Risposte tra cui scegliere", "Io sì\nQuesta volta no")
    ada.press("Comincia")
    expect(ada.panel.get_by_role("heading", name="Chi c’è sabato mattina?")).to_be_visible()
    bruno.opens("talk")
    bruno.press("Chi c’è sabato mattina?")
    bruno.choose("Io sì")
    bruno.press("Vote")
    bruno.see("your choice")
    bruno.press("Warm thought")
    expect(bruno.find("button", "Warm thought")).to_have_attribute("aria-pressed", "true")
    bruno.write("Your reply", "I am there, with $n=7$ biscuits.")
    bruno.press("Reply")
    bruno.see("biscuits")
    # It comes to Ada without her doing anything.
    ada.see("biscuits")
    ada.fits(), bruno.fits()


def test_circle(be: As, here: Place) -> None:
    fabio = be("fabio").opens("circle")
    fabio.choose("in the evening")
    fabio.press("Find me a circle")
    fabio.see("We are looking for people who suit you.")
    tend_company(the_house(here.app), here.course.context, here.clock.now())
    with here.db.reading() as session:
        invited = list(session.scalars(select(CircleMember.membership_id)))
    assert here.course.others[2] in invited
    hugo = be("hugo").opens("circle")
    hugo.see("Un cerchio per te")
    hugo.press("Sì, ci sto")
    hugo.see("sta per cominciare")
    fabio.opens("circle")
    fabio.press("Yes, I join")
    fabio.see("The two of you")
    fabio.unfold("Propose something")
    fabio.write("What do you propose?", "Quiz 2 together, half an hour")
    fabio.press("Put it on the agenda")
    fabio.see("proposed by Fabio")
    fabio.press("I am stuck")
    fabio.see("stuck: a hand would be welcome")
    fabio.write("Write to your circle", "Hello! I am free on Wednesdays.")
    fabio.press("Send")
    fabio.see("I am free on Wednesdays.")
    hugo.opens("circle")
    hugo.see("I am free on Wednesdays.")
    hugo.press("Fatto: Quiz 2 together, half an hour")
    expect(hugo.find("button", "Riapri: Quiz 2 together, half an hour")).to_be_visible()
    hugo.write("Scrivi al tuo cerchio", "Mercoledì va bene.")
    hugo.press("Invia")
    hugo.see("Mercoledì va bene.")
    fabio.see("Mercoledì va bene.")
    hugo.fits(), fabio.fits()


def test_events(be: As) -> None:
    clara, ada = be("clara").opens("events"), be("ada")
    clara.press("Call a meeting")
    clara.choose("Webinar")
    clara.write("What is it called?", "Half an hour on joins")
    for label, digits in (("Day", "11242026"), ("From", "0630PM"), ("Until", "0600PM")):
        clara.reach(clara.panel.get_by_label(label, exact=True))
        clara.page.keyboard.type(digits)
    clara.write("What should people bring?", "your favourite mistake")
    clara.write("Link to the video room", "https://meet.example.org/q")
    clara.press("Call the meeting")
    clara.see("It ends before it begins", "#ends-fault")
    expect(clara.panel.get_by_label("What is it called?")).to_have_value("Half an hour on joins")
    clara.reach(clara.panel.get_by_label("Until", exact=True))
    clara.page.keyboard.type("0700PM")
    clara.press("Call the meeting")
    expect(clara.panel.get_by_role("heading", name="Half an hour on joins")).to_be_visible()
    ada.opens("home")
    ada.press("Vengo: Half an hour on joins")
    ada.see("ci sei anche tu", "#next-event")
    expect(ada.panel.locator("#next-event:focus, #next-event :focus")).to_have_count(1)
    ada.press("Half an hour on joins")
    expect(ada.find("link", "Entra nella stanza video")).to_have_attribute("target", "_blank")
    ada.write("Le tue parole", "Ci fai vedere un **left join**?")
    ada.press("Invia")
    ada.see("left join", "#event")
    clara.opens("events")
    clara.press("Half an hour on joins")
    clara.see("left join")
    clara.see("1 person comes")
    ada.press("Non posso venire")
    expect(ada.find("button", "Vengo")).to_be_visible()
    expect(ada.panel.get_by_role("link", name="Entra nella stanza video")).to_have_count(0)
    ada.fits(), clara.fits()


def test_library(be: As) -> None:
    ada, clara = be("ada").opens("library"), be("clara")
    ada.press("Proponi qualcosa")
    ada.choose("Tutorial")
    ada.write("Come si chiama?", "I join, disegnati")
    ada.write("Dove si trova sul web?", "example.org/join")
    ada.write("Perché ti ha aiutato?", "Due cerchi, e ho capito.")
    ada.press("Proponilo")
    ada.see("aspetta un tutor")
    clara.opens("desk")
    clara.press("1 suggestion waits in the library")
    clara.press("Look after it")
    clara.press("Yes, show it")
    clara.see("It stands in the library; whoever gave it has been told.")
    clara.press("it helped me")
    expect(clara.panel.locator("button.warm")).to_have_attribute("aria-pressed", "true")
    ada.tab("Biblioteca")
    ada.reach(ada.panel.get_by_role("link", name="I join, disegnati"))
    ada.see("mi ha aiutato · 1")
    ada.fits(), clara.fits()


def test_wins(be: As) -> None:
    ada, bruno = be("ada").opens("wins"), be("bruno")
    ada.unfold("Ringrazia qualcuno")
    ada.write("per nome", "bruno", exact=False)
    ada.press("Cerca", exact=True)
    expect(ada.panel.get_by_label("Bruno M.")).to_be_checked()
    ada.choose("Mi hai dato coraggio")
    ada.write("Con parole tue, se ti va", "Adesso ci provo.")
    ada.press("Diglielo")
    expect(ada.panel.locator("#live")).not_to_be_empty()
    bruno.opens("wins")
    bruno.see("“Adesso ci provo.”")
    bruno.unfold("Show something you made")
    bruno.write("What is it?", "A map of empty columns")
    bruno.write("What would you like to tell about it?", "It is crooked, but **mine**.")
    bruno.press("Show it")
    expect(bruno.panel.get_by_role("heading", name="A map of empty columns")).to_be_visible()
    ada.opens("wins")
    ada.press("A map of empty columns")
    ada.write("Di’ qualcosa", "La legenda.")
    ada.press("Invia")
    ada.see("La legenda.")
    ada.fits(), bruno.fits()


def test_pulse(be: As, here: Place) -> None:
    bruno, mara = be("bruno").opens("pulse"), be("mara")
    tap = bruno.find("button", "too hard")
    # A placement of 320 pixels shows the whole question.
    assert tap.evaluate("(one) => one.getBoundingClientRect().bottom + window.scrollY") <= NARROW
    bruno.press("too hard")
    bruno.see("Thank you: “too hard”.")
    bruno.press("so so")
    bruno.see("You said: so so")
    bruno.unfold("I have an idea")
    bruno.write("In one line", "Deadlines on Fridays")
    bruno.write("What would it change, and for whom?", "On Sundays we breathe.")
    bruno.press("Into the box")
    expect(bruno.panel.get_by_role("heading", name="Deadlines on Fridays")).to_be_visible()
    mara.opens("pulse")
    mara.press("Deadlines on Fridays")
    mara.press("I am for it")
    expect(mara.find("button", "I am for it")).to_have_attribute("aria-pressed", "true")
    mara.see("1 voice for it")
    clara = be("clara").opens("pulse")
    clara.press("Deadlines on Fridays")
    clara.choose("planned")
    clara.write("A word why (everybody reads it)", "From Monday on.")
    clara.press("Keep")
    clara.see("The word of the tutors")
    ada = be("ada").opens("pulse")
    ada.press("Deadlines on Fridays")
    ada.see("From Monday on.")
    ada.fits(), bruno.fits(), mara.fits(), clara.fits()
    with here.db.reading() as session:
        assert session.scalars(select(MoodSaid.said)).one() == "so_so"


def test_welcome(be: As, here: Place) -> None:
    newcomer = here.course.others[4]
    with here.db.writing() as session:
        session.get_one(Membership, newcomer).settings = {}
    luca, bruno = be("luca").opens("home"), be("bruno")
    luca.press("Ci sto")
    expect(luca.panel.get_by_role("heading", name="Come vuoi farti vedere?")).to_be_focused()
    luca.write("Come ti chiamiamo?", "Lupo")
    luca.page.keyboard.press("Enter")
    expect(luca.panel.get_by_role("heading", name="Perché sei qui?")).to_be_focused()
    luca.choose("Per imparare insieme ad altri persone, scambio, un posto dove ci si conosce")
    luca.press("Salva e continua")
    expect(luca.panel.get_by_role("heading", name="Saluta")).to_be_focused()
    luca.press("Ciao, sono Lupo. Bello essere qui!")
    expect(luca.panel.get_by_role("heading", name="Lupo")).to_be_focused()
    bruno.opens("talk")
    bruno.press("Chi siamo")
    bruno.see("Ciao, sono Lupo. Bello essere qui!")
    luca.fits(), bruno.fits()
    with here.db.reading() as session:
        member = session.get_one(Membership, newcomer)
        assert (member.motive, session.get_one(Person, member.person_id).display_name) == ("belonging", "Lupo")


def test_news_search_messages_and_who_i_am_here(be: As, here: Place) -> None:
    mara, ada = be("mara"), be("ada")
    mara.opens(f"talk/{here.ids['thread']}")
    mara.write("Your reply", "@Ada R. look at the **lontre** first.")
    mara.press("Reply")
    mara.see("lontre")
    ada.opens("home")
    bell = ada.find("button", "Novità per te")
    news = int(re.findall(r"\d+", bell.inner_text())[0])
    ada.press("Novità per te")
    ada.press("Mara")
    ada.see("lontre", "#thread")
    # One thing less is new, and none of it is said by a number alone.
    expect(bell).to_contain_text(re.compile(rf"^\D*{news - 1}\D" if news > 1 else r"^\D*$"))
    ada.press("Cerca nel corso")
    ada.reach(ada.panel.get_by_role("searchbox"))
    # Endings do not matter.
    ada.page.keyboard.type("lontra\n")
    expect(ada.panel.locator("mark").first).to_have_text("lontre")
    ada.press("Messaggi")
    expect(ada.panel.get_by_role("heading", level=1)).to_have_text("Messaggi per te")
    expect(ada.panel.get_by_text("Trovi tutto prima qui, nel pannello.")).to_be_visible()
    once = ada.panel.get_by_role("group", name="Fammi sapere").get_by_role("checkbox").first
    ada.reach(once)
    was = once.is_checked()
    ada.page.keyboard.press("Space")
    ada.press("Salva così")
    ada.see("Salvato")
    assert ada.panel.get_by_role("group", name="Fammi sapere").get_by_role("checkbox").first.is_checked() != was
    ada.press("Chi sono qui")
    ada.write("Come ti chiamiamo?", "Adina")
    ada.press("Salva")
    expect(ada.panel.locator("#live")).not_to_be_empty()
    mara.opens(f"talk/{here.ids['thread']}")
    mara.see("Adina")
    ada.fits(), mara.fits()


def test_what_is_not_right_is_looked_at_by_a_person(be: As, here: Place) -> None:
    mara, ada, clara = be("mara"), be("ada"), be("clara")
    thread = f"talk/{here.ids['thread']}"
    mara.opens(thread)
    mara.write("Your reply", "Whoever does not see it should change course.")
    mara.press("Reply")
    mara.see("should change course")
    ada.opens(thread)
    ada.reach(ada.panel.locator("article", has_text="should change course").locator(".menu > summary"))
    ada.page.keyboard.press("Enter")
    ada.press("Qui c’è qualcosa che non va")
    ada.choose("scortese o offensivo")
    ada.press("Chiedi a una persona")
    ada.see("Una persona guarderà.")
    clara.opens("moderation")
    clara.see("should change course")
    clara.unfold("Take it away…")
    clara.write("What would have to change? Its author reads this.", "Say it without weighing on others.")
    clara.press("Take it away", exact=True)
    expect(clara.panel.locator("#main")).not_to_contain_text("should change course")
    clara.opens("moderation/decided")
    clara.see("Say it without weighing on others.")
    mara.press("Who I am here")
    mara.press("What staff did about you")
    mara.see("Say it without weighing on others.")
    ada.opens(thread)
    expect(ada.panel.locator("#thread")).not_to_contain_text("should change course")
    ada.fits(), clara.fits(), mara.fits()
