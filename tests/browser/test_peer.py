"""Two people and more in a course page, third-party cookies blocked: a circle at 320 px, and who is quicker."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from lti_app.demo import Demo
from lti_app.models import CircleMember, Membership, Person
from tests.browser.conftest import helpers_for, wait_for_rows
from tests.browser.pages import OVERFLOW, Be, frame_of, tab

pytestmark = pytest.mark.browser


def _invited(demo: Demo, page: Page) -> list[int]:
    """Wait until the next look at the course has proposed a circle, and return the people invited, by the LMS's id."""
    query = select(Person.name).join(Membership, Membership.person_id == Person.id)
    query = query.join(CircleMember, CircleMember.membership_id == Membership.id).order_by(CircleMember.id)
    people = {one.name: one.id for one in demo.lms.lms.people.values()}
    return [people[name] for (name,) in wait_for_rows(demo, page, query.where(CircleMember.state == "invited"))]


def test_a_circle_is_asked_for_proposed_and_joined_by_two_at_320_pixels(demo: Demo, be: Be) -> None:
    cast = demo.lms.lms.cast
    # Somebody who does well asks for a circle.
    page, panel = be(cast.well, width=320, height=700)
    tab(panel, "Cerchio")
    panel.get_by_role("button", name="Trovami un cerchio").click()
    expect(panel.locator("#circle")).to_contain_text("Stiamo cercando")
    # The next look at the course proposes it to people at the same point, without anybody's name.
    people = _invited(demo, page)
    assert len(people) >= 3
    assert people[0] == cast.well
    first, second = people[0], next(one for one in people[1:] if one != cast.stalled)
    words = {first: ("Cerchio", "Un cerchio per te"), second: ("Circle", "A circle for you")}
    for person, (name, title) in words.items():
        page, panel = be(person, locale="it-IT" if person == first else "en-GB", width=320, height=700)
        tab(panel, name)
        expect(panel.get_by_role("heading", name=title)).to_be_visible()
        names = [demo.lms.lms.people[one].given for one in people if one != person]
        assert not any(name in panel.locator("#circle").inner_text() for name in names)
        assert frame_of(page, "/circle").evaluate(OVERFLOW) <= 0
    # The first yes waits, the second opens the circle.
    _page, panel = be(first)
    tab(panel, "Cerchio")
    panel.get_by_role("button", name="Sì, ci sto").click()
    expect(panel.locator("#circle")).to_contain_text("sta per cominciare")
    _page, hers = be(second)
    tab(hers, "Circle")
    hers.get_by_role("button", name="Yes, I join").click()
    expect(hers.get_by_role("heading", name="The two of you")).to_be_visible()
    # They plan, say how it goes, and talk: by keyboard, since the frame moves while it grows.
    hers.get_by_text("Propose something").press("Enter")
    hers.locator("#item-words").fill("Quiz 2 together, half an hour")
    hers.locator("#item-starts").fill("2030-11-27T18:30")
    hers.get_by_role("button", name="Put it on the agenda").press("Enter")
    expect(hers.locator("#circle")).to_contain_text("27 November")
    hers.get_by_role("button", name="I am stuck").press("Enter")
    expect(hers.locator("#circle")).to_contain_text("stuck: a hand would be welcome")
    hers.locator("textarea[name='body']").fill("Hello! I am free on Wednesdays.")
    hers.get_by_role("button", name="Send").press("Enter")
    expect(hers.locator("#circle")).to_contain_text("I am free on Wednesdays.")
    page, his = be(first)
    expect(his.get_by_role("navigation").get_by_role("link", name="Cerchio")).to_contain_text("1")
    tab(his, "Cerchio")
    expect(his.locator("#circle")).to_contain_text("I am free on Wednesdays.")
    expect(his.locator("#circle")).to_contain_text("Quiz 2 together, half an hour")
    expect(his.locator("#circle")).to_contain_text(demo.lms.lms.people[second].given)
    expect(his.locator("#circle")).to_contain_text("una mano fa comodo")
    assert frame_of(page, "/circle").evaluate(OVERFLOW) <= 0
    # Leaving needs no reason.
    hers.get_by_text("Leave the circle", exact=True).press("Enter")
    hers.get_by_role("button", name="Yes, leave").press("Enter")
    expect(hers.locator("#circle")).to_contain_text("You have left the circle.")


def test_all_who_are_here_are_asked_and_both_see_who_was_quicker(demo: Demo, be: Be) -> None:
    cast = demo.lms.lms.cast
    helpers = _helpers(demo)[:2]
    panels = {}
    # Both helpers sit in the course page, one of them with an English browser.
    for helper, language in zip(helpers, ("it", "en"), strict=True):
        _page, panels[helper] = be(helper, locale=language)
        panels[helper].locator("#asks").wait_for(state="attached")
    wait_for_rows(demo, be(cast.stalled)[0], helpers_for(cast.stalled), 2)
    _page, ada = be(cast.stalled)
    care = ada.locator("#care")
    care.get_by_role("button", name="Chiedi a tutti i presenti").click()
    expect(care).to_contain_text("Lo hai chiesto a tutti i presenti")
    # Without a reload both are asked; they see her first name and the place, and nothing else.
    quick, slow = helpers
    given = demo.lms.lms.people[cast.stalled].given
    yes = panels[quick].locator("#asks").get_by_role("button", name="Sì, volentieri")
    expect(yes).to_be_visible(timeout=30_000)
    expect(panels[slow].locator("#asks").get_by_role("button", name="Yes, gladly")).to_be_visible(timeout=30_000)
    expect(panels[slow].locator("#asks")).to_contain_text(f"{given} is here now and asks all who are")
    expect(panels[quick].locator("#asks")).not_to_contain_text("tentativi")
    yes.click()
    expect(panels[quick].locator("#asks")).to_contain_text("Siete in contatto")
    panels[slow].locator("#asks").get_by_role("button", name="Yes, gladly").click()
    expect(panels[slow].locator("#asks")).to_contain_text("Somebody else was a moment quicker.")
    # Ada's page has noticed by itself: the conversation is open, with the academy's first words.
    expect(care.locator(".card-care")).to_have_count(0, timeout=30_000)
    _page, ada = be(cast.stalled)
    ada.locator("main .lines a[href*='/peer/']").first.click()
    expect(ada.locator(".post-academy")).to_contain_text("siete in contatto")
    expect(ada.locator(".post-academy")).not_to_contain_text("%")


def test_an_offer_is_seen_as_others_will_see_it_before_it_is_made(demo: Demo, be: Be) -> None:
    _page, panel = be(demo.lms.lms.cast.well, width=320, height=700)
    for _try in range(40):
        tab(panel, "Dai una mano")
        panel.locator("#offers").wait_for()
        if panel.locator("#offers details.dialog").count():
            break
        _page.wait_for_timeout(1500)
        _page, panel = be(demo.lms.lms.cast.well)
    panel.locator("#offers details.dialog > summary").first.click()
    form = panel.locator("#offers details[open] form").first
    given = demo.lms.lms.people[demo.lms.lms.cast.well].given
    expect(form.locator(".card-inner")).to_contain_text(given)
    form.locator("textarea").fill("Ho un esempio con i gatti.")
    form.get_by_label("la sera", exact=True).check()
    expect(form.locator(".card-inner")).to_contain_text("Ho un esempio con i gatti.")
    expect(form.locator(".card-inner .badges")).to_contain_text("la sera")
    assert frame_of(_page, "/peer").evaluate(OVERFLOW) <= 0


def _helpers(demo: Demo) -> list[int]:
    from lti_app.rehearsal import _helpers as those_who_passed

    return those_who_passed(demo.lms)[1]
