"""Who may say something now, and what a person should look at before or after it was said."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from sqlalchemy import Subquery, func, or_, select, union_all
from sqlalchemy.orm import InstrumentedAttribute, Session

from lti_app.models import (
    CircleItem,
    Event,
    Kudos,
    Material,
    Membership,
    Mute,
    Poll,
    PollOption,
    Post,
    PostRevision,
    Report,
    Thread,
    Upload,
)
from lti_app.store.community_settings import CommunitySettings, community_of
from lti_app.store.course_facts import STAFF
from lti_app.store.hearing import hear
from lti_app.store.refusals import Refusal

#: At most so many things of one person in a span, whatever the room; staff answer many people, so they get more.
PACE = ((timedelta(minutes=1), 12), (timedelta(minutes=10), 40), (timedelta(days=1), 150))
STAFF_FACTOR = 5
#: What counts as something said: whose it is, and when they said it. A changed post is said anew.
SAID: tuple[tuple[InstrumentedAttribute[int | None], InstrumentedAttribute[datetime]], ...] = (
    (Post.author_id, Post.created_at),
    (Kudos.from_id, Kudos.created_at),
    (Material.by_id, Material.created_at),
    (CircleItem.author_id, CircleItem.created_at),
)
WATCHED_UNTIL = "watched_until"
MANY_LINKS = 3
_LINK = re.compile(r"https?://|www\.", re.IGNORECASE)


class Stopped(Refusal):
    """Nothing is written just now; whatever was sent stays with whoever wrote it."""


class Muted(Stopped):
    """This voice rests until ``until``, for a ``reason`` in a moderator's words."""

    def __init__(self, reason: str, until: datetime) -> None:
        self.reason, self.until = reason, until
        super().__init__(reason)


class TooFast(Stopped):
    """So much was said in so short a time that a little wait is due."""

    def __init__(self, wait: timedelta) -> None:
        self.wait = wait
        super().__init__(str(wait))


def check_voice(session: Session, membership_id: int, now: datetime) -> None:
    """Let a member speak, or raise Muted or TooFast."""
    mute = session.execute(
        select(Mute.reason, Mute.until)
        .where(Mute.membership_id == membership_id, Mute.until > now, Mute.lifted_at.is_(None))
        .order_by(Mute.until.desc())
        .limit(1)
    ).one_or_none()
    if mute is not None:
        raise Muted(mute.reason, mute.until)
    role = select(Membership.role).where(Membership.id == membership_id).scalar_subquery()
    said = _said(membership_id, now - PACE[-1][0])
    spans = [func.count().filter(said.c.at > now - span) for span, _most in PACE]
    row = session.execute(select(role, *spans).select_from(said)).one()
    factor = STAFF_FACTOR if row[0] in STAFF else 1
    for (span, most), many in zip(PACE, row[1:], strict=True):
        if many >= most * factor:
            raise TooFast(span)


def _said(membership_id: int, since: datetime) -> Subquery:
    parts = [select(at.label("at")).where(who == membership_id, at > since) for who, at in SAID]
    # Meetings that come every week were called with one form.
    called = select(Event.created_at.label("at")).where(Event.by_id == membership_id, Event.created_at > since)
    parts.append(called.where(or_(Event.series_id.is_(None), Event.form_key.is_not(None))))
    changed = select(PostRevision.until.label("at")).join(Post, Post.id == PostRevision.post_id)
    return union_all(*parts, changed.where(Post.author_id == membership_id, PostRevision.until > since)).subquery()


def speak(session: Session, context_id: int, membership_id: int, now: datetime, *words: str | None) -> None:
    """Let a member say something that others will read and that is no post, or raise Muted or TooFast.

    This and ``look_over`` are the one door for what members write to each other. What is for oneself or for staff
    alone only passes ``hear``: a voice that rests may always say how it is, or ask for help.
    """
    check_voice(session, membership_id, now)
    hear(session, context_id, membership_id, "\n".join(one for one in words if one), now)


def is_watched(session: Session, membership_id: int, now: datetime) -> bool:
    """Whether what this member says to the course waits for a moderator for a while."""
    member = session.get_one(Membership, membership_id)
    watched = (member.settings or {}).get(WATCHED_UNTIL)
    return member.role not in STAFF and isinstance(watched, str) and watched > now.isoformat()


def opens(post: Post, thread: Thread) -> bool:
    """Whether a post is the one with which its thread began."""
    return post.author_id == thread.author_id and post.created_at == thread.created_at


def look_over(session: Session, post: Post, thread: Thread, now: datetime) -> None:
    """Hold a post that a moderator should see first, and tell people at once of words that speak of harm.

    Words in a private thread are read by no moderator: only the signal leaves it, with the one who wrote, so that
    somebody can ask how they are.
    """
    hear(session, thread.context_id, post.author_id, _all_words(session, post, thread), now, post_id=post.id)
    if thread.kind in ("match", "circle") or post.author_id is None:
        return
    rules = community_of(session, thread.context_id)
    if post.held_at is None and _waits(session, post, thread, rules, now):
        post.held_at = now
        session.add(
            Report(context_id=thread.context_id, post_id=post.id, about_id=post.author_id, why="held", made_at=now)
        )
        session.flush()


def _all_words(session: Session, post: Post, thread: Thread) -> str:
    """Return what was written with a post: a title with the first one, what stands at its files and in its poll."""
    files = select(Upload.words, Upload.feedback).where(Upload.post_id == post.id, Upload.removed_at.is_(None))
    options = select(PollOption.words).join(Poll, Poll.id == PollOption.poll_id).where(Poll.post_id == post.id)
    beside = [words for row in session.execute(files) for words in row]
    first = opens(post, thread)
    beside += session.scalars(options) if first else ()
    return "\n".join(one for one in (thread.title if first else "", post.body, *beside) if one)


def _waits(session: Session, post: Post, thread: Thread, rules: CommunitySettings, now: datetime) -> bool:
    member = session.get_one(Membership, post.author_id)
    if member.role in STAFF:
        return False
    if is_watched(session, member.id, now):
        return True
    many_links = rules.hold_links and len(_LINK.findall(post.body)) >= MANY_LINKS
    if not rules.hold_first and not many_links:
        return False
    shown = (
        select(func.count())
        .select_from(Post)
        .join(Thread, Thread.id == Post.thread_id)
        .where(Post.author_id == member.id, Thread.context_id == thread.context_id, Thread.match_id.is_(None))
        .where(Post.held_at.is_(None), Post.hidden_at.is_(None), Post.id != post.id)
    )
    before = session.scalar(shown) or 0
    # Somebody new with many links is what advertising looks like; whoever has talked here before is not.
    return before < rules.hold_first or (many_links and before < 2)
