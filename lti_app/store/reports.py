"""Reports: a member asks a person to look, and what moderators find in their queue."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from lti_app.models import Post, Report, Thread
from lti_app.store import people
from lti_app.store.apart import open_to
from lti_app.store.hearing import hear, staff_of
from lti_app.store.notifications import notify
from lti_app.store.refusals import NotYours
from lti_app.store.views import Face

REASONS = ("unkind", "off_topic", "spam", "private", "answer_leak", "other")
MOST_WORDS = 2000
PAGE = 30
# First what cannot wait, then what a member waits for, then the rest.
_URGENT = {"crisis": 0, "held": 1}


@dataclass(frozen=True, slots=True)
class ReportView:
    """One report; ``by`` is None where the house raised it, ``private``: a moderator may not read the words.

    ``others`` counts further open reports of the same post, ``before`` what was upheld about the author earlier.
    """

    id: int
    why: str
    words: str
    found: tuple[str, ...]
    by: Face | None
    about: Face | None
    post_id: int | None
    body: str
    thread_id: int | None
    thread_kind: str
    thread_title: str
    private: bool
    is_hidden: bool
    is_held: bool
    made_at: datetime
    others: int
    before: int
    decided_at: datetime | None
    decided_by: Face | None
    decision: str | None
    decision_words: str


@dataclass(frozen=True, slots=True)
class Reportable:
    """A post as a member sees it who asks a person to look; ``author`` is None where peers may not know."""

    id: int
    author: Face | None
    body: str


def reportable(session: Session, context_id: int, post_id: int, membership_id: int) -> Reportable:
    """Return a post that members of this course can see and report; raises NotYours."""
    post, thread = _visible(session, context_id, post_id, membership_id)
    hidden = post.anonymous or (thread.anonymous and post.author_id == thread.author_id)
    face = None if hidden else people.faces(session, [post.author_id]).get(post.author_id or 0)
    return Reportable(post.id, face, post.body)


def _visible(session: Session, context_id: int, post_id: int, membership_id: int) -> tuple[Post, Thread]:
    """A private conversation has ways of its own to report; what is gone or waits is nobody's to report."""
    found = session.execute(
        select(Post, Thread)
        .join(Thread, Thread.id == Post.thread_id)
        .where(Post.id == post_id, Thread.context_id == context_id, Thread.hidden_at.is_(None))
        .where(Post.hidden_at.is_(None), Post.held_at.is_(None), Post.deleted_at.is_(None))
        .where(Thread.match_id.is_(None), Thread.circle_id.is_(None), open_to(membership_id))
    ).one_or_none()
    if found is None:
        raise NotYours
    return found[0], found[1]


def report_post(
    session: Session, context_id: int, post_id: int, membership_id: int, why: str, words: str, now: datetime
) -> bool:
    """A member asks a person to look at a post of this course; returns whether it was new.

    Raises NotYours for what they cannot see, and ValueError for a reason or a length that no form offers.
    """
    if why not in REASONS or len(words) > MOST_WORDS:
        raise ValueError("why")
    post, _thread = _visible(session, context_id, post_id, membership_id)
    mine = (Report.post_id == post_id, Report.by_id == membership_id, Report.state == "open")
    if session.scalar(select(Report.id).where(*mine).limit(1)) is not None:
        return False
    row = Report(
        context_id=context_id, post_id=post_id, about_id=post.author_id, by_id=membership_id, why=why, words=words,
        made_at=now,
    )  # fmt: skip
    session.add(row)
    session.flush()
    hear(session, context_id, membership_id, words, now)
    staff = staff_of(session, context_id)
    notify(session, staff, "reported", f"reported:{row.id}", now, thread_id=post.thread_id, post_id=post_id)
    return True


def waiting(context_id: int) -> ColumnElement[int]:
    """Count the reports of a course that wait for a moderator."""
    due = (Report.context_id == context_id, Report.state == "open")
    return select(func.count()).select_from(Report).where(*due).scalar_subquery()


def list_reports(
    session: Session, context_id: int, *, decided: bool = False, before: int | None = None, limit: int = PAGE
) -> tuple[ReportView, ...]:
    """Return what waits (the urgent first, then the oldest), or what was decided (the newest first)."""
    query = select(Report).where(Report.context_id == context_id)
    if decided:
        query = query.where(Report.state != "open").order_by(Report.id.desc())
        if before is not None:
            query = query.where(Report.id < before)
    else:
        query = query.where(Report.state == "open").order_by(Report.id)
    rows = list(session.scalars(query.limit(limit)))
    if not decided:
        rows.sort(key=lambda one: (_URGENT.get(one.why, 2), one.id))
    return _views(session, context_id, rows)


def _views(session: Session, context_id: int, rows: list[Report]) -> tuple[ReportView, ...]:
    posts = _posts(session, [row.post_id for row in rows])
    wanted = {number for row in rows for number in (row.by_id, row.about_id, row.decided_by_id)}
    faces = people.faces(session, wanted, to_staff=True)
    others = _counts(session, Report.post_id, [row.post_id for row in rows], Report.state == "open")
    earlier = _counts(session, Report.about_id, [row.about_id for row in rows], Report.state == "upheld")
    return tuple(_view(row, posts.get(row.post_id or 0), faces, others, earlier) for row in rows)


def _posts(session: Session, post_ids: Iterable[int | None]) -> dict[int, tuple[Post, Thread]]:
    wanted = {one for one in post_ids if one is not None}
    if not wanted:
        return {}
    query = select(Post, Thread).join(Thread, Thread.id == Post.thread_id).where(Post.id.in_(wanted))
    return {post.id: (post, thread) for post, thread in session.execute(query)}


def _counts(session: Session, column: object, ids: Iterable[int | None], *where: object) -> dict[int, int]:
    wanted = {one for one in ids if one is not None}
    if not wanted:
        return {}
    query = select(column, func.count()).where(column.in_(wanted), *where).group_by(column)  # type: ignore[attr-defined, call-overload]
    return {row[0]: row[1] for row in session.execute(query)}


def _view(
    row: Report,
    found: tuple[Post, Thread] | None,
    faces: dict[int, Face],
    others: dict[int, int],
    earlier: dict[int, int],
) -> ReportView:
    post, thread = found if found else (None, None)
    private = thread is not None and thread.kind in ("match", "circle")
    return ReportView(
        id=row.id,
        why=row.why,
        words=row.words,
        found=tuple(row.found),
        by=faces.get(row.by_id or 0),
        about=faces.get(row.about_id or 0),
        post_id=row.post_id,
        body=post.body if post and not private else row.words if row.kudos_id is not None else "",
        thread_id=thread.id if thread and not private else None,
        thread_kind=thread.kind if thread else "",
        thread_title=thread.title if thread and not private else "",
        private=private,
        is_hidden=bool(post and post.hidden_at),
        # A kind word waits as long as its report does.
        is_held=bool(post and post.held_at) or (row.kudos_id is not None and row.state == "open"),
        made_at=row.made_at,
        others=max(0, others.get(row.post_id or 0, 0) - (1 if row.state == "open" else 0)),
        before=max(0, earlier.get(row.about_id or 0, 0) - (1 if row.state == "upheld" else 0)),
        decided_at=row.decided_at,
        decided_by=faces.get(row.decided_by_id or 0),
        decision=row.decision,
        decision_words=row.decision_words,
    )
