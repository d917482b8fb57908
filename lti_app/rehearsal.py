"""A few practice people come in before the first visitor, by the same doors as everybody: pages and forms over HTTP.

So the demonstration begins with a course where somebody has offered help and said hello, and not in an empty room.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from html import escape
from html.parser import HTMLParser
from http.cookiejar import CookieJar, DefaultCookiePolicy
from urllib.parse import urlencode, urljoin
from urllib.request import HTTPCookieProcessor, ProxyHandler, build_opener

from lti_app.sandbox import PracticeLms
from lti_app.sandbox.platform.links import links

PATIENCE = 60.0
TIMEOUT = 30
# The forms by which a launch goes from page to page on its own.
PASSING_ON = ({"iss", "login_hint"}, {"id_token", "state"}, {"visit_token"})
HELLOS = (
    ("Ci presentiamo?", "Ciao a tutte e a tutti! Seguo il corso la sera, dopo il lavoro. E voi, da dove venite?"),
    ("", "Io arrivo dai fogli di calcolo. La parte sui dati mancanti mi ha aperto un mondo."),
)
OFFERS = (
    ("Mi ero bloccata anch'io: ho un esempio che chiarisce tutto.", ("evenings",)),
    ("Possiamo rifare insieme un esercizio, con calma.", ("afternoons", "weekends")),
    ("Ho preso appunti passo passo, te li racconto volentieri.", ("evenings", "weekends")),
)


@dataclass(slots=True)
class Form:
    """A form of a page: where it goes and what it carries already."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._open = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "form" and found.get("method", "").lower() == "post":
            self.forms.append(Form(found.get("action", "")))
            self._open = True
        elif tag == "input" and self._open and found.get("type") == "hidden":
            self.forms[-1].fields[found.get("name", "")] = found.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        self._open = self._open and tag != "form"


class Actor:
    """One practice person with a browser of their own."""

    def __init__(self, lms: PracticeLms, person: int) -> None:
        self.lms = lms
        self.page = ""
        self.address = ""
        # Browsers send Secure cookies to this machine over http as well.
        jar = CookieJar(DefaultCookiePolicy(secure_protocols=("https", "http")))
        self._browser = build_opener(ProxyHandler({}), HTTPCookieProcessor(jar))
        self._open(f"{lms.issuer}/practice/be", {"person": person})

    def _open(self, address: str, fields: Mapping[str, object] | None = None) -> None:
        data = None if fields is None else urlencode(fields, doseq=True).encode()
        with self._browser.open(address, data, TIMEOUT) as response:
            self.page, self.address = response.read().decode(), response.url

    def forms(self) -> list[Form]:
        """Return the forms of the page at hand."""
        parser = _Forms()
        parser.feed(self.page)
        return parser.forms

    def enter(self, cmid: int) -> None:
        """Open the panel that stands in the course page under ``cmid``."""
        self._open(f"{self.lms.issuer}/mod/lti/launch.php?id={cmid}")
        for _step in range(4):
            passing = [f for f in self.forms() if any(set(f.fields) >= names for names in PASSING_ON) and f.action]
            if "/v/" in self.address or not passing:
                return
            self.send(passing[0])

    def send(self, form: Form, **more: object) -> None:
        """Send a form of the page with what the person adds to it."""
        self._open(urljoin(self.address, form.action), {**form.fields, **more})

    def go(self, path: str) -> None:
        """Open another page of the same visit, by the token that every form carries."""
        token = next(f.fields["visit_token"] for f in self.forms() if "visit_token" in f.fields)
        address = self.address.split("/v/")[0] + "/v/" + self.address.split("/v/")[1].split("/")[0] + path
        self._open(address, {"visit_token": token})

    def form_to(self, ending: str, **holding: str) -> Form | None:
        """Return the form whose action ends so and which carries these fields, if the page has it."""
        for form in self.forms():
            if form.action.endswith(ending) and holding.items() <= form.fields.items():
                return form
        return None


def _helpers(lms: PracticeLms) -> tuple[int, list[int]]:
    """Return the activity where the stalled learner of the bar is stuck, and who completed it last, newest first."""
    course, cast = lms.lms.course, lms.lms.cast
    stuck_at = next(s["cmid"] for s in course.completion[cast.stalled]["statuses"] if s["state"] == 3)
    passed = []
    for person in course.learners():
        status = next(s for s in course.completion[person]["statuses"] if s["cmid"] == stuck_at)
        if status["state"] in (1, 2):
            passed.append((status["timecompleted"], person))
    # Whoever the visitor may want to be as "somebody doing well" is left to offer help by hand.
    return stuck_at, [person for _at, person in sorted(passed, reverse=True) if person != cast.well]


def rehearse(lms: PracticeLms, *, say: Callable[[str], None]) -> None:
    """Let three who have passed it offer their help and two say hello; does nothing when they have done so before."""
    if lms.lms.ledger.setting("rehearsed"):
        return
    say("Letting a few people in: they launch, offer help and say hello")
    panel = links(lms.lms)[0].cmid
    stuck_at, people = _helpers(lms)
    actors = [Actor(lms, person) for person in people[: len(OFFERS)]]
    for actor in actors:
        actor.enter(panel)
    say("Reading the course from the practice LMS (web services, in the background)")
    _wait_for_course(actors[0])
    module = lms.lms.course.module(stuck_at)
    title = str(module["name"]) if module else ""
    for actor, (words, windows) in zip(actors, OFFERS, strict=True):
        actor.go("/peer")
        _offer(actor, title, words, windows)
    _say_hello(actors)
    lms.lms.ledger.keep("rehearsed", "yes")


def _wait_for_course(actor: Actor) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        actor.go("/peer")
        if actor.form_to("/peer/offer") is not None:
            return
        time.sleep(0.5)
    raise TimeoutError("the course was not read within a minute; the log says why")


def _offer(actor: Actor, title: str, words: str, windows: tuple[str, ...]) -> None:
    after = actor.page.partition(f"<h3>{escape(title)}</h3>")[2]
    found = re.search(r'name="activity_id" value="(\d+)"', after)
    form = actor.form_to("/peer/offer", activity_id=found.group(1)) if found else None
    if form is None:
        raise LookupError(f"the panel offers no way to help with {title!r}")
    actor.send(form, words=words, windows=list(windows), languages=["it"], capacity="2", shows_attempts="yes")


def _say_hello(actors: list[Actor]) -> None:
    first, second = actors[0], actors[1]
    first.go("/talk")
    start = first.form_to("/talk/new")
    if start is None:
        return
    title, body = HELLOS[0]
    first.send(start, title=title, body=body)
    second.go("/talk/1")
    reply = second.form_to("/reply")
    if reply is not None:
        second.send(reply, body=HELLOS[1][1])
