"""Threads that belong to two who met through a match, to a circle, or to a meeting of the course.

The course's discussions are never found by these functions (see ``talk``).
"""

from __future__ import annotations

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from lti_app.models import CircleMember, Episode, Event, Match, Thread
from lti_app.store.refusals import NotYours
from lti_app.store.thread_page import ThreadPage, page_of


def read_private(
    session: Session, match_id: int, membership_id: int, *, before: int | None = None, at: int | None = None
) -> ThreadPage:
    """Return the private thread of a match to one of its two people; raises NotYours for everybody else, staff too."""
    return page_of(session, private_thread(session, match_id, membership_id), membership_id, before=before, at=at)


def private_thread(session: Session, match_id: int, membership_id: int) -> Thread:
    """Return the row of a match's thread to one of its two people; raises NotYours."""
    thread = session.scalar(
        select(Thread)
        .join(Match, Match.id == Thread.match_id)
        .join(Episode, Episode.id == Match.episode_id)
        .where(
            Match.id == match_id,
            Thread.hidden_at.is_(None),
            or_(Match.helper_id == membership_id, Episode.membership_id == membership_id),
        )
    )
    if thread is None:
        raise NotYours
    return thread


def circle_thread(session: Session, circle_id: int, membership_id: int) -> Thread:
    """Return the row of a circle's thread to somebody who is in it; raises NotYours."""
    thread = session.scalar(
        select(Thread)
        .join(CircleMember, CircleMember.circle_id == Thread.circle_id)
        .where(Thread.circle_id == circle_id, Thread.hidden_at.is_(None))
        .where(CircleMember.membership_id == membership_id, CircleMember.state == "in")
    )
    if thread is None:
        raise NotYours
    return thread


def read_circle(
    session: Session, circle_id: int, membership_id: int, *, before: int | None = None, at: int | None = None
) -> ThreadPage:
    """Return a circle's thread to somebody who is in it; raises NotYours for everybody else, staff too."""
    return page_of(session, circle_thread(session, circle_id, membership_id), membership_id, before=before, at=at)


def event_thread(session: Session, context_id: int, event_id: int) -> Thread:
    """Return the row of the thread under a meeting of this course; raises NotYours."""
    thread = session.scalar(
        select(Thread)
        .join(Event, Event.thread_id == Thread.id)
        .where(Event.id == event_id, Event.context_id == context_id, Event.state.in_(("on", "cancelled")))
        .where(Thread.context_id == context_id, Thread.hidden_at.is_(None))
    )
    if thread is None:
        raise NotYours
    return thread


def read_event_thread(
    session: Session,
    context_id: int,
    event_id: int,
    membership_id: int,
    *,
    to_staff: bool = False,
    before: int | None = None,
    at: int | None = None,
) -> ThreadPage:
    """Return the questions and notes under a meeting of this course, as ``read_thread`` does; raises NotYours."""
    thread = event_thread(session, context_id, event_id)
    return page_of(session, thread, membership_id, to_staff=to_staff, before=before, at=at)
