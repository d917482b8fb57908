"""Discussions as people have them: somebody begins one, or only looks; what was written and who was told."""

from __future__ import annotations

import re
from dataclasses import replace

from sqlalchemy import select

from lti_app.db import Database
from lti_app.models import Notification, Post
from lti_app.visit import seal
from tests.panels.conftest import Somebody


def only_looks(who: Somebody) -> Somebody:
    """The same course in student view: nobody's membership, and nothing is written down."""
    who.visit = replace(who.visit, membership_id=None, role="learner", student_view=True)
    who.token = seal(who.visit, who.client.application.extensions["regista"].settings)
    return who


def begins(
    who: Somebody, title: str = "Hidden missing values", body: str = "The **mean** is wrong.", **more: str
) -> int:
    page = who.sends("talk/new", title=title, body=body, **more)
    assert page.status_code in (200, 303), page.text
    found = re.search(r"/talk/(\d+)", page.headers.get("Location", "") or page.text)
    assert found is not None
    return int(found.group(1))


def posts_of(db: Database, thread: int) -> list[int]:
    with db.reading() as session:
        return list(session.scalars(select(Post.id).where(Post.thread_id == thread).order_by(Post.id)))


def told(db: Database, who: int) -> list[str]:
    with db.reading() as session:
        rows = session.scalars(select(Notification.kind).where(Notification.membership_id == who))
        return sorted(rows)
