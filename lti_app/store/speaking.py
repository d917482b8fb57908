"""Who may say something now, and what a person should look at before or after it was said."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engagement.safety import Level, find_signal
from lti_app.models import Membership, Mute, Post, Report, Thread
from lti_app.store.community_settings import CommunitySettings, community_of
from lti_app.store.course_facts import STAFF
from lti_app.store.notifications import notify
from lti_app.store.refusals import Refusal

#: At most so many posts of one person in a span; staff answer many people, so they get more.
PACE = ((timedelta(minutes=1), 12), (timedelta(minutes=10), 40), (timedelta(days=1), 150))
STAFF_FACTOR = 5
#: After words that speak of harm, the help contacts stay on that person's pages for so long.
CARE_FOR = timedelta(days=7)
CARE_UNTIL = "care_until"
WATCHED_UNTIL = "watched_until"
MANY_LINKS = 3
_LINK = re.compile(r"https?://|www\.", re.IGNORECASE)


class Muted(Refusal):
    """This voice rests until ``until``, for a ``reason`` in a moderator's words."""

    def __init__(self, reason: str, until: datetime) -> None:
        self.reason, self.until = reason, until
        super().__init__(reason)


class TooFast(Refusal):
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
    spans = [func.count().filter(Post.created_at > now - span) for span, _most in PACE]
    role = select(Membership.role).where(Membership.id == membership_id).scalar_subquery()
    row = session.execute(
        select(role, *spans).where(Post.author_id == membership_id, Post.created_at > now - PACE[-1][0])
    ).one()
    factor = STAFF_FACTOR if row[0] in STAFF else 1
    for (span, most), said in zip(PACE, row[1:], strict=True):
        if said >= most * factor:
            raise TooFast(span)


def look_over(session: Session, post: Post, thread: Thread, now: datetime) -> None:
    """Hold a post that a moderator should see first, and tell people at once of words that speak of harm.

    Words in a private thread are read by no moderator: only the signal leaves it, with the one who wrote, so that
    somebody can ask how they are.
    """
    # A title is said with the first words of its thread.
    opens = post.author_id == thread.author_id and post.created_at == thread.created_at
    signal = find_signal(f"{thread.title}\n{post.body}" if opens else post.body)
    if signal is not None:
        _raise_signal(session, post, thread, signal.level, signal.words, now)
    if thread.kind in ("match", "circle") or post.author_id is None:
        return
    rules = community_of(session, thread.context_id)
    if post.held_at is None and _waits(session, post, thread, rules, now):
        post.held_at = now
        session.add(
            Report(context_id=thread.context_id, post_id=post.id, about_id=post.author_id, why="held", made_at=now)
        )
        session.flush()


def _raise_signal(
    session: Session, post: Post, thread: Thread, level: Level, words: tuple[str, ...], now: datetime
) -> None:
    report = Report(
        context_id=thread.context_id, post_id=post.id, about_id=post.author_id, why="crisis", found=list(words),
        words=level.value, made_at=now,
    )  # fmt: skip
    session.add(report)
    session.flush()
    key = f"crisis:{report.id}"
    staff = staff_of(session, thread.context_id)
    notify(session, staff, "crisis", key, now, by_id=post.author_id, facts={"report_id": report.id})
    if level is Level.SPEAKS and post.author_id is not None:
        member = session.get_one(Membership, post.author_id)
        member.settings = {**(member.settings or {}), CARE_UNTIL: (now + CARE_FOR).isoformat()}


def staff_of(session: Session, context_id: int) -> list[int]:
    """Return the memberships of a course's active tutors and community managers."""
    query = select(Membership.id).where(
        Membership.context_id == context_id, Membership.state == "active", Membership.role.in_(STAFF)
    )
    return list(session.scalars(query))


def _waits(session: Session, post: Post, thread: Thread, rules: CommunitySettings, now: datetime) -> bool:
    member = session.get_one(Membership, post.author_id)
    if member.role in STAFF:
        return False
    watched = (member.settings or {}).get(WATCHED_UNTIL)
    if isinstance(watched, str) and watched > now.isoformat():
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
