"""Questions as people ask and answer them, and what they were told of it."""

from __future__ import annotations

import re

from sqlalchemy import func, select

from lti_app.db import Database
from lti_app.models import Notification, Post, Thread, ThreadVote
from tests.panels.conftest import Somebody

TITLE = "How do I spot a hidden missing value?"


def count(db: Database, what: type[Post] | type[Thread] | type[Notification] | type[ThreadVote]) -> int:
    with db.reading() as session:
        return session.scalar(select(func.count()).select_from(what)) or 0


def asks(who: Somebody, title: str = TITLE, body: str = "", **more: str) -> int:
    page = who.sends("ask/new", title=title, body=body, **({"checked": "1"} | more))
    assert page.status_code in (200, 303), page.text
    found = re.search(r"/ask/(\d+)", page.headers.get("Location", "") or page.text)
    assert found is not None, page.text
    return int(found.group(1))


def answers(who: Somebody, thread: int, db: Database, body: str = "Look at the smallest value first.") -> int:
    page = who.sends(f"ask/{thread}/answer", htmx=True, body=body)
    assert page.status_code == 200, page.text
    with db.reading() as session:
        return session.scalars(select(func.max(Post.id)).where(Post.thread_id == thread)).one()


def told(db: Database, member: int) -> list[str]:
    with db.reading() as session:
        rows = session.execute(
            select(Notification.kind, Notification.by_id)
            .where(Notification.membership_id == member)
            .order_by(Notification.id)
        )
        return [f"{kind} by {by_id}" for kind, by_id in rows]


def main_of(page: str) -> str:
    return page[page.index("<main") : page.index("</main>")]


def bare(page: str) -> str:
    """The page without what is drawn anew each time."""
    return re.sub(r'(form_key|visit_token)" value="[^"]*"', "", main_of(page))
