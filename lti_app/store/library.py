"""The library of a course as one person may see it; never another course's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, false, func, or_, select
from sqlalchemy.orm import Session

from lti_app.models import Material, MaterialUse, Upload
from lti_app.store import people, uploads
from lti_app.store.course_facts import activity_refs
from lti_app.store.places import Beside, stands_at
from lti_app.store.refusals import NotYours
from lti_app.store.search_index import MATERIAL
from lti_app.store.uploads import UploadView
from lti_app.store.views import ActivityRef, Face
from lti_app.store.words_index import ranked

KINDS = ("link", "file", "tutorial", "case", "recording")
PAGE = 20
MOST_FEATURED = 6
# Of several words the rarer ones must be there.
AT_LEAST = 0.4


@dataclass(frozen=True, slots=True)
class Reader:
    """Who looks; ``membership_id`` is 0 for a student view."""

    context_id: int
    membership_id: int
    is_staff: bool


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody looks for; empty is everything."""

    kind: str = ""
    outcome: str = ""
    words: str = ""
    place: Beside = field(default_factory=Beside)

    def __bool__(self) -> bool:
        """Whether anything is left out."""
        return bool(self.kind or self.outcome or self.words or self.place)


@dataclass(frozen=True, slots=True)
class MaterialView:
    """A piece of the library; ``reason`` is the staff's word where it was declined."""

    id: int
    kind: str
    state: str
    title: str
    why: str
    url: str | None
    upload: UploadView | None
    activity: ActivityRef | None
    section: str
    outcome: str
    event_id: int | None
    by: Face | None
    is_mine: bool
    useful: int
    i_find_useful: bool
    featured: bool
    reason: str
    at: datetime


def _seen_by(reader: Reader) -> Select[Material]:
    """Select what there is for this reader: everything for staff, what is shown and their own for members."""
    query = select(Material).where(Material.context_id == reader.context_id)
    if reader.is_staff:
        return query
    mine = and_(Material.by_id == reader.membership_id, Material.state.in_(("waiting", "declined")))
    return query.where(or_(Material.state == "shown", mine))


def shelves(
    session: Session, reader: Reader, wanted: Wanted, *, before: int | None = None
) -> tuple[tuple[MaterialView, ...], bool]:
    """Return a page of what is shown, newest first, and whether there is more; in five queries whatever its length.

    What staff has put forward stands by itself (``featured``) while nothing is looked for.
    """
    query = _seen_by(reader).where(Material.state == "shown", *_conditions(session, reader, wanted))
    if not wanted:
        query = query.where(Material.featured_at.is_(None))
    last = session.get(Material, before) if before is not None else None
    if last is not None and last.context_id == reader.context_id and last.shown_at is not None:
        earlier = and_(Material.shown_at == last.shown_at, Material.id < last.id)
        query = query.where(or_(Material.shown_at < last.shown_at, earlier))
    rows = session.scalars(query.order_by(Material.shown_at.desc(), Material.id.desc()).limit(PAGE + 1)).all()
    return _views(session, reader, rows[:PAGE]), len(rows) > PAGE


def featured(session: Session, reader: Reader) -> tuple[MaterialView, ...]:
    """Return what the staff has put forward, the latest first."""
    query = _seen_by(reader).where(Material.state == "shown", Material.featured_at.is_not(None))
    rows = session.scalars(query.order_by(Material.featured_at.desc(), Material.id.desc()).limit(MOST_FEATURED)).all()
    return _views(session, reader, rows)


def in_hand(session: Session, reader: Reader) -> tuple[MaterialView, ...]:
    """Return what waits: for staff every suggestion, for a member their own and what became of it."""
    query = _seen_by(reader)
    if reader.is_staff:
        query = query.where(Material.state == "waiting")
    else:
        query = query.where(Material.by_id == reader.membership_id, Material.state.in_(("waiting", "declined")))
    rows = session.scalars(query.order_by(Material.created_at, Material.id).limit(PAGE)).all()
    return _views(session, reader, rows)


def archived(session: Session, reader: Reader) -> tuple[MaterialView, ...]:
    """Return what staff has put away, for staff."""
    if not reader.is_staff:
        return ()
    query = _seen_by(reader).where(Material.state == "archived")
    rows = session.scalars(query.order_by(Material.changed_at.desc(), Material.id.desc()).limit(PAGE)).all()
    return _views(session, reader, rows)


def waiting(context_id: int) -> ColumnElement[int]:
    """Count the suggestions that wait for the staff."""
    due = (Material.context_id == context_id, Material.state == "waiting")
    return select(func.count()).select_from(Material).where(*due).scalar_subquery()


def read_material(session: Session, reader: Reader, material_id: int) -> MaterialView:
    """Return one piece; raises NotYours."""
    row = session.scalar(_seen_by(reader).where(Material.id == material_id))
    if row is None:
        raise NotYours
    return _views(session, reader, [row])[0]


def _conditions(session: Session, reader: Reader, wanted: Wanted) -> list[ColumnElement[bool]]:
    found = [stands_at(wanted.place, reader.context_id, Material.activity_id.expression, Material.section.expression)]
    if wanted.kind:
        found.append(Material.kind == wanted.kind)
    if wanted.outcome:
        found.append(Material.outcome == wanted.outcome)
    if wanted.words:
        # By stems, as everywhere: whoever looks for "table" finds "tables", in Italian as in English.
        held = ranked(session, reader.context_id, MATERIAL, wanted.words, at_least=AT_LEAST)
        found.append(false() if held is None else Material.id.in_(select(held.c.item_id)))
    return found


def _views(session: Session, reader: Reader, rows: Sequence[Material]) -> tuple[MaterialView, ...]:
    known = people.faces(session, {row.by_id for row in rows}, to_staff=reader.is_staff)
    activities = activity_refs(session, {row.activity_id for row in rows})
    files = {row.upload_id for row in rows if row.upload_id}
    kept = {
        one.id: uploads.view_of(one, reader.membership_id)
        for one in (
            session.scalars(select(Upload).where(Upload.id.in_(files), Upload.removed_at.is_(None))) if files else ()
        )
    }
    used = select(MaterialUse.material_id).where(
        MaterialUse.membership_id == reader.membership_id, MaterialUse.material_id.in_([row.id for row in rows])
    )
    mine = frozenset(session.scalars(used)) if rows else frozenset()
    return tuple(
        MaterialView(
            id=row.id,
            kind=row.kind,
            state=row.state,
            title=row.title,
            why=row.why,
            url=row.url,
            upload=kept.get(row.upload_id or 0),
            activity=activities.get(row.activity_id or 0),
            section=row.section or "",
            outcome=row.outcome or "",
            event_id=row.event_id,
            by=known.get(row.by_id or 0),
            is_mine=row.by_id == reader.membership_id and reader.membership_id != 0,
            useful=row.useful,
            i_find_useful=row.id in mine,
            featured=row.featured_at is not None,
            reason=row.reason,
            at=row.shown_at or row.created_at,
        )
        for row in rows
    )
