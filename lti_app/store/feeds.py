"""Event feeds: an event says "look now", nothing more; what it tells is asked of the LMS before anybody acts on it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from lti_app.models import Context, Deployment, EventFeed, FeedEvent, FeedWord, Registration
from lti_app.store.bulk import among, table_of

COURSES = table_of(Context)

# A plug-in that was stopped sends again what it failed to send; after a week that is a matter of the past.
KEEP = timedelta(days=7)
# A sync sees what happened before it, but clocks differ and an LMS writes some things late.
OVERLAP = timedelta(minutes=10)
# A sender gone wild shall not fill the table with invented verbs.
MOST_WORDS = 200
OTHERS = "(others)"


@dataclass(frozen=True, slots=True)
class Told:
    """One event: its key for telling it apart, its verb (``known`` or not), the ids its course may have, and when."""

    key: str
    word: str
    known: bool
    course_ids: tuple[str, ...]
    at: datetime | None


@dataclass(frozen=True, slots=True)
class FeedKey:
    """What the door of a feed needs."""

    id: int
    registration_id: int
    secret_digest: str


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a batch: new events, and among them those without effect; ``due`` counts courses made due."""

    new: int = 0
    repeated: int = 0
    unplaced: int = 0
    late: int = 0
    strange: int = 0
    due: int = 0


@dataclass(frozen=True, slots=True)
class FeedLine:
    """A feed as an administrator sees it; ``words`` are the unknown verbs, most frequent first."""

    registration_id: int
    ref: str
    taken: int
    repeated: int
    unplaced: int
    late: int
    strange: int
    last_at: datetime | None
    words: tuple[tuple[str, int], ...] = ()


def _insert(session: Session) -> Any:
    return postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert


def secret_digest(secret: str) -> str:
    """Return what is kept of a feed's secret; it is random and long, so that a plain digest is enough."""
    return sha256(secret.encode()).hexdigest()


def save_feed(session: Session, registration_id: int, ref: str, secret_digest: str, now: datetime) -> str:
    """Make the feed of a registration, or give the one there is a new secret; returns the ref that counts."""
    row = session.scalar(select(EventFeed).where(EventFeed.registration_id == registration_id).with_for_update())
    if row is None:
        row = EventFeed(registration_id=registration_id, ref=ref, secret_digest=secret_digest, created_at=now)
        session.add(row)
    row.secret_digest = secret_digest
    session.flush()
    return row.ref


def remove_feed(session: Session, registration_id: int) -> bool:
    """Take a feed away with all it remembers; False when there was none."""
    row = session.scalar(select(EventFeed).where(EventFeed.registration_id == registration_id))
    if row is None:
        return False
    session.delete(row)
    return True


def find_feed(session: Session, ref: str) -> FeedKey | None:
    """Return the feed of this name, unless its platform is switched off."""
    query = select(EventFeed.id, EventFeed.registration_id, EventFeed.secret_digest).join(
        Registration, Registration.id == EventFeed.registration_id
    )
    row = session.execute(query.where(EventFeed.ref == ref, Registration.status == "active")).one_or_none()
    return FeedKey(*row) if row is not None else None


def take_events(session: Session, feed: FeedKey, events: Sequence[Told], now: datetime, machine: datetime) -> Taken:
    """Take a batch: each event once, its course made due now; in a few statements, however many events there are.

    ``now`` is the community's time, ``machine`` the machine's own, in which keys expire.
    """
    new = _new_events(session, feed, events, machine)
    strange = [event for event in new if not event.known]
    courses = _courses(session, feed.registration_id, {key for event in new for key in event.course_ids})
    due: set[int] = set()
    unplaced = late = 0
    for event in new:
        found = {courses[key] for key in event.course_ids if key in courses}
        unplaced += not found
        news = {row for row in found if _is_news(event, row.synced_at)}
        late += bool(found) and not news
        if event.known:
            due |= {row.id for row in news}
    _make_due(session, due, now)
    _count_words(session, feed.id, strange, machine)
    taken = Taken(len(new), len(events) - len(new), unplaced, late, len(strange), len(due))
    _count(session, feed.id, taken, machine)
    return taken


def _is_news(event: Told, synced_at: datetime | None) -> bool:
    return event.at is None or synced_at is None or event.at > synced_at - OVERLAP


def _new_events(session: Session, feed: FeedKey, events: Sequence[Told], machine: datetime) -> list[Told]:
    session.execute(delete(FeedEvent).where(FeedEvent.expires_at < machine))
    by_key = {event.key: event for event in events}
    # In one order for everybody: two batches with the same events shall not wait for each other crosswise.
    rows = [{"feed_id": feed.id, "key": key, "expires_at": machine + KEEP} for key in sorted(by_key)]
    new: list[Told] = []
    for start in range(0, len(rows), 200):
        statement = _insert(session)(FeedEvent).values(rows[start : start + 200])
        keys = session.scalars(statement.on_conflict_do_nothing().returning(FeedEvent.key))
        new += [by_key[key] for key in keys]
    return new


@dataclass(frozen=True, slots=True)
class _Course:
    id: int
    synced_at: datetime | None


def _courses(session: Session, registration_id: int, ids: Iterable[str]) -> Mapping[str, _Course]:
    """Return this platform's courses by each of the names that an event may use: the API's and that of launches."""
    wanted = sorted(ids)
    if not wanted:
        return {}
    rows = session.execute(
        select(Context.id, Context.api_id, Context.id_on_platform, Context.synced_at)
        .join(Deployment, Deployment.id == Context.deployment_id)
        .where(Deployment.registration_id == registration_id)
        .where(or_(among(session, COURSES.c.api_id, wanted), among(session, COURSES.c.id_on_platform, wanted)))
        .order_by(Context.id)
    )
    found: dict[str, _Course] = {}
    for row in rows:
        for name in (row.api_id, row.id_on_platform):
            if name in wanted:
                found.setdefault(name, _Course(row.id, row.synced_at))
    return found


def _make_due(session: Session, ids: set[int], now: datetime) -> None:
    if not ids:
        return
    mine = select(Context.id).where(Context.id.in_(ids)).order_by(Context.id).with_for_update(key_share=True)
    locked = session.scalars(mine).all()
    # A course that waits keeps its place in the row; one that is being read at this moment is read once more.
    later = or_(Context.sync_due_at.is_(None), Context.sync_due_at > now, Context.sync_claimed_until.is_not(None))
    statement = update(Context).where(Context.id.in_(locked), later).values(sync_due_at=now)
    session.execute(statement, execution_options={"synchronize_session": False})


def _count_words(session: Session, feed_id: int, strange: Sequence[Told], machine: datetime) -> None:
    if not strange:
        return
    held = set(session.scalars(select(FeedWord.word).where(FeedWord.feed_id == feed_id)))
    counted: Counter[str] = Counter()
    for event in strange:
        if event.word not in held and len(held) < MOST_WORDS:
            held.add(event.word)
        counted[event.word if event.word in held else OTHERS] += 1
    values = [
        {"feed_id": feed_id, "word": word, "count": count, "last_at": machine}
        for word, count in sorted(counted.items())
    ]
    statement = _insert(session)(FeedWord).values(values)
    more = {"count": FeedWord.count + statement.excluded["count"], "last_at": statement.excluded.last_at}
    session.execute(statement.on_conflict_do_update(index_elements=["feed_id", "word"], set_=more))


def _count(session: Session, feed_id: int, taken: Taken, machine: datetime) -> None:
    counts = {
        name: getattr(EventFeed, name) + getattr(taken, told)
        for name, told in (
            ("taken", "new"),
            ("repeated", "repeated"),
            ("unplaced", "unplaced"),
            ("late", "late"),
            ("strange", "strange"),
        )
    }
    statement = update(EventFeed).where(EventFeed.id == feed_id).values(**counts, last_at=machine)
    session.execute(statement, execution_options={"synchronize_session": False})


def feed_lines(session: Session, academy_id: int | None = None) -> tuple[FeedLine, ...]:
    """Return the feeds of an academy, or all of them."""
    query = select(EventFeed).join(Registration, Registration.id == EventFeed.registration_id).order_by(EventFeed.id)
    if academy_id is not None:
        query = query.where(Registration.academy_id == academy_id)
    lines = []
    for row in session.scalars(query):
        words = session.execute(
            select(FeedWord.word, FeedWord.count)
            .where(FeedWord.feed_id == row.id)
            .order_by(func.coalesce(FeedWord.count, 0).desc(), FeedWord.word)
            .limit(10)
        )
        told = (row.taken, row.repeated, row.unplaced, row.late, row.strange, row.last_at)
        lines.append(FeedLine(row.registration_id, row.ref, *told, words=tuple((word, count) for word, count in words)))
    return tuple(lines)
