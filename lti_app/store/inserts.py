"""Insert a row unless it is there already: what makes a second pass, or two at once, harmless."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from sqlalchemy import CursorResult, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from lti_app.models import Base


def insert_new(session: Session, model: type[Base], **values: Any) -> int | None:
    """Insert one row and return its id, or None when any unique key of the table was taken."""
    statement = _new(session, model).values(**values)
    row_id: int | None = session.execute(statement).scalar_one_or_none()
    return row_id


def insert_all(session: Session, model: type[Base], rows: Sequence[Mapping[str, Any]]) -> list[int]:
    """Insert many rows of the same columns and return the ids of those that were not there already."""
    if not rows:
        return []
    # Not ``values([...])``: a statement of its own for each number of rows would be put together anew each time.
    return list(session.execute(_new(session, model), [dict(row) for row in rows]).scalars())


def _new(session: Session, model: type[Base]) -> Any:
    make = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    table = cast("Table", model.__table__)
    return make(table).on_conflict_do_nothing().returning(table.c.id)


def changed_rows(session: Session, statement: Any) -> int:
    """Run a conditional UPDATE and return how many rows it changed: none means that somebody else was first."""
    result = session.execute(statement.execution_options(synchronize_session=False))
    return result.rowcount if isinstance(result, CursorResult) else 0
