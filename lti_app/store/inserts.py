"""Insert a row unless it is there already: what makes a second pass, or two at once, harmless."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import CursorResult
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from lti_app.models import Base

# Both databases bound the parameters of one statement.
CHUNK = 200


def insert_new(session: Session, model: type[Base], **values: Any) -> int | None:
    """Insert one row and return its id, or None when any unique key of the table was taken."""
    make = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = make(model).values(**values).on_conflict_do_nothing().returning(model.__table__.c.id)
    row_id: int | None = session.execute(statement).scalar_one_or_none()
    return row_id


def insert_all(session: Session, model: type[Base], rows: Sequence[Mapping[str, Any]]) -> list[int]:
    """Insert many rows of the same columns and return the ids of those that were not there already."""
    make = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    ids: list[int] = []
    for start in range(0, len(rows), CHUNK):
        statement = make(model).values([dict(row) for row in rows[start : start + CHUNK]])
        ids += session.execute(statement.on_conflict_do_nothing().returning(model.__table__.c.id)).scalars()
    return ids


def changed_rows(session: Session, statement: Any) -> int:
    """Run a conditional UPDATE and return how many rows it changed: none means that somebody else was first."""
    result = session.execute(statement.execution_options(synchronize_session=False))
    return result.rowcount if isinstance(result, CursorResult) else 0
