"""Rows of the files that members add: kept as a draft of a form, then tied to a post or to another room's thing.

A room with files of its own (a picture of a person, a piece of the library's) chooses a word for ``Upload.place``,
gives ``settle`` that word, and says who may see them by putting a function into ``SEERS``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, update
from sqlalchemy.orm import Session

from lti_app.config import Settings
from lti_app.filekinds import MB, UploadRefused
from lti_app.models import Membership, Upload
from lti_app.store.built import built
from lti_app.store.inserts import changed_rows
from lti_app.uploads import Stored

MOST = 6
MOST_A_DAY = 100
DRAFTS_LIVE = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class UploadView:
    """A file as it is shown; ``words`` describe it, ``feedback`` is what its author would like to hear about."""

    key: str
    kind: str
    name: str
    size: int
    width: int | None
    height: int | None
    words: str
    feedback: str
    is_mine: bool


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who asks for a file; ``membership_id`` is 0 for a student view."""

    context_id: int
    membership_id: int
    is_staff: bool


Seer = Callable[[Session, Upload, Viewer], bool]


def view_of(row: Upload, membership_id: int) -> UploadView:
    """Return a row as it is shown to a member."""
    return UploadView(
        key=row.key,
        kind=row.kind,
        name=row.name,
        size=row.size,
        width=row.width,
        height=row.height,
        words=row.words,
        feedback=row.feedback,
        is_mine=row.membership_id == membership_id,
    )


def check_room(session: Session, context_id: int, membership_id: int, settings: Settings, now: datetime) -> None:
    """Raise UploadRefused when the member, or the course, has no room for one more file."""
    alive = (Upload.context_id == context_id, Upload.removed_at.is_(None))
    mine = Upload.membership_id == membership_id
    all_, own, today = session.execute(
        select(
            func.coalesce(func.sum(Upload.size), 0),
            func.coalesce(func.sum(Upload.size).filter(mine), 0),
            func.count().filter(mine, Upload.created_at > now - timedelta(days=1)),
        ).where(*alive)
    ).one()
    if own >= settings.uploads_person_mb * MB:
        raise UploadRefused("person_full")
    if all_ >= settings.uploads_course_mb * MB:
        raise UploadRefused("course_full")
    if today >= MOST_A_DAY:
        raise UploadRefused("often")


def keep(
    session: Session,
    context_id: int,
    membership_id: int,
    stored: Stored,
    now: datetime,
    *,
    words: str = "",
    feedback: str = "",
) -> UploadView:
    """Write down a file that lies on the shelf, as a draft's."""
    row = Upload(
        context_id=context_id,
        membership_id=membership_id,
        key=stored.key,
        kind=stored.kind,
        media_type=stored.media_type,
        name=stored.name,
        words=words,
        feedback=feedback,
        size=stored.size,
        width=stored.width,
        height=stored.height,
        digest=stored.digest,
        created_at=now,
    )
    session.add(row)
    session.flush()
    return view_of(row, membership_id)


def drafts(session: Session, membership_id: int, keys: Collection[str]) -> tuple[UploadView, ...]:
    """Return those of ``keys`` that are this member's own and not tied to anything yet, oldest first."""
    if not keys:
        return ()
    rows = session.scalars(select(Upload).where(_draft(membership_id, keys)).order_by(Upload.id))
    return tuple(view_of(row, membership_id) for row in rows)


def _draft(membership_id: int, keys: Collection[str]) -> ColumnElement[bool]:
    return and_(
        Upload.key.in_(list(keys)[:MOST]),
        Upload.membership_id == membership_id,
        Upload.place == "draft",
        Upload.removed_at.is_(None),
    )


def attach(session: Session, membership_id: int, post_id: int, keys: Collection[str]) -> int:
    """Tie the member's own drafts to a post that they have just written; returns how many."""
    if not keys:
        return 0
    values = {"post_id": post_id, "place": "post"}
    return changed_rows(session, update(Upload).where(_draft(membership_id, keys)).values(values))


def settle(session: Session, membership_id: int, keys: Collection[str], place: str) -> tuple[int, ...]:
    """Tie the member's own drafts to another room's thing (``place`` has its function in SEERS); returns their ids."""
    if not keys:
        return ()
    statement = update(Upload).where(_draft(membership_id, keys)).values(place=place).returning(Upload.id)
    return tuple(session.execute(statement).scalars())


@built
def _alive(post_ids: list[int]) -> Select[Upload]:
    return select(Upload).where(Upload.post_id.in_(post_ids), Upload.removed_at.is_(None)).order_by(Upload.id)


def of_posts(session: Session, post_ids: Iterable[int], membership_id: int) -> Mapping[int, tuple[UploadView, ...]]:
    """Return the files of many posts in one query."""
    wanted = set(post_ids)
    found: dict[int, tuple[UploadView, ...]] = {}
    if wanted:
        for row in session.scalars(*_alive(list(wanted))):
            found[row.post_id or 0] = (*found.get(row.post_id or 0, ()), view_of(row, membership_id))
    return found


def seen_by(session: Session, key: str, viewer: Viewer) -> Upload | None:
    """Return the row of a file if it is there and this viewer may see it."""
    row = session.scalar(
        # A person's picture goes with them into each of their courses; its own function says who sees it.
        select(Upload)
        .where(Upload.key == key, Upload.removed_at.is_(None))
        .where(or_(Upload.context_id == viewer.context_id, Upload.place == "portrait"))
    )
    if row is None or not _belongs(session, viewer):
        return None
    seer = SEERS.get(row.place)
    return row if seer is not None and seer(session, row, viewer) else None


def _belongs(session: Session, viewer: Viewer) -> bool:
    here = select(Membership.id).where(Membership.context_id == viewer.context_id, Membership.state == "active")
    return viewer.membership_id == 0 or session.scalar(here.where(Membership.id == viewer.membership_id)) is not None


def _sees_draft(_session: Session, row: Upload, viewer: Viewer) -> bool:
    return viewer.membership_id != 0 and row.membership_id == viewer.membership_id


SEERS: dict[str, Seer] = {"draft": _sees_draft}


def remove(session: Session, context_id: int, key: str, membership_id: int, now: datetime) -> bool:
    """Take away a file of one's own, or say that it was not there (any more); its bytes go after the commit."""
    own = (Upload.key == key, Upload.context_id == context_id, Upload.membership_id == membership_id)
    statement = update(Upload).where(*own, Upload.removed_at.is_(None)).values(removed_at=now)
    return changed_rows(session, statement) == 1


def removed(session: Session, key: str, now: datetime) -> bool:
    """Say of a file that it was taken away, whoever's it is; its bytes go after the commit."""
    return changed_rows(session, update(Upload).where(Upload.key == key).values(removed_at=now)) == 1


def remove_of_post(session: Session, post_id: int, now: datetime) -> tuple[str, ...]:
    """Take away the files of a post whose author deletes it; returns the keys whose bytes go after the commit."""
    gone = update(Upload).where(Upload.post_id == post_id, Upload.removed_at.is_(None)).values(removed_at=now)
    return tuple(session.execute(gone.returning(Upload.key)).scalars())


def orphans(session: Session, now: datetime, limit: int = 200) -> tuple[tuple[int, str], ...]:
    """Return ids and keys of files that no form came for within a day, or whose post is gone."""
    old = Upload.created_at < now - DRAFTS_LIVE
    lost = or_(Upload.place == "draft", (Upload.place == "post") & Upload.post_id.is_(None))
    rows = session.execute(select(Upload.id, Upload.key).where(old, lost).order_by(Upload.id).limit(limit))
    return tuple((row[0], row[1]) for row in rows)


def known_keys(session: Session, keys: Collection[str]) -> frozenset[str]:
    """Return those keys whose bytes must stay: there is a row for them that was not removed."""
    alive = select(Upload.key).where(Upload.key.in_(keys), Upload.removed_at.is_(None))
    return frozenset(session.scalars(alive)) if keys else frozenset()
