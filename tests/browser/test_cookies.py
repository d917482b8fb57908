"""Ada's panel opens where browsers keep fewer and fewer cookies, and nobody else gets in by her launch.

A real Chromium with third-party cookies blocked, on two sites. Each test says which of the paths was taken, from what
the tool saw, and that a launch form opens nothing in another browser.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from playwright.sync_api import BrowserContext, Frame, FrameLocator, Page, Route, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from tests.browser.conftest import OpenBrowser
from tests.browser.doors import Certificates, Doors, make_certificates, open_doors
from tests.browser.pages import PANEL, become, course_at, first_panel

pytestmark = pytest.mark.browser
HOSTS = ("127.0.0.1", "localhost")
LAUNCH = "/lti/launch"
MORE_PANELS = 4


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def secure(request: pytest.FixtureRequest) -> bool:
    return bool(getattr(request, "param", False))


on_both = pytest.mark.parametrize("secure", [False, True], ids=["http", "https"], indirect=True)


@pytest.fixture
def doors(tmp_path: Path, certificates: Certificates, secure: bool) -> Iterator[Doors]:
    with pytest.MonkeyPatch.context() as patch:
        used = certificates if secure else None
        with open_doors(tmp_path, f"sqlite:///{tmp_path}/regista.sqlite3", patch, certificates=used) as doors:
            yield doors


@pytest.fixture
def browse(doors: Doors, open_browser: OpenBrowser) -> Callable[..., Page]:
    """Open a browser of a learner's own (the one who does well) and give its page, not yet in the course."""

    def browse_(person: int | None = None, **more: object) -> Page:
        context = open_browser(ignore_https_errors=True, **more)
        who = person or doors.lms.lms.cast.well
        become(doors.lms_url, context, who)
        return context.pages[0]

    return browse_


def visit_frames(page: Page) -> list[Frame]:
    return [frame for frame in page.frames if "/v/" in frame.url]


def expect_panel(panel: FrameLocator | Page) -> None:
    tabs = panel.get_by_role("navigation")
    expect(tabs.get_by_role("link").or_(tabs.get_by_role("button")).first).to_be_visible()


class Held:
    """The launch form on its way, held back: the first one that ``wanted`` accepts."""

    def __init__(self, context: BrowserContext, doors: Doors, wanted: Callable[[dict[str, str]], bool]) -> None:
        self.form: dict[str, str] = {}
        self._route: Route | None = None
        self._wanted = wanted
        context.route(f"{doors.tool_url}{LAUNCH}", self._hold)

    def _hold(self, route: Route) -> None:
        form = dict(parse_qsl(route.request.post_data or "", keep_blank_values=True))
        if self._route is None and self._wanted(form):
            self.form, self._route = form, route
        else:
            route.continue_()

    def wait(self, page: Page) -> dict[str, str]:
        end = time.monotonic() + 20
        while self._route is None and time.monotonic() < end:
            page.wait_for_timeout(50)
        assert self._route is not None, "no launch came by"
        return self.form

    def let_go(self) -> None:
        assert self._route is not None
        self._route.continue_()


def post_from(page: Page, doors: Doors, form: dict[str, str], target: str = "_top") -> None:
    """Post a launch form as a page of the platform (or of a thief) would."""
    page.evaluate(
        """([action, form, target]) => {
          if (target !== "_top") {
            const frame = document.createElement("iframe");
            frame.name = target;
            document.body.append(frame);
          }
          const made = document.createElement("form");
          Object.assign(made, {method: "post", action, target});
          for (const [name, value] of Object.entries(form)) {
            const field = document.createElement("input");
            Object.assign(field, {type: "hidden", name, value});
            made.append(field);
          }
          document.body.append(made);
          made.submit();
        }""",
        [f"{doors.tool_url}{LAUNCH}", form, target],
    )


def assert_refused_in(page: Page, doors: Doors, form: dict[str, str]) -> None:
    """Post a form in this browser's own window and see the page that refuses it."""
    page.goto(f"{doors.lms_url}/nothing")
    post_from(page, doors, form)
    expect(page.get_by_text("Codice di assistenza")).to_be_visible()
    answers = [one.status for one in doors.came(LAUNCH, "POST") if one.dest == "document"]
    assert answers[-1] == 401
    assert not visit_frames(page)


def any_launch(form: dict[str, str]) -> bool:
    return "id_token" in form


@on_both
def test_a_partitioned_cookie_carries_the_launch_and_nobody_else_s_browser_does(
    doors: Doors, browse: Callable[..., Page], secure: bool
) -> None:
    page, thief = browse(), browse()
    held = Held(page.context, doors, any_launch)
    page.goto(course_at(doors.lms_url), wait_until="domcontentloaded")
    form = held.wait(page)
    assert form["id_token"].count(".") == 2

    # Before it arrives, somebody else posts it: their browser never began this login.
    assert_refused_in(thief, doors, form)

    held.let_go()
    expect_panel(first_panel(page))
    frame = visit_frames(page)[0]
    assert urlsplit(frame.url).scheme == ("https" if secure else "http")
    assert (urlsplit(page.url).hostname, urlsplit(frame.url).hostname) == ("localhost", "127.0.0.1")
    frame.evaluate("document.cookie = 'plain=1; SameSite=None; Secure; Path=/'")
    assert "plain" not in frame.evaluate("document.cookie"), "this browser does not block third-party cookies"

    mine = [one for one in doors.came(LAUNCH, "POST") if one.status == 303]
    assert mine
    assert all(one.login_cookies and one.fields == ("id_token", "state") for one in mine)
    assert {(one.site, one.dest) for one in mine} == {("cross-site", "iframe")}
    logins = doors.came("/lti/login")
    # Once it is asked whether it keeps cookies; then it goes straight on.
    assert [one.status for one in logins if one.method == "POST"].count(303) >= 1
    assert {one.status for one in logins} == {303, 302}
    assert "regista_visit" in doors.came(urlsplit(frame.url).path)[0].cookies

    # Replayed afterwards: in the same browser, and in the other one.
    post_from(page, doors, form, target="again")
    expect(page.frame_locator("iframe[name=again]").get_by_text("Codice di assistenza")).to_be_visible()
    assert [one.status for one in doors.came(LAUNCH, "POST") if one.dest == "iframe"].count(401) == 1
    assert_refused_in(thief, doors, form)
    page.reload()
    expect_panel(first_panel(page))


@on_both
def test_the_platform_s_storage_carries_the_launch_where_no_cookie_is_kept(
    doors: Doors, browse: Callable[..., Page]
) -> None:
    doors.lms.lms.set_switch("storage", True)
    page, thief = browse(no_cookies_in=HOSTS), browse(no_cookies_in=HOSTS)
    held = Held(page.context, doors, lambda form: bool(form.get("binding")))
    page.goto(course_at(doors.lms_url), wait_until="domcontentloaded")
    form = held.wait(page)

    # Even with the binding in hand the form opens nothing elsewhere: only our own page may bring it.
    assert_refused_in(thief, doors, form)
    assert_refused_in(thief, doors, {**form, "binding": "x" * 32})

    held.let_go()
    expect_panel(first_panel(page))
    entered = [one for one in doors.came(LAUNCH, "POST") if one.status == 200 and "binding" in one.fields]
    assert entered
    assert all(one.site == "same-origin" and not one.cookies for one in entered)
    frame = visit_frames(page)[0]
    assert frame.evaluate("document.cookie") == ""
    arrived = doors.came(urlsplit(frame.url).path)[0]
    assert (arrived.method, arrived.status, arrived.cookies) == ("POST", 200, ())
    assert "visit_token" in arrived.fields
    assert_refused_in(thief, doors, form)

    # The browser asks for the frame's address alone: the page that says what to do can be read where it stands.
    frame.goto(frame.url)
    expect(first_panel(page).get_by_role("heading", level=1)).to_have_text(
        "Riapri questo pannello dalla pagina del corso"
    )


@on_both
def test_where_neither_is_kept_one_click_opens_the_panel_in_a_tab_of_its_own(
    doors: Doors, browse: Callable[..., Page]
) -> None:
    page, thief = browse(no_cookies_in=HOSTS), browse(no_cookies_in=HOSTS)
    page.goto(course_at(doors.lms_url), wait_until="domcontentloaded")
    panel = first_panel(page)
    expect(panel.get_by_role("heading", name="Ancora un clic")).to_be_visible()
    expect(panel.get_by_text(re.compile("scheda"))).to_have_count(2)
    assert not doors.came(LAUNCH)
    held = Held(page.context, doors, any_launch)
    with page.context.expect_page() as opened:
        panel.get_by_role("button").click()
    tab = opened.value
    form = held.wait(tab)
    assert_refused_in(thief, doors, form)
    held.let_go()
    expect_panel(tab)
    assert urlsplit(tab.url).hostname == "127.0.0.1"
    (entered,) = (one for one in doors.came(LAUNCH, "POST") if one.status == 303)
    assert (entered.dest, entered.login_cookies) == ("document", 1)
    # It goes on there: a link of the panel finds its visit again.
    tab.get_by_role("link", name="Discussioni").click()
    expect(tab.get_by_role("link", name="Discussioni")).to_have_attribute("aria-current", "page")
    assert_refused_in(thief, doors, form)


def test_a_platform_that_promises_storage_and_does_not_answer_leads_to_the_tab_too(
    doors: Doors, browse: Callable[..., Page]
) -> None:
    doors.lms.lms.set_switch("storage", True)
    page = browse(no_cookies_in=HOSTS)
    page.context.route("**/practice.js*", lambda route: route.abort())
    page.goto(course_at(doors.lms_url), wait_until="domcontentloaded")
    panel = first_panel(page)
    expect(panel.get_by_role("heading", name="Ancora un clic")).to_be_visible()
    with page.context.expect_page() as opened:
        panel.get_by_role("button").click()
    expect_panel(opened.value)
    assert any("lti_storage_target" in one.fields for one in doors.came("/lti/login"))
    assert [one.status for one in doors.came(LAUNCH, "POST")] == [303]


def place_more(doors: Doors, panels: int) -> None:
    here = doors.lms.lms
    for number in range(panels):
        title, url = f"Pannello {number}", f"{doors.tool_url}{LAUNCH}?panel=talk"
        here.happen(here.cast.tutor, "panel", type_id="1", section=1, title=title, url=url, custom={})


@pytest.mark.parametrize("kept", ["cookies", "storage"])
def test_many_panels_on_one_page_open_at_once_without_disturbing_each_other(
    doors: Doors, browse: Callable[..., Page], kept: str
) -> None:
    place_more(doors, MORE_PANELS)
    doors.lms.lms.set_switch("storage", kept == "storage")
    # So tall that no panel waits for being scrolled to.
    page = browse(height=9000, **({"no_cookies_in": HOSTS} if kept == "storage" else {}))
    page.goto(course_at(doors.lms_url), wait_until="domcontentloaded")
    frames = page.locator(PANEL)
    expect(frames).to_have_count(2 + MORE_PANELS)
    for number in range(2 + MORE_PANELS):
        expect_panel(frames.nth(number).content_frame)
    entered = [one for one in doors.came(LAUNCH, "POST") if one.status == (303 if kept == "cookies" else 200)]
    assert len(entered) == (2 + MORE_PANELS) * (1 if kept == "cookies" else 2)
    assert len({frame.url for frame in visit_frames(page)}) == 2 + MORE_PANELS
    assert not [one for one in doors.book if one.status >= 400]


def first_frame(page: Page) -> Frame:
    handle = page.locator(PANEL).first.element_handle()
    assert handle is not None
    frame = handle.content_frame()
    assert frame is not None
    return frame


def press(frame: Frame, name: str = "Continua") -> None:
    """Press a button that leads to another page, and once more where the first press went astray."""
    before = frame.url
    for patience in (5_000, 10_000):
        frame.get_by_role("button", name=name).click()
        with suppress(PlaywrightTimeout):
            frame.wait_for_url(partial(str.__ne__, before), timeout=patience)
            return
    raise AssertionError(f"still at {before}")


def press_on(frame: Frame) -> None:
    """Press "Continue" as often as it stands there: at the platform's login, at its answer."""
    for _step in range(4):
        if "/v/" in frame.url:
            return
        press(frame)
    raise AssertionError(f"still at {frame.url}")


def test_without_javascript_the_buttons_lead_to_the_panel(doors: Doors, browse: Callable[..., Page]) -> None:
    page = browse(java_script_enabled=False)
    page.goto(course_at(doors.lms_url))
    press_on(first_frame(page))
    expect_panel(first_panel(page))
    (entered,) = (one for one in doors.came(LAUNCH, "POST") if one.status == 303)
    assert entered.login_cookies == 1


def test_without_javascript_and_without_cookies_the_tab_is_one_click_away(
    doors: Doors, browse: Callable[..., Page]
) -> None:
    doors.lms.lms.set_switch("storage", True)
    page = browse(java_script_enabled=False, no_cookies_in=HOSTS)
    page.goto(course_at(doors.lms_url))
    panel = first_panel(page)
    press(first_frame(page))
    with page.context.expect_page() as opened:
        panel.get_by_role("button", name="Apri in una nuova scheda").click()
    tab = opened.value
    press_on(tab.main_frame)
    expect_panel(tab)
