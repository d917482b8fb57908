"""What concerns one member, newest first: their notifications, without a line that leads to nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, delete, select, update
from sqlalchemy.orm import Session

from lti_app.models import Notification
from lti_app.store import news_rows
from lti_app.store.built import built, read_rows
from lti_app.store.bulk import table_of
from lti_app.store.inserts import changed_rows
from lti_app.store.news_rows import MOST
from lti_app.store.people import face
from lti_app.store.views import Face

PAGE = 60
KEPT = timedelta(days=180)
PORTION = 1000


@dataclass(frozen=True, slots=True)
class Item:
    """One notification; ``by`` is None where nobody did it, or nobody may know who (``nameless`` then tells whether).

    ``thread_kind`` and the ids say where it leads; ``words`` are the beginning of the post that it is about.
    """

    id: int
    kind: str
    at: datetime
    is_new: bool
    by: Face | None
    nameless: int | None
    title: str
    thread_id: int | None
    thread_kind: str | None
    match_id: int | None
    circle_id: int | None
    post_id: int | None
    words: str
    facts: Mapping[str, Any]

    @property
    def subject(self) -> tuple[Any, ...]:
        """What makes two notifications one line: the same kind of thing about the same thread, or the same thing."""
        about = [value for name, value in sorted(self.facts.items()) if name.endswith("_id") and not _is_person(name)]
        return (self.kind, self.thread_id, *((self.id,) if self.thread_id is None and not about else map(str, about)))


@dataclass(frozen=True, slots=True)
class Line:
    """Notifications that are told as one: "Anna and two others answered"; ``people`` counts them all."""

    item: Item
    ids: tuple[int, ...]
    faces: tuple[Face, ...]
    people: int
    is_new: bool
    first_new: Item | None = field(default=None)

    @property
    def goes_to(self) -> Item:
        """Where the line leads: what is new first, so that nothing between is missed."""
        return self.first_new or self.item


def _is_person(name: str) -> bool:
    return name in ("by_id", "membership_id", "person_id")


def items(
    session: Session,
    membership_ids: Sequence[int],
    *,
    before: int | None = None,
    limit: int = PAGE,
    to_staff: bool = False,
    only: Sequence[ColumnElement[bool]] = (),
) -> dict[int, list[Item]]:
    """Return what these members were told, newest first, in one query; ``before`` is the last id already shown."""
    query, values = news_rows.told(list(membership_ids), before or 0, limit, paged=before is not None)
    found: dict[int, list[Item]] = {one: [] for one in membership_ids}
    rows: Iterable[Any] = read_rows(session, (query.where(*only) if only else query, values))
    for row in rows:
        found[row.membership_id].append(_item(row, to_staff))
    return found


def _item(row: Any, to_staff: bool) -> Item:
    doer = row.by_id
    # Whoever asked without their name stays without it, in whatever they do there; staff may know.
    hidden = (row.post_anonymous and doer == row.post_by) or (row.thread_anonymous and doer == row.thread_by)
    nameless = doer if doer is not None and hidden and not to_staff else None
    told = row.person_id is not None and nameless is None
    return Item(
        id=row.id,
        kind=row.kind,
        at=row.made_at,
        is_new=row.seen_at is None,
        by=face(doer, row, to_staff=to_staff or row.role != "learner") if told else None,
        nameless=nameless,
        title=row.title or str(row.facts.get("title") or ""),
        thread_id=row.merged_into_id or row.thread_id,
        thread_kind=row.thread_kind,
        match_id=row.match_id,
        circle_id=row.circle_id,
        post_id=row.post_id,
        words=row.words or "",
        facts=row.facts,
    )


@built
def _unseen(membership_id: int) -> Select[int]:
    return select(news_rows.unseen(membership_id))


def number_unseen(session: Session, membership_id: int) -> int:
    """Count the things that this member has not seen, at most ``MOST``."""
    return int(read_rows(session, _unseen(membership_id)).scalar_one())


def gather(found: Sequence[Item]) -> list[Line]:
    """Tell as one line what belongs together, newest first; ``found`` are the items of one day."""
    together: dict[tuple[Any, ...], list[Item]] = {}
    for item in found:
        together.setdefault(item.subject, []).append(item)
    return [_line(own) for own in together.values()]


def _line(own: Sequence[Item]) -> Line:
    known = {item.by.membership_id: item.by for item in own if item.by is not None}
    nameless = {item.nameless for item in own if item.nameless is not None}
    fresh = [item for item in own if item.is_new]
    return Line(
        item=own[0],
        ids=tuple(item.id for item in own),
        faces=tuple(known.values()),
        people=len(known) + len(nameless),
        is_new=bool(fresh),
        first_new=fresh[-1] if fresh else None,
    )


def see(session: Session, membership_id: int, now: datetime, ids: Sequence[int] | None = None) -> int:
    """Mark these notifications of a member as seen, or all of them; returns how many were new."""
    mine = update(Notification).where(Notification.membership_id == membership_id, Notification.seen_at.is_(None))
    if ids is not None:
        mine = mine.where(Notification.id.in_(ids))
    return changed_rows(session, mine.values(seen_at=now))


def see_like(session: Session, membership_id: int, notification_id: int, now: datetime) -> Item | None:
    """Mark one notification, and what is told in the same line, as seen; returns it, or None when it is not theirs."""
    found = items(session, [membership_id], limit=1, only=[Notification.id == notification_id])[membership_id]
    if not found:
        return None
    fresh = items(session, [membership_id], limit=MOST, only=[Notification.seen_at.is_(None)])[membership_id]
    see(session, membership_id, now, [item.id for item in fresh if item.subject == found[0].subject])
    return found[0]


@built
def _thread_news(reader: int, thread: int, now: datetime) -> Any:
    table = table_of(Notification)
    mine = (table.c.membership_id == reader, table.c.seen_at.is_(None), table.c.thread_id == thread)
    return update(table).where(*mine).values(seen_at=now)


def saw_thread_news(session: Session, membership_id: int, thread_id: int, now: datetime) -> None:
    """Whoever reads a thread has seen what they were told about it."""
    session.execute(*_thread_news(membership_id, thread_id, now))


def has_old(session: Session, now: datetime) -> bool:
    """Return whether anything is older than half a year."""
    oldest = session.scalar(select(Notification.made_at).order_by(Notification.id).limit(1))
    return oldest is not None and oldest < now - KEPT


def forget_old(session: Session, now: datetime) -> int:
    """Remove what is older than half a year, a portion at a time, and return how many went."""
    # Ids grow with time, so the oldest are found without an index of their own.
    oldest = session.execute(select(Notification.id, Notification.made_at).order_by(Notification.id).limit(PORTION))
    over = [row.id for row in oldest if row.made_at < now - KEPT]
    if over:
        session.execute(delete(Notification).where(Notification.id.in_(over)))
    return len(over)
