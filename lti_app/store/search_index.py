"""Meetings and the library in the index of words: what is new or has changed is brought in by the tick."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.orm import Session

from lti_app.models import Event, Material
from lti_app.store.inserts import changed_rows
from lti_app.store.words_index import index_item

EVENT, MATERIAL = "event", "material"


def _waits(model: type[Event] | type[Material]) -> ColumnElement[bool]:
    return or_(model.indexed_at.is_(None), model.indexed_at < model.changed_at)


def things_wait(session: Session) -> bool:
    """Whether a meeting or a piece of the library is not in the index as it is now."""
    return any(
        session.scalar(select(model.id).where(_waits(model)).limit(1)) is not None for model in (Event, Material)
    )


def index_things(session: Session, most: int = 200) -> int:
    """Index meetings and materials that wait for it and return how many; what may be seen is asked when it is shown."""
    events = session.scalars(select(Event).where(_waits(Event)).order_by(Event.id).limit(most)).all()
    for event in events:
        body = " ".join((event.words, event.bring, event.guests, event.notes))
        index_item(session, event.context_id, EVENT, event.id, event.title, body)
        _note(session, Event, event.id, event.changed_at)
    materials = session.scalars(select(Material).where(_waits(Material)).order_by(Material.id).limit(most)).all()
    for piece in materials:
        index_material(session, piece)
    return len(events) + len(materials)


def index_material(session: Session, piece: Material) -> None:
    """Let a piece of the library be found by its words from now on."""
    body = " ".join((piece.why, piece.section or "", piece.outcome or ""))
    index_item(session, piece.context_id, MATERIAL, piece.id, piece.title, body)
    _note(session, Material, piece.id, piece.changed_at)


def _note(session: Session, model: type[Event] | type[Material], item_id: int, as_of: datetime) -> None:
    # As of the words that were read: a change that comes meanwhile is later, and waits again.
    changed_rows(session, update(model).where(model.id == item_id).values(indexed_at=as_of))
