"""A page asks as often in a large course as in a small one."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from shutil import copy

from flask import Flask
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from benchmarks.panel import Opener, Still, counted
from benchmarks.panel_course import NOW, build
from lti_app import create_app
from lti_app.config import Settings
from lti_app.db import Database
from lti_app.models import Membership, Milestone, Notification, Person, Post, Thread
from tests.panels.lively import token_of, visit_of

# What the frame of every page needs, and what a page with something of everything needs.
FRAME, MOST = 3, 40
MORE = 60


def _grows(session: Session, me: int) -> None:
    """As many people again, who talk, ask and pass; and more news for one member."""
    course, registration = session.execute(
        select(Membership.context_id, Person.registration_id).join(Person).where(Membership.id == me)
    ).one()
    for n in range(MORE):
        at = NOW - timedelta(hours=n)
        person = Person(registration_id=registration, id_on_platform=f"more{n}", name=f"More {n}", created_at=at)
        session.add(person)
        session.flush()
        member = Membership(context_id=course, person_id=person.id, role="learner", created_at=at)
        thread = Thread(context_id=course, kind="ask" if n % 3 else "talk", title=f"duplicati {n}", created_at=at,
                        moved_at=at)  # fmt: skip
        session.add_all([member, thread])
        session.flush()
        thread.author_id = member.id
        said = {"thread_id": 1 if n % 2 else thread.id, "author_id": member.id, "voice": "member"}
        session.execute(insert(Post), [{**said, "body": f"{n} {part}", "created_at": at} for part in range(3)])
        session.add(Milestone(context_id=course, membership_id=member.id, key=f"x{n}", kind="passed", activity_id=1,
                              facts={}, reached_at=at))  # fmt: skip
        session.add(Notification(membership_id=me, key=f"x{n}", kind="reply", by_id=member.id, facts={},
                                 thread_id=thread.id, made_at=at))  # fmt: skip


def _queries(app: Flask, database: Database, cookies: list[str]) -> dict[str, int]:
    """Open every page that a learner or a tutor may open, and return how many statements each sends."""
    opener, found = Opener(app), {}
    paths = {"a thread": "/v/r1/talk/1", "search: duplicati": "/v/r1/search?q=duplicati"}
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/v/<ref>/") and rule.arguments == {"ref"} and "GET" in (rule.methods or ()):
            paths[rule.rule.removeprefix("/v/<ref>/")] = rule.rule.replace("<ref>", "r1")
    for name, path in paths.items():
        for cookie in cookies:
            with counted(database) as asked:
                status, body, _ = opener.open(path, cookie)
            if status == 200 and b'id="main"' in body:
                found[name] = len(asked)
                break
    return found


def test_no_page_asks_more_in_a_larger_course(tmp_path: Path, sqlite_template: Path) -> None:
    url = f"sqlite:///{copy(sqlite_template, tmp_path / 'course.sqlite3')}"
    database = Database(url)
    me, tutor, _thread = build(database, members=30, threads=45, posts=120)
    settings = Settings(url, f"sqlite:///{tmp_path}/jobs.sqlite3", "http://127.0.0.1:1", "k" * 40)
    app = create_app(settings, database=database, clock=Still())
    cookies = [token_of(app, visit_of(app, who)) for who in (me, tutor)]
    for cookie in cookies:
        # The first page of a visit notes that somebody is here.
        Opener(app).open("/v/r1/me", cookie)
    small = _queries(app, database, cookies)
    with database.writing() as session:
        _grows(session, me)
    large = _queries(app, database, cookies)
    database.close()
    assert len(large) > 25
    assert {name: (small[name], number) for name, number in large.items() if number > small[name]} == {}
    assert (large["welcome"], max(large.values()) <= MOST) == (FRAME, True)
