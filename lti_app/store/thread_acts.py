"""What staff do with a thread: pin, lock, archive, move, merge; each act is written down and told to its author."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Select, or_, select, update
from sqlalchemy.orm import Session

from lti_app.models import AuditEntry, Membership, Notification, Post, Thread, ThreadVote
from lti_app.store import places
from lti_app.store.built import among, built, read_rows
from lti_app.store.course_facts import active_staff
from lti_app.store.moderation import academy_of
from lti_app.store.notifications import notify
from lti_app.store.refusals import NotYours, TooLate
from lti_app.store.speaking import speak
from lti_app.store.titles import change_title
from lti_app.store.words_index import words_changed

KINDS = ("talk", "ask")
# What each act writes into which column; None takes the mark away.
MARKS: Mapping[str, tuple[str, bool]] = {
    "pin": ("pinned_at", True),
    "unpin": ("pinned_at", False),
    "lock": ("closed_at", True),
    "unlock": ("closed_at", False),
    "archive": ("archived_at", True),
    "unarchive": ("archived_at", False),
}


def _thread(session: Session, context_id: int, thread_id: int) -> Thread:
    thread = session.scalar(
        select(Thread)
        .where(Thread.id == thread_id, Thread.context_id == context_id, Thread.kind.in_(KINDS))
        .where(Thread.hidden_at.is_(None), Thread.merged_into_id.is_(None))
        .with_for_update()
    )
    if thread is None:
        raise NotYours
    return thread


def mark(session: Session, context_id: int, thread_id: int, by_id: int, act: str, now: datetime) -> bool:
    """Pin, lock or archive a thread, or undo it; returns whether that was new. Raises NotYours."""
    staff = active_staff(session, by_id, context_id)
    thread = _thread(session, context_id, thread_id)
    if act not in MARKS:
        raise NotYours
    column, on = MARKS[act]
    if (getattr(thread, column) is not None) == on:
        return False
    setattr(thread, column, now if on else None)
    if act == "archive":
        thread.pinned_at = None
    _write_down(session, thread, staff, act, now, {})
    return True


def retitle(session: Session, context_id: int, thread_id: int, by_id: int, title: str, now: datetime) -> bool:
    """Call a thread otherwise, so that others find it; returns whether that was new. Raises NotYours."""
    staff = active_staff(session, by_id, context_id)
    thread = _thread(session, context_id, thread_id)
    before = thread.title
    if title == before:
        return False
    speak(session, context_id, by_id, now, title)
    change_title(session, thread, title, by_id, now)
    _write_down(session, thread, staff, "retitle", now, {"before": before})
    return True


def move(
    session: Session,
    context_id: int,
    thread_id: int,
    by_id: int,
    now: datetime,
    *,
    kind: str,
    activity_id: int | None = None,
    section: str = "",
) -> None:
    """Put a thread among the discussions or the questions, and tie it to an activity, a section or the course.

    Raises NotYours when one of them is not of this course.
    """
    staff = active_staff(session, by_id, context_id)
    thread = _thread(session, context_id, thread_id)
    if kind not in KINDS:
        raise NotYours
    places.check_tie(session, context_id, activity_id, section)
    before = {"kind": thread.kind, "activity_id": thread.activity_id, "section": thread.section or ""}
    after = {"kind": kind, "activity_id": activity_id, "section": section}
    if before == after:
        return
    thread.kind, thread.activity_id, thread.section = kind, activity_id, section or None
    _write_down(session, thread, staff, "move", now, {"from": before, "to": after})
    words_changed(session, thread.id)


def merge(session: Session, context_id: int, thread_id: int, into_id: int, by_id: int, now: datetime) -> None:
    """Put the posts of a thread into another of the same course; its old address leads there. Raises NotYours, TooLate.

    TooLate: the other one has itself gone elsewhere, both are the same, or they are for other eyes.
    """
    staff = active_staff(session, by_id, context_id)
    if thread_id == into_id:
        raise TooLate
    # Both in one order, so that two who merge at once wait for each other instead of deadlocking.
    first, second = sorted((thread_id, into_id))
    found = {one: _thread(session, context_id, one) for one in (first, second)}
    thread, into = found[thread_id], found[into_id]
    if thread.group_key != into.group_key:
        raise TooLate
    accepted = select(Post.id).where(Post.thread_id == into.id, Post.accepted_at.is_not(None))
    # A form's key says a thing once in its own thread; an accepted answer is one in a thread.
    values: dict[str, Any] = {"thread_id": into.id, "form_key": None}
    if session.scalar(accepted) is not None:
        values["accepted_at"] = None
    session.execute(update(Post).where(Post.thread_id == thread.id).values(values))
    session.execute(update(Notification).where(Notification.thread_id == thread.id).values(thread_id=into.id))
    for membership_id, at in session.execute(
        select(ThreadVote.membership_id, ThreadVote.at).where(ThreadVote.thread_id == thread.id)
    ).all():
        _vote_along(session, into.id, membership_id, at)
    elsewhere = or_(Thread.id == thread.id, Thread.merged_into_id == thread.id)
    session.execute(update(Thread).where(elsewhere).values(merged_into_id=into.id))
    into.moved_at = max(into.moved_at, thread.moved_at)
    session.flush()
    _write_down(session, thread, staff, "merge", now, {"into_id": into.id, "into": into.title}, leads_to=into.id)
    words_changed(session, thread.id, into.id)


def _vote_along(session: Session, thread_id: int, membership_id: int, at: datetime) -> None:
    if session.get(ThreadVote, (thread_id, membership_id)) is None:
        session.add(ThreadVote(thread_id=thread_id, membership_id=membership_id, at=at))


@built
def _stands(context_id: int, thread_id: int) -> Select[int | None, str]:
    here = (Thread.id == thread_id, Thread.context_id == context_id, among(Thread.kind, KINDS))
    return select(Thread.merged_into_id, Thread.kind).where(*here, Thread.hidden_at.is_(None))


def leads_to(session: Session, context_id: int, thread_id: int) -> tuple[str, int] | None:
    """Return kind and id of where a thread of this course is found now, or None when it is nowhere.

    It may have been merged into another, or moved among the questions.
    """
    row = read_rows(session, _stands(context_id, thread_id)).one_or_none()
    if row is None:
        return None
    if row[0] is None:
        return row[1], thread_id
    return leads_to(session, context_id, row[0]) if row[0] != thread_id else None


def mergeable(
    session: Session, context_id: int, thread_id: int, limit: int = 60, *, kind: str = "talk"
) -> tuple[tuple[int, str], ...]:
    """Return other threads of a kind that one could go into, those that moved last first."""
    # What one group said stays among itself: only threads for the same eyes become one.
    group = select(Thread.group_key).where(Thread.id == thread_id).scalar_subquery()
    rows = session.execute(
        select(Thread.id, Thread.title)
        .where(Thread.context_id == context_id, Thread.kind == kind, Thread.id != thread_id)
        .where(Thread.group_key.is_not_distinct_from(group))
        .where(Thread.hidden_at.is_(None), Thread.merged_into_id.is_(None))
        .order_by(Thread.moved_at.desc(), Thread.id.desc())
        .limit(limit)
    )
    return tuple((row[0], row[1]) for row in rows)


def _write_down(
    session: Session,
    thread: Thread,
    staff: Membership,
    act: str,
    now: datetime,
    facts: Mapping[str, Any],
    leads_to: int | None = None,
) -> None:
    author = session.get(Membership, thread.author_id) if thread.author_id is not None else None
    session.add(
        AuditEntry(
            academy_id=academy_of(session, thread.context_id),
            context_id=thread.context_id,
            actor_id=staff.person_id,
            about_id=author.person_id if author is not None else None,
            what=f"thread_{act}",
            facts={"thread_id": thread.id, "title": thread.title, **facts},
            at=now,
        )
    )
    told = {"act": act, "title": thread.title}
    key = f"thread_{act}:{thread.id}:{now.isoformat()}"
    at = leads_to or thread.id
    notify(session, [thread.author_id], "moderated", key, now, by_id=staff.id, thread_id=at, facts=told)
    session.flush()
