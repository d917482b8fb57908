"""What concerns people: answers, names, warm signs, a meeting that changed."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_app.models import Post
from lti_app.store.notifications import notify
from tests.panels.scenes import Page
from tests.sweep.course import NOW, Course


def pages(session: Session, course: Course, ids: dict[str, int], empty: int) -> list[Page]:
    """Tell Ada and Clara what moved; Ada's home carries the bell with its number."""
    thread = ids["thread"]
    posts = session.scalars(select(Post.id).where(Post.thread_id == thread).order_by(Post.id)).all()
    fabio, gaia, hugo, irene = course.others[:4]
    for who, post, hours in ((gaia, posts[1], 20), (irene, posts[1], 9), (course.clara, posts[2], 2)):
        at = NOW - timedelta(hours=hours)
        notify(session, [course.ada, fabio], "reply", f"r{who}", at, by_id=who, thread_id=thread, post_id=post)
    more: list[tuple[str, int | None, int, int | None, dict[str, object]]] = [
        ("mention", hugo, 3, thread, {}),
        ("warm", course.bice, 26, None, {"title": "Trovato, grazie!"}),
        ("event_changed", None, 27, None, {"event_id": 1, "title": "Martedì alle 18:30 rifacciamo insieme il Quiz 2"}),
        ("kudos", gaia, 50, None, {}),
        ("changed_because", None, 75, None, {"title": "Esempi più lunghi nel modulo 3"}),
    ]
    for kind, by, hours, about, facts in more:
        at = NOW - timedelta(hours=hours)
        post_id = posts[1] if about else None
        notify(session, [course.ada], kind, f"s{kind}", at, by_id=by, thread_id=about, post_id=post_id, facts=facts)
    for kind in ("unanswered", "praise_due", "crisis"):
        notify(session, [course.clara], kind, f"t{kind}", NOW - timedelta(hours=1), thread_id=thread)
    return [
        ("news-ada", course.ada, "news"),
        ("news-clara", course.clara, "news"),
        ("news-empty", empty, "news"),
    ]
