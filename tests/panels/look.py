"""Take pictures of every panel, to look at: `python -m tests.panels.look /tmp/shots [words in a name ...]`."""

from __future__ import annotations

import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flask import Flask
from playwright.sync_api import sync_playwright
from werkzeug.serving import make_server

from lti_app import create_app
from lti_app.clock import Clock
from lti_app.config import Settings
from lti_app.db import Database
from lti_app.migrations import upgrade
from lti_app.store import people
from lti_app.visit import COOKIE
from tests.browsers import ARGS
from tests.panels.lively import lively, token_of, visit_of
from tests.panels.scenes import all_pages, data_dir
from tests.sweep.course import NOW, build


class Still(Clock):
    def now(self) -> Any:
        return NOW


@contextmanager
def served(app: Flask) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


def shots(folder: Path, wanted: list[str]) -> None:
    work = tempfile.mkdtemp()
    url = f"sqlite:///{work}/look.sqlite3"
    settings = Settings(url, f"sqlite:///{work}/jobs.sqlite3", "http://127.0.0.1:1", "k" * 40, data_dir=data_dir())
    database = Database(url)
    upgrade(database)
    with database.writing() as session:
        course = build(session)
        ids = lively(session, course)
        empty = build_empty(session, course)
        more = all_pages(session, course, ids, empty)
    app = create_app(settings, database=database, clock=Still())
    app.testing = True
    pages = [
        ("home-ada", course.ada, "home"),
        ("home-bruno", course.bruno, "home"),
        ("home-irene", course.others[3], "home"),
        ("home-clara", course.clara, "home"),
        ("home-empty", empty, "home"),
        ("talk", course.ada, "talk"),
        ("talk-empty", empty, "talk"),
        ("thread", course.ada, f"talk/{ids['thread']}"),
        ("peer-ada", course.ada, "peer"),
        ("peer-bruno", course.bruno, "peer"),
        ("meeting", ids["hugo"], f"peer/{ids['met']}"),
        ("desk", course.clara, "desk"),
        ("home-ada-open", course.ada, "home"),
        ("talk-open", course.ada, "talk"),
        ("peer-irene-open", course.others[3], "peer"),
        *more,
    ]
    looks = [
        ("it", "light", 640),
        ("en", "light", 320),
        ("it", "dark", 640),
        ("en", "light", 1100),
        ("en", "dark", 320),
        ("it", "dark", 1100),
        ("it", "light", 280),
    ]
    folder.mkdir(parents=True, exist_ok=True)
    with served(app) as base, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=list(ARGS))
        for locale, scheme, width in looks:
            for name, member, path in [*pages, ("gallery", 0, "")]:
                label = f"{name}-{locale}-{scheme}-{width}"
                if wanted and not all(word in label for word in wanted):
                    continue
                page = browser.new_page(viewport={"width": width, "height": 600})
                faults: list[str] = []
                page.on("console", lambda message, kept=faults: kept.append(message.text))
                if name == "gallery":
                    page.goto(f"{base}/gallery?scheme={scheme}")
                else:
                    with database.writing() as session:
                        people.choose_scheme(session, member, scheme)
                    token = token_of(app, visit_of(app, member, locale=locale))
                    page.context.clear_cookies()
                    page.context.add_cookies([{"name": COOKIE, "value": token, "url": f"{base}/v/r1/"}])
                    page.goto(f"{base}/v/r1/{path}")
                page.wait_for_load_state("networkidle")
                if name.endswith("-open"):
                    page.evaluate("document.querySelectorAll('main details').forEach((d) => { d.open = true; })")
                over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
                page.screenshot(path=str(folder / f"{label}.png"), full_page=True)
                print(label, "overflows by" if over > 0 else "fits", over, *faults)
                page.close()
        browser.close()


def build_empty(session: Any, course: Any) -> int:
    """A course in which nobody has said anything yet."""
    from lti_app.models import Context
    from tests.sweep.course import Builder

    deployment = session.get_one(Context, course.context).deployment_id
    make = Builder(session)
    context = make.context(deployment, "Storia della città")
    return make.member(course.registration, context, "Elena Fabbri")


if __name__ == "__main__":
    shots(Path(sys.argv[1]), sys.argv[2:])
