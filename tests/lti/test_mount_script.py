"""Below a path of its host: what a page's own script takes for a page of ours, in a tall frame of another site."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask import Flask
from playwright.sync_api import Browser
from sqlalchemy import update

from lti_app import create_app
from lti_app.db import Database
from lti_app.models import Registration
from lti_app.visit import FIELD
from tests.panels.lively import token_of, visit_of
from tests.panels.test_script import FRAME, course_page, serving
from tests.sweep.course import Course

pytestmark = pytest.mark.browser


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """What a browser does is the same on both databases."""
    return sqlite_url


@pytest.mark.parametrize("below", ["", "/regista"])
def test_a_page_opened_from_far_down_a_tall_frame_asks_to_be_seen_from_its_beginning(
    app: Flask, db: Database, course: Course, chromium: Browser, below: str
) -> None:
    house = app.extensions["regista"]
    public = replace(house.settings, public_url=f"http://127.0.0.1:8000{below}")
    here = create_app(public, database=db, clock=house.clock)
    visit, pages = visit_of(here, course.ada, locale="en"), dict[str, str]()
    with serving(here, "127.0.0.1") as tool, serving(course_page(pages), "localhost") as lms:
        with db.writing() as session:
            known = update(Registration).where(Registration.id == course.registration)
            session.execute(known.values(issuer=lms, auth_login_url=f"{lms}/auth"))
        action = f"{tool}{below}/v/{visit.ref}/home"
        shown = FRAME.format(action=action, field=FIELD, token=token_of(here, visit), width=640, target="panel")
        pages["/"] = shown.replace('height="300"', 'height="4000"')
        page = chromium.new_page()
        page.goto(lms)
        inside = page.frame("panel")
        assert inside
        inside.wait_for_selector("html.with-script #main")
        page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
        assert page.evaluate("heard.some((one) => one.subject === 'lti.scrollToTop')") is False
        # Not Playwright's click, which would bring the tab into sight.
        inside.evaluate('document.querySelector(\'.tab[formaction$="/talk"], .tab[href$="/talk"]\').click()')
        page.wait_for_function("heard.some((one) => one.subject === 'lti.scrollToTop')", timeout=10_000)
        assert inside.url.endswith(f"{below}/v/{visit.ref}/talk")
        page.context.close()
