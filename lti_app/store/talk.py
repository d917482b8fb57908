"""The discussions of a course: their lists, and one of them.

The thread of a match, a circle or a meeting is never found by these functions (see ``bound_threads``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from lti_app.models import Thread
from lti_app.store import people, talk_rows
from lti_app.store.built import read_rows
from lti_app.store.course_facts import activity_refs
from lti_app.store.places import Beside
from lti_app.store.refusals import NotYours
from lti_app.store.thread_page import ThreadPage, page_of
from lti_app.store.views import ActivityRef, Face

MAX_TITLE = 200
MAX_BODY = 8000
PAGE = 30
PINNED = 12


@dataclass(frozen=True, slots=True)
class ThreadLine:
    """A thread in a list; ``replies`` leaves out the first post, ``is_new``: others moved it since I looked.

    ``anonymous``: its author is hidden from peers; staff and the author themselves get it all the same.
    """

    id: int
    title: str
    author: Face | None
    last_author: Face | None
    activity: ActivityRef | None
    replies: int
    moved_at: datetime
    is_new: bool
    anonymous: bool = False
    pinned: bool = False
    closed: bool = False
    archived: bool = False
    section: str = ""


def list_threads(
    session: Session,
    context_id: int,
    membership_id: int,
    *,
    place: Beside | None = None,
    before: int | None = None,
    limit: int = PAGE,
    to_staff: bool = False,
    archived: bool = False,
) -> tuple[ThreadLine, ...]:
    """Return threads, newest movement first, in four queries whatever their number; pinned ones are not among them.

    ``place`` keeps those at one activity or section; ``before`` is the id of the last thread already shown;
    ``archived`` lists the archive instead.
    """
    last = session.get(Thread, before) if before is not None else None
    paged = last is not None and last.context_id == context_id
    place = place or Beside()
    asked = talk_rows.listed(
        context_id,
        membership_id,
        place.activity_id,
        place.section,
        last.moved_at if last is not None else None,
        before or 0,
        limit,
        which="archived" if archived else "",
        shape=place.shape,
        paged=paged,
        to_staff=to_staff,
    )
    return _lines(session, read_rows(session, asked).all(), membership_id, to_staff)


def pinned_threads(
    session: Session, context_id: int, membership_id: int, *, place: Beside | None = None, to_staff: bool = False
) -> tuple[ThreadLine, ...]:
    """Return the threads that staff pinned, the latest first."""
    place = place or Beside()
    asked = (context_id, membership_id, place.activity_id, place.section, None, 0, PINNED)
    pinned = talk_rows.listed(*asked, which="pinned", shape=place.shape, paged=False, to_staff=to_staff)
    rows = read_rows(session, pinned).all()
    return _lines(session, rows, membership_id, to_staff)


def _lines(session: Session, rows: Sequence[Any], membership_id: int, to_staff: bool) -> tuple[ThreadLine, ...]:
    ends = _ends(session, [row.id for row in rows])
    shown = {row.author_id for row in rows if to_staff or not row.anonymous or row.author_id == membership_id}
    last = {id_: end[1] for id_, end in ends.items() if to_staff or not end[2] or end[1] == membership_id}
    known = people.faces(session, shown | set(last.values()), to_staff=to_staff)
    activities = activity_refs(session, {row.activity_id for row in rows})
    return tuple(
        ThreadLine(
            id=row.id,
            title=row.title,
            author=known.get(row.author_id or 0) if row.author_id in shown else None,
            last_author=known.get(last.get(row.id) or 0),
            activity=activities.get(row.activity_id or 0),
            replies=max(0, ends[row.id][0] - 1) if row.id in ends else 0,
            moved_at=row.moved_at,
            is_new=bool(row.is_new),
            anonymous=row.anonymous,
            pinned=row.pinned_at is not None,
            closed=row.closed_at is not None,
            archived=row.archived_at is not None,
            section=row.section or "",
        )
        for row in rows
    )


def _ends(session: Session, thread_ids: list[int]) -> dict[int, tuple[int, int | None, bool]]:
    """Return, for each thread, how many posts it has, who wrote the last, and whether they are hidden there."""
    if not thread_ids:
        return {}
    return {row[0]: (row[1], row[2], row[3]) for row in read_rows(session, talk_rows.newest(thread_ids))}


def read_thread(
    session: Session,
    context_id: int,
    thread_id: int,
    membership_id: int,
    *,
    to_staff: bool = False,
    before: int | None = None,
    at: int | None = None,
) -> ThreadPage:
    """Return one discussion of this course, its newest posts or those before the post ``before``; raises NotYours.

    ``at`` is a post that is looked for: the page is the one where it stands.
    """
    thread = session.scalar(*talk_rows.one_thread(context_id, thread_id, membership_id, to_staff=to_staff))
    if thread is None:
        raise NotYours
    return page_of(session, thread, membership_id, to_staff=to_staff, before=before, at=at)
