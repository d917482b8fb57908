"""The detector as people meet it: a learner reads why and says that it is not so; a tutor tries settings."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from lti_app.demo import Demo
from lti_app.house import house
from lti_app.models import Context, Episode, Membership, Person
from tests.browser.conftest import wait_for_rows
from tests.browser.pages import OVERFLOW, Be, frame_of, open_desk

pytestmark = pytest.mark.browser


def stalled_person(demo: Demo, page: Page) -> tuple[int, str]:
    """Somebody with an open case whom no other test plays: the number in the practice LMS, and the name."""
    cast = demo.lms.lms.cast
    query = (
        select(Person.api_id, Person.name)
        .join(Membership, Membership.person_id == Person.id)
        .join(Episode, Episode.membership_id == Membership.id)
        .where(Episode.ended_at.is_(None), Episode.kind == "stuck", Episode.held_out.is_(False))
        .where(Person.api_id != str(cast.stalled))
        .order_by(Episode.id)
    )
    api_id, name = wait_for_rows(demo, page, query)[0]
    return int(api_id), name


def test_a_learner_reads_why_in_their_language_and_says_that_it_is_not_so(demo: Demo, be: Be) -> None:
    tutor_page, desk = be(demo.lms.lms.cast.tutor)
    desk.get_by_role("heading", level=1).wait_for()
    person, name = stalled_person(demo, tutor_page)
    for locale, why, tried, nobody in (
        ("it-IT", "Perché lo vedo?", "Hai provato", "le vedete solo tu e i tutor"),
        ("en-GB", "Why do I see this?", "You tried", "Only you and the tutors"),
    ):
        _page, panel = be(person, locale)
        care = panel.locator("#care")
        care.get_by_text(why).click()
        expect(care.locator(".reasons")).to_contain_text(tried)
        expect(care.locator(".fold-care")).to_contain_text(nobody)
        # A learner reads about places and days, never about marks or chances.
        assert not re.search(r"\d\s*%", care.locator(".reasons li", has_text=tried).inner_text())

    # It is not so, and in the learner's own words.
    _page, panel = be(person)
    care = panel.locator("#care")
    care.get_by_text("Non è così", exact=True).click()
    care.get_by_role("textbox").fill("Sto studiando sul libro, torno lunedì.")
    care.get_by_role("button", name="Di’ che non è così").click()
    expect(care).to_contain_text("Grazie")

    # The tutor reads it: the case is closed, with what was said.
    _page, desk = be(demo.lms.lms.cast.tutor)
    open_desk(desk, "Scrivania")
    desk.get_by_role("link", name=name).click()
    expect(desk.locator("#desk-case")).to_contain_text("Sto studiando sul libro")
    # And it is heard: no sweep says so again for weeks.
    tutor_page.wait_for_timeout(3000)
    with demo.app.app_context(), house().db.reading() as session:
        member = session.scalars(
            select(Membership.id).join(Person, Person.id == Membership.person_id).where(Person.api_id == str(person))
        ).one()
        open_now = select(Episode).where(Episode.membership_id == member, Episode.ended_at.is_(None))
        assert session.scalars(open_now).all() == []
    _page, panel = be(person)
    panel.get_by_role("heading", level=1).wait_for()
    expect(panel.locator("#care")).not_to_contain_text("Perché lo vedo?")


@pytest.mark.parametrize(
    ("locale", "desk_name", "settings_name", "balanced", "early", "today"),
    [
        ("it-IT", "Scrivania", "Impostazioni", "In equilibrio", "Piuttosto presto", "in lista oggi"),
        ("en-GB", "Desk", "Settings", "Balanced", "Rather early", "on the list today"),
    ],
)
def test_a_tutor_moves_the_slider_by_keyboard_and_sees_at_once_who_would_be_listed(
    demo: Demo, be: Be, locale: str, desk_name: str, settings_name: str, balanced: str, early: str, today: str
) -> None:
    page, panel = be(demo.lms.lms.cast.tutor, locale, width=900)
    stalled_person(demo, page)
    open_desk(panel, desk_name)
    panel.get_by_role("link", name=settings_name).click()
    tried = panel.locator("#tried")
    expect(tried).to_contain_text(balanced)
    expect(tried).to_contain_text(today)
    expect(tried.locator(".tried-list li").first).to_be_visible()
    expect(tried.locator("svg.tried-chart")).to_be_visible()
    before = tried.locator(".tried-table tbody td:first-of-type").all_text_contents()

    slider = panel.get_by_role("slider")
    slider.focus()
    page.keyboard.press("ArrowRight")
    expect(tried).to_contain_text(early)
    expect(slider).to_be_focused()
    after = tried.locator(".tried-table tbody td:first-of-type").all_text_contents()
    assert len(after) == len(before) > 0
    # Whoever was listed at a higher bar is listed at a lower one: the first replayed week can only grow.
    assert int(after[0]) >= int(before[0])

    # No new cases at all: those with an open case stay, nobody new is listed.
    panel.get_by_role("spinbutton").first.fill("0")
    expect(tried.locator(".tried-table tbody td:first-of-type").first).to_have_text("0")
    # Nothing was kept by looking.
    with demo.app.app_context(), house().db.reading() as session:
        context = session.scalars(select(Context).order_by(Context.id)).first()
        assert context is not None
        assert "weekly_most" not in (context.settings.get("policy") or {})


def test_what_a_tutor_keeps_stands_there_the_next_time(demo: Demo, be: Be) -> None:
    page, panel = be(demo.lms.lms.cast.tutor, width=360)
    stalled_person(demo, page)
    open_desk(panel, "Scrivania")
    panel.get_by_role("link", name="Impostazioni").click()
    cool_down = panel.get_by_label("Giorni di pace dopo un caso")
    cool_down.fill("21")
    panel.get_by_role("button", name="Salva così").click()
    expect(panel.locator(".notice-glad")).to_contain_text("Salvato")
    expect(panel.get_by_label("Giorni di pace dopo un caso")).to_have_value("21")
    assert frame_of(page, "/desk/settings").evaluate(OVERFLOW) <= 0
