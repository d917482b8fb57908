"""Arriving, thanking and saying how it goes in a frame of 320 pixels, by keyboard, in a browser without our cookie."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect
from sqlalchemy import select

from lti_app.db import Database
from lti_app.models import Kudos, Membership, MoodSaid, Person
from tests.panels.conftest import Somebody
from tests.panels.lively import lively
from tests.panels.scenes import pulse, welcome, wins
from tests.panels.test_script import database_url, frame  # noqa: F401
from tests.sweep.course import Course

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
As = Callable[..., Somebody]


def test_luca_arrives_by_keyboard_and_bruno_reads_his_hello(
    frame: Callable[..., Any],  # noqa: F811
    as_: As,
    course: Course,
    db: Database,
) -> None:
    luca = course.others[4]
    page, inside, faults = frame(as_(luca), "home")
    inside.get_by_role("button", name="I agree").press("Enter")
    expect(inside.get_by_role("heading", name="How would you like to be seen?")).to_be_focused()
    inside.get_by_label("What shall we call you?").fill("Lupo")
    inside.get_by_label("What shall we call you?").press("Enter")
    expect(inside.get_by_role("heading", name="Why are you here?")).to_be_focused()
    inside.get_by_label("To learn with others").check()
    inside.get_by_role("button", name="Keep and go on").press("Enter")
    expect(inside.get_by_role("heading", name="Say hello")).to_be_focused()
    inside.get_by_role("button", name="Hello, I am Lupo. Glad to be here!").press("Enter")
    expect(inside.get_by_role("heading", name="It is good to have you here, Lupo.")).to_be_focused()
    assert inside.evaluate("document.documentElement.scrollWidth") <= 320
    assert faults == []
    page.close()
    page, inside, faults = frame(as_(course.bruno), "talk")
    inside.get_by_role("button", name="Chi siamo").press("Enter")
    expect(inside.get_by_text("Hello, I am Lupo. Glad to be here!")).to_be_visible()
    assert faults == []
    page.close()
    with db.reading() as session:
        member = session.get_one(Membership, luca)
        assert (member.motive, session.get_one(Person, member.person_id).display_name) == ("belonging", "Lupo")


def test_ada_thanks_bruno_says_how_she_is_and_he_reads_it(
    frame: Callable[..., Any],  # noqa: F811
    as_: As,
    course: Course,
    db: Database,
) -> None:
    with db.writing() as session:
        for member in session.scalars(select(Membership)):
            member.settings = {"welcome": {"closed": True, "norms": "house-1"}}
    page, inside, faults = frame(as_(course.ada), "wins")
    inside.locator("summary", has_text="Thank somebody").press("Enter")
    inside.get_by_label("Whom? By name").fill("bruno")
    inside.get_by_role("button", name="Find").press("Enter")
    expect(inside.get_by_label("Bruno M.")).to_be_checked()
    inside.get_by_label("You gave me courage").check()
    inside.get_by_label("In your own words, if you like").fill("Now I dare.")
    inside.get_by_role("button", name="Say it to them").press("Enter")
    expect(inside.get_by_text("Your kind word is there.").first).to_be_visible()
    # The answer to "find" carries 422, which a browser notes; nothing else is wrong.
    assert all("422" in fault for fault in faults)
    page.close()
    page, inside, _faults = frame(as_(course.bruno), "wins")
    expect(inside.get_by_text("“Now I dare.”")).to_be_visible()
    page.close()
    page, inside, faults = frame(as_(course.bruno), "pulse")
    tap = inside.get_by_role("button", name="too hard")
    # A placement of 320 pixels shows the whole question.
    box = tap.evaluate("(one) => one.getBoundingClientRect().bottom + window.scrollY")
    assert box <= 320
    tap.press("Enter")
    expect(inside.get_by_text("Thank you: “too hard”.")).to_be_visible()
    inside.get_by_role("button", name="so so").press("Enter")
    expect(inside.get_by_text("You said: so so")).to_be_visible()
    assert inside.evaluate("document.documentElement.scrollWidth") <= 320
    assert faults == []
    page.close()
    with db.reading() as session:
        assert session.scalars(select(Kudos.words)).one() == "Now I dare."
        assert session.scalars(select(MoodSaid.said)).one() == "so_so"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_where_people_arrive_and_say_how_it_goes(
    frame: Callable[..., Any],  # noqa: F811
    as_: As,
    course: Course,
    db: Database,
    scheme: str,
) -> None:
    with db.writing() as session:
        ids = lively(session, course)
        places = []
        for scene in (welcome, wins, pulse):
            places += scene.pages(session, course, ids, course.dario)
    seen = set()
    for name, member, path in places:
        if "empty" in name or "open" in name or (scheme == "dark" and "tutor" not in name and name != "welcome-why"):
            continue
        who = as_(member)
        who.sends("scheme", scheme=scheme)
        page, inside, _faults = frame(who, path)
        inside.evaluate("document.querySelectorAll('main details').forEach((d) => { d.open = true; })")
        found = Axe().run(inside, options={"resultTypes": ["violations"]})
        assert found.violations_count == 0, (name, found.generate_report())
        page.close()
        seen.add(name)
    assert {"wins-tutor", "pulse-tutor", "welcome-why"} <= seen
