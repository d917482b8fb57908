"""What members do with circles: wish for one, accept, decline, leave, plan, say how it goes, report."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from engagement.circles import MOST
from lti_app.models import Circle, CircleCheckIn, CircleItem, CircleMember, CircleWish, Post, Thread
from lti_app.store.course_facts import active_membership, time_zone_of
from lti_app.store.hearing import hear
from lti_app.store.inserts import changed_rows, insert_new
from lti_app.store.offers import WINDOW_CODES
from lti_app.store.policies import policy_of
from lti_app.store.prompts import NewPrompt, add
from lti_app.store.refusals import NotYours, Taken, TooLate
from lti_app.store.speaking import speak

# With so many a circle can begin to talk; others may still come.
BEGINS_WITH = 2
MAX_ITEM = 280
MAX_WORDS = 2000
MAX_ITEMS = 60
REPORT = "circle_report"
SAID = ("going_well", "slowly", "stuck")


def wish(session: Session, membership_id: int, wants: bool, windows: Sequence[str], now: datetime) -> None:
    """Record that a learner wants a group, or wants to be left out of groups; ``windows`` are codes of WINDOW_CODES.

    Raises NotYours for others than learners, and for those whom the course's policy leaves out.
    """
    member = active_membership(session, membership_id)
    if member.role != "learner" or membership_id in policy_of(session, member.context_id).excluded:
        raise NotYours
    values = {"wants": wants, "windows": [code for code in WINDOW_CODES if code in windows], "said_at": now}
    if insert_new(session, CircleWish, membership_id=membership_id, **values) is None:
        changed_rows(session, update(CircleWish).where(CircleWish.membership_id == membership_id).values(**values))
    session.expire_all()


def forget_wish(session: Session, membership_id: int) -> None:
    """Take back what a learner said about groups."""
    active_membership(session, membership_id)
    session.execute(delete(CircleWish).where(CircleWish.membership_id == membership_id))


def _locked(session: Session, circle_id: int, membership_id: int) -> tuple[Circle, CircleMember]:
    # Everybody locks the circle before its members: who holds it may count them.
    active_membership(session, membership_id)
    circle = session.scalar(
        select(Circle)
        .where(Circle.id == circle_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    member = session.scalar(
        select(CircleMember)
        .where(CircleMember.circle_id == circle_id, CircleMember.membership_id == membership_id)
        .execution_options(populate_existing=True)
    )
    if circle is None or member is None:
        raise NotYours
    return circle, member


def count_in(session: Session, circle_id: int, *states: str) -> int:
    """Return how many of a circle are ``in`` (or in other states)."""
    query = select(func.count()).select_from(CircleMember).where(CircleMember.circle_id == circle_id)
    return session.scalar(query.where(CircleMember.state.in_(states or ("in",)))) or 0


def accept(session: Session, circle_id: int, membership_id: int, now: datetime, *, opening_words: str = "") -> bool:
    """Say yes to a circle and return whether it has begun: the second yes opens it, with ``opening_words``.

    A second click changes nothing. Raises TooLate when the invitation is over, Taken when the last seat has just gone,
    NotYours when nobody was invited.
    """
    circle, member = _locked(session, circle_id, membership_id)
    if member.state == "in":
        return circle.state == "open"
    if circle.state == "ended" or member.state != "invited":
        raise TooLate
    if count_in(session, circle_id) >= MOST:
        raise Taken
    member.state, member.answered_at = "in", now
    session.flush()
    if circle.state == "proposed" and count_in(session, circle_id) >= BEGINS_WITH:
        _open(session, circle, now, opening_words)
    return circle.state == "open"


def _open(session: Session, circle: Circle, now: datetime, opening_words: str) -> None:
    circle.state, circle.opened_at = "open", now
    thread_id = insert_new(
        session,
        Thread,
        context_id=circle.context_id,
        kind="circle",
        title="",
        activity_id=circle.activity_id,
        circle_id=circle.id,
        created_at=now,
        moved_at=now,
    )
    if thread_id is not None and opening_words:
        session.add(Post(thread_id=thread_id, voice="academy", body=opening_words, form_key="opening", created_at=now))
    session.flush()


def decline(session: Session, circle_id: int, membership_id: int, now: datetime) -> None:
    """Say no to an invitation, without penalty; nobody is told."""
    _circle, member = _locked(session, circle_id, membership_id)
    if member.state == "in":
        raise TooLate
    if member.state == "invited":
        member.state, member.answered_at, member.ended_at = "declined", now, now
        session.flush()


def leave(session: Session, circle_id: int, membership_id: int, now: datetime) -> None:
    """Leave a circle; what was written stays for the others. The last one out closes it. Leaving twice is no harm."""
    circle, member = _locked(session, circle_id, membership_id)
    if member.state != "in":
        return
    _goes(session, circle, member, "left", now)
    session.execute(delete(CircleWish).where(CircleWish.membership_id == membership_id))


def _goes(session: Session, circle: Circle, member: CircleMember, state: str, now: datetime) -> None:
    member.state, member.ended_at = state, now
    session.flush()
    if circle.state != "ended" and not count_in(session, circle.id, "in", "invited"):
        end_circle(session, circle, "emptied", now)


def end_circle(session: Session, circle: Circle, why: str, now: datetime) -> None:
    """End a circle whose row is locked; those still in it are looked for another one."""
    circle.state, circle.ended_at, circle.ended_why = "ended", now, why
    still = list(
        session.scalars(
            select(CircleMember).where(CircleMember.circle_id == circle.id, CircleMember.state.in_(("in", "invited")))
        )
    )
    for member in still:
        if (
            member.state == "in"
            and insert_new(session, CircleWish, membership_id=member.membership_id, wants=True, windows=[], said_at=now)
            is None
        ):
            again = update(CircleWish).where(CircleWish.membership_id == member.membership_id)
            changed_rows(session, again.values(wants=True))
        member.state, member.ended_at = ("left" if member.state == "in" else "lapsed"), now
    closing = update(Thread).where(Thread.circle_id == circle.id, Thread.closed_at.is_(None))
    changed_rows(session, closing.values(closed_at=now))
    session.flush()


def _inside(session: Session, circle_id: int, membership_id: int) -> Circle:
    circle, member = _locked(session, circle_id, membership_id)
    if member.state != "in":
        raise NotYours
    if circle.state != "open":
        raise TooLate
    return circle


def add_item(
    session: Session,
    circle_id: int,
    membership_id: int,
    words: str,
    starts_at: datetime | None,
    now: datetime,
    *,
    form_key: str | None = None,
) -> None:
    """Put something on the agenda, with ``starts_at`` a meeting; the same ``form_key`` again adds it once.

    Raises ValueError (naming the field) for more than MAX_ITEM characters or a full agenda.
    """
    if len(words) > MAX_ITEM:
        raise ValueError("words")
    circle = _inside(session, circle_id, membership_id)
    speak(session, circle.context_id, membership_id, now, words)
    many = select(func.count()).select_from(CircleItem).where(CircleItem.circle_id == circle_id)
    if (session.scalar(many) or 0) >= MAX_ITEMS:
        raise ValueError("items")
    insert_new(
        session,
        CircleItem,
        circle_id=circle_id,
        author_id=membership_id,
        words=words,
        starts_at=starts_at,
        form_key=form_key,
        created_at=now,
    )


def tick_item(session: Session, circle_id: int, membership_id: int, item_id: int, done: bool, now: datetime) -> None:
    """Tick off something on the agenda, or open it again; raises NotYours."""
    _inside(session, circle_id, membership_id)
    mine = update(CircleItem).where(CircleItem.id == item_id, CircleItem.circle_id == circle_id)
    if not changed_rows(session, mine.values(done_at=now if done else None)):
        raise NotYours


def check_in(session: Session, circle_id: int, membership_id: int, said: str, words: str, now: datetime) -> None:
    """Say how this week goes (a code of SAID); saying it again changes it. Raises ValueError naming the field."""
    if said not in SAID:
        raise ValueError("said")
    if len(words) > MAX_ITEM:
        raise ValueError("words")
    circle = _inside(session, circle_id, membership_id)
    if words.strip():
        speak(session, circle.context_id, membership_id, now, words)
    today = now.astimezone(time_zone_of(session, circle.context_id)).date()
    key = {"circle_id": circle_id, "membership_id": membership_id, "week_on": today - timedelta(days=today.weekday())}
    values = {"said": said, "words": words.strip(), "at": now}
    if insert_new(session, CircleCheckIn, **key, **values) is None:
        changed_rows(session, update(CircleCheckIn).filter_by(**key).values(**values))


def report(session: Session, circle_id: int, membership_id: int, about_id: int, words: str, now: datetime) -> None:
    """Report somebody of one's circle: a tutor reads it, the reporter leaves, and the two are never put together again.

    Raises ValueError when ``words`` are over 2000 characters, NotYours when the other one is not of this circle.
    """
    if len(words) > MAX_WORDS:
        raise ValueError("words")
    circle, member = _locked(session, circle_id, membership_id)
    other = select(CircleMember.id).where(CircleMember.circle_id == circle_id, CircleMember.state.in_(("in", "left")))
    other = other.where(CircleMember.membership_id == about_id, CircleMember.membership_id != membership_id)
    if member.state not in ("in", "left") or session.scalar(other) is None:
        raise NotYours
    hear(session, circle.context_id, membership_id, words, now)
    facts = {"words": words, "circle_id": circle_id, "about_id": about_id, "by_id": membership_id}
    key = f"{REPORT}:{circle_id}:{membership_id}:{about_id}"
    add(session, NewPrompt(key, "report", circle.context_id, None, by_id=membership_id, facts=facts), now)
    if member.state == "in":
        _goes(session, circle, member, "left", now)
