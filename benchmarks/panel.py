"""What a panel costs in a large course, beside a bare Flask page that does one query, in the same run.

    python -m benchmarks.panel [--rounds 40] [--postgres] [--only home,talk] [--write]

The course has 5,000 members, 2,000 threads and 50,000 posts. Every page under ``/v/<ref>/`` that needs no more than the
visit is opened by a learner (by a tutor where learners may not), with the cookie, in turns with the bare page. CPU is
that of the thread that answers, from the WSGI call to the last byte; queries are those on the connection. KB are what
a first visit loads, compressed, in how many requests. ``--write`` puts the table into docs/benchmarks/panel.md.
"""

from __future__ import annotations

import gzip
import logging
import re
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import click
from flask import Flask
from sqlalchemy import create_engine, event, text
from werkzeug.test import EnvironBuilder

from benchmarks.panel_course import NOW, build
from lti_app import create_app
from lti_app.clock import Clock
from lti_app.config import Settings
from lti_app.db import Database
from lti_app.migrations import upgrade
from lti_app.visit import COOKIE
from tests import servers
from tests.panels.lively import token_of, visit_of

OUT = Path(__file__).resolve().parents[1] / "docs" / "benchmarks" / "panel.md"
SEARCHES = ("duplicati", "valore mancante colonna", "probabilità")


class Still(Clock):
    """Nothing grows old while it is measured."""

    def now(self) -> datetime:
        """Return the course's moment."""
        return NOW


@dataclass
class Page:
    """One page and what was measured; ``who`` is the cookie of whoever opens it."""

    name: str
    path: str
    who: str
    queries: int = 0
    kilobytes: float = 0.0
    requests: int = 0
    cpu: list[float] = field(default_factory=list)


class Opener:
    """Opens pages by calling the application itself, so that no client's work is counted."""

    def __init__(self, app: Any) -> None:
        self.app = app

    def open(self, path: str, who: str = "") -> tuple[int, bytes, float]:
        """Return the status, the body and the CPU milliseconds."""
        headers = {"Cookie": f"{COOKIE}={who}"} if who else {}
        environ = EnvironBuilder(path=path.partition("?")[0], query_string=path.partition("?")[2], headers=headers)
        asked, told = environ.get_environ(), []
        began = time.thread_time()
        answer = self.app(asked, lambda status, _headers: told.append(status))
        body = b"".join(answer)
        spent = (time.thread_time() - began) * 1000
        if hasattr(answer, "close"):
            answer.close()
        return int(told[0].split(" ")[0]), body, spent


def bare_app(url: str) -> Flask:
    """The floor: Flask, one query, one small page."""
    app, engine = Flask("bare"), create_engine(url)

    @app.get("/")
    def page() -> str:
        with engine.connect() as connection:
            row = connection.execute(text("SELECT id, title FROM context WHERE id = 1")).one()
        return f"<!doctype html><title>{row.title}</title><h1>{row.id}</h1>"

    return app


def pages_of(app: Flask, opener: Opener, learner: str, tutor: str, thread: int) -> list[Page]:
    """Every page of a visit that is there and opens, by whoever may."""
    found = [Page("a thread", f"/v/r1/talk/{thread}", learner)]
    for rule in app.url_map.iter_rules():
        path = rule.rule.replace("<ref>", "r1")
        if not rule.rule.startswith("/v/<ref>/") or rule.arguments != {"ref"} or "GET" not in (rule.methods or ()):
            continue
        for who in (learner, tutor):
            status, body, _ = opener.open(path, who)
            if status == 200 and b'id="main"' in body:
                found.append(Page(path.removeprefix("/v/r1/"), path, who))
                break
    if "panels.search.show" in app.view_functions:
        found += [Page(f"search: {words}", f"/v/r1/search?q={words.replace(' ', '+')}", learner) for words in SEARCHES]
    return sorted(found, key=lambda page: page.name)


def weigh(page: Page, opener: Opener) -> None:
    """Note what a first visit loads."""
    _, body, _ = opener.open(page.path, page.who)
    addresses = re.findall(r'<(?:link|script)[^>]+(?:href|src)="(/[^"]+)"', body.decode())
    parts = [len(gzip.compress(body, 6))]
    for address in addresses:
        _, loaded, _ = opener.open(address)
        parts.append(
            len(loaded) if address.endswith(".woff2") or ".woff2?" in address else len(gzip.compress(loaded, 9))
        )
    page.kilobytes, page.requests = sum(parts) / 1024, len(parts)


@contextmanager
def counted(database: Database) -> Iterator[list[str]]:
    """Collect the statements that are sent while the block runs."""
    asked: list[str] = []

    def note(*call: Any) -> None:
        asked.append(call[2])

    event.listen(database.engine, "before_cursor_execute", note)
    yield asked
    event.remove(database.engine, "before_cursor_execute", note)


def measure(url: str, work: Path, rounds: int, only: list[str], profile: str) -> tuple[list[Page], list[float]]:
    """Build the course, open everything, and return the pages and the floor's milliseconds."""
    database = Database(url)
    upgrade(database)
    me, tutor, thread = build(database, members=5_000, threads=2_000, posts=50_000)
    settings = Settings(url, f"sqlite:///{work}/jobs.sqlite3", "http://127.0.0.1:1", "k" * 40, data_dir=str(work))
    app = create_app(settings, database=database, clock=Still())
    opener, floor = Opener(app), Opener(bare_app(url))
    cookies = [token_of(app, visit_of(app, who)) for who in (me, tutor)]
    pages = [page for page in pages_of(app, opener, *cookies, thread) if not only or page.name in only]
    for page in pages:
        weigh(page, opener)
        with counted(database) as asked:
            opener.open(page.path, page.who)
        page.queries = len(asked)
    if profile:
        _profile(opener, next(page for page in pages if page.name == profile), rounds)
    bare: list[float] = []
    for _ in range(rounds):
        for page in pages:
            bare.append(floor.open("/")[2])
            page.cpu.append(opener.open(page.path, page.who)[2])
    database.close()
    return pages, bare


def _profile(opener: Opener, page: Page, rounds: int) -> None:
    import cProfile
    import pstats

    profiler = cProfile.Profile()
    profiler.enable()
    for _ in range(rounds):
        opener.open(page.path, page.who)
    profiler.disable()
    pstats.Stats(profiler).sort_stats("cumulative").print_stats(90)
    with counted_statements(opener) as asked:
        opener.open(page.path, page.who)
    for statement in asked:
        click.echo(" ".join(statement.split())[:230])


@contextmanager
def counted_statements(opener: Opener) -> Iterator[list[str]]:
    """As ``counted``, of the opener's own house."""
    with counted(opener.app.extensions["regista"].db) as asked:
        yield asked


def table(pages: list[Page], bare: list[float]) -> str:
    """Return the results as a Markdown table."""
    floor = median(bare)
    lines = [
        "| page | queries | CPU p50 | CPU p95 | times the bare page | first load |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for page in pages:
        middle, late = median(page.cpu), quantiles(page.cpu, n=20)[-1]
        lines.append(
            f"| {page.name} | {page.queries} | {middle:.1f} ms | {late:.1f} ms | {middle / floor:.0f} "
            f"| {page.kilobytes:.0f} KB in {page.requests} |"
        )
    lines.append(f"| *bare Flask page, one query* | 1 | {floor:.2f} ms | {quantiles(bare, n=20)[-1]:.2f} ms | 1 | |")
    return "\n".join(lines)


@click.command(help=__doc__)
@click.option("--rounds", default=40)
@click.option("--postgres", "on_postgres", is_flag=True)
@click.option("--only", default="")
@click.option("--profile", default="", help="Print where the time of this page goes.")
@click.option("--write", is_flag=True)
def main(rounds: int, on_postgres: bool, only: str, profile: str, write: bool) -> None:
    """Measure and print."""
    logging.disable(logging.WARNING)
    names = [name for name in only.split(",") if name]
    results: dict[str, str] = {}
    with tempfile.TemporaryDirectory(prefix="regista-panel-") as folder:
        work = Path(folder)
        results["SQLite"] = table(*measure(f"sqlite:///{work}/panel.sqlite3", work, rounds, names, profile))
        if on_postgres:
            (work / "pg").mkdir()
            with servers.postgres(work / "pg") as server:
                url = server.replace("postgresql", "postgresql+psycopg")
                engine = create_engine(f"{url}/postgres", isolation_level="AUTOCOMMIT")
                with engine.connect() as connection:
                    connection.execute(text("CREATE DATABASE panel"))
                engine.dispose()
                results["PostgreSQL"] = table(*measure(f"{url}/panel", work, rounds, names, ""))
    for name, lines in results.items():
        click.echo(f"\n{name}\n\n{lines}")
    if write:
        before, _, _ = OUT.read_text(encoding="utf-8").partition("<!-- table -->")
        said = "\n\n".join(f"## On {name}\n\n{lines}" for name, lines in results.items())
        OUT.write_text(f"{before}<!-- table -->\n\n{said}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
