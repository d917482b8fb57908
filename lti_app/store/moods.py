"""How people say they are: their own, a tutor's only where they share it, the course's only in numbers."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from engagement.mood import LOOK_BACK, Mood, offers_a_person
from lti_app.models import AuditEntry, CourseGroup, GroupMember, Membership, MoodSaid
from lti_app.store import people
from lti_app.store.course_facts import active_membership, active_staff, time_zone_of
from lti_app.store.hearing import hear, staff_of
from lti_app.store.inserts import changed_rows
from lti_app.store.moderation import academy_of
from lti_app.store.notifications import notify
from lti_app.store.refusals import NotYours
from lti_app.store.views import Face

MAX_WORDS = 600
#: Fewer could be guessed by those who know each other.
FEW = 5
WEEKS = 6
#: The same person's second word within this time is a better first one.
SAME = timedelta(hours=12)
#: In the membership's settings: when the member was last asked or said how they are, so that home costs no query.
SAID_ON = "mood_on"
ASK_EVERY = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class MoodView:
    """One mood of somebody; ``face`` is set where staff read what was shared with them."""

    id: int
    said: str
    words: str
    shared: bool
    asked: bool
    at: datetime
    face: Face | None = None


@dataclass(frozen=True, slots=True)
class MoodWeek:
    """One week of the course, or of one group.

    ``counts`` is by mood, the brightest first; None where fewer than five people said anything.
    """

    monday: date
    group: str
    counts: Mapping[str, int] | None


def say_mood(session: Session, membership_id: int, said: str, words: str, shared: bool, now: datetime) -> MoodSaid:
    """Keep how a member is; said again within half a day it replaces the first word. Raises NotYours, ValueError."""
    if said not in set(Mood) or len(words) > MAX_WORDS:
        raise ValueError("said")
    member = active_membership(session, membership_id, lock=True)
    row = _newest(session, membership_id)
    if row is None or now - row.at > SAME:
        row = MoodSaid(context_id=member.context_id, membership_id=membership_id, at=now)
        session.add(row)
    row.said, row.words, row.shared = said, words, shared
    member.settings = {**(member.settings or {}), SAID_ON: now.isoformat()}
    session.flush()
    hear(session, member.context_id, membership_id, words, now)
    return row


def _newest(session: Session, membership_id: int) -> MoodSaid | None:
    query = select(MoodSaid).where(MoodSaid.membership_id == membership_id)
    return session.scalars(query.order_by(MoodSaid.at.desc(), MoodSaid.id.desc()).limit(1)).one_or_none()


def may_ask(member: Membership, now: datetime) -> bool:
    """Whether the first page may ask how a member is: they have not said so for three days."""
    told = (member.settings or {}).get(SAID_ON)
    return not isinstance(told, str) or datetime.fromisoformat(told) <= now - ASK_EVERY


def mine(session: Session, membership_id: int, now: datetime) -> tuple[MoodView, ...]:
    """Return what a member said about themselves in three weeks, newest first."""
    rows = session.scalars(
        select(MoodSaid)
        .where(MoodSaid.membership_id == membership_id, MoodSaid.at > now - LOOK_BACK)
        .order_by(MoodSaid.at.desc(), MoodSaid.id.desc())
        .limit(12)
    )
    return tuple(MoodView(row.id, row.said, row.words, row.shared, row.asked_at is not None, row.at) for row in rows)


def wants_offer(said: tuple[MoodView, ...], now: datetime) -> bool:
    """Whether to offer a person: it went badly several times, and they have not asked yet."""
    moods = [(Mood(one.said), one.at) for one in said if one.said in set(Mood)]
    return offers_a_person(moods, now) and not any(one.asked for one in said[:1])


def ask_for_a_person(session: Session, membership_id: int, now: datetime) -> None:
    """Let the tutors know that this member would like a person to write to them, once a mood. Raises NotYours."""
    member = active_membership(session, membership_id, lock=True)
    row = _newest(session, membership_id)
    if row is None:
        raise NotYours
    if row.asked_at is not None:
        return
    row.asked_at, row.shared = now, True
    session.flush()
    staff = staff_of(session, member.context_id)
    notify(session, staff, "wants_person", f"wants_person:{row.id}", now, by_id=membership_id)


def forget_mood(session: Session, membership_id: int, mood_id: int) -> None:
    """Erase one of my moods; raises NotYours."""
    row = session.get(MoodSaid, mood_id)
    if row is None or row.membership_id != membership_id:
        raise NotYours
    session.delete(row)
    session.flush()


def shared_moods(session: Session, context_id: int, now: datetime, limit: int = 20) -> tuple[MoodView, ...]:
    """Return what members let their tutors read in three weeks: first who asks for a person, then the newest."""
    rows = session.scalars(
        select(MoodSaid)
        .where(MoodSaid.context_id == context_id, MoodSaid.shared, MoodSaid.at > now - LOOK_BACK)
        .where(MoodSaid.answered_at.is_(None))
        .order_by(MoodSaid.asked_at.is_(None), MoodSaid.at.desc(), MoodSaid.id.desc())
        .limit(limit)
    ).all()
    faces = people.faces(session, [row.membership_id for row in rows], to_staff=True)
    return tuple(
        MoodView(row.id, row.said, row.words, True, row.asked_at is not None, row.at, faces.get(row.membership_id))
        for row in rows
    )


def seen_to(session: Session, context_id: int, mood_id: int, tutor_id: int, now: datetime) -> None:
    """Take a mood that was shared off the tutors' list because one has seen to it; raises NotYours."""
    tutor = active_staff(session, tutor_id, context_id)
    shared = update(MoodSaid).where(MoodSaid.id == mood_id, MoodSaid.context_id == context_id, MoodSaid.shared)
    if not changed_rows(session, shared.values(answered_at=now)):
        raise NotYours
    about_id = session.scalar(
        select(Membership.person_id)
        .join(MoodSaid, MoodSaid.membership_id == Membership.id)
        .where(MoodSaid.id == mood_id)
    )
    session.add(
        AuditEntry(
            academy_id=academy_of(session, context_id), context_id=context_id, actor_id=tutor.person_id,
            about_id=about_id, what="mood_seen_to", facts={"mood_id": mood_id}, at=now,
        )
    )  # fmt: skip


def mood_weeks(session: Session, context_id: int, now: datetime) -> tuple[MoodWeek, ...]:
    """Return the moods of the last six weeks, for the course and for each group, oldest first, in three queries.

    Of each person the last word of a week counts; who said it is not told, and fewer than five are not shown.
    """
    zone = time_zone_of(session, context_id)
    today = now.astimezone(zone).date()
    first = today - timedelta(days=today.weekday() + 7 * (WEEKS - 1))
    rows = session.execute(
        select(MoodSaid.membership_id, MoodSaid.said, MoodSaid.at)
        .where(MoodSaid.context_id == context_id, MoodSaid.at > now - timedelta(weeks=WEEKS + 1))
        .order_by(MoodSaid.at, MoodSaid.id)
    ).all()
    groups: dict[int, set[str]] = defaultdict(set)
    placed = select(GroupMember.membership_id, CourseGroup.name).join(
        CourseGroup, CourseGroup.id == GroupMember.group_id
    )
    for membership_id, name in session.execute(placed.where(CourseGroup.context_id == context_id)):
        groups[membership_id].add(name)
    last: dict[tuple[date, str], dict[int, str]] = defaultdict(dict)
    for membership_id, said, at in rows:
        day = at.astimezone(zone).date()
        monday = day - timedelta(days=day.weekday())
        if monday >= first:
            for group in ("", *sorted(groups.get(membership_id, ()))):
                last[monday, group][membership_id] = said
    return tuple(
        MoodWeek(monday, group, _counted(said.values()) if len(said) >= FEW else None)
        for (monday, group), said in sorted(last.items(), key=lambda one: (one[0][1], one[0][0]))
    )


def _counted(said: Iterable[str]) -> dict[str, int]:
    counts = Counter(said)
    return {mood.value: counts[mood] for mood in Mood if counts[mood]}
