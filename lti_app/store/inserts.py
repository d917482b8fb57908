"""Insert a row unless it is there already: what makes a second pass, or two at once, harmless."""

from __future__ import annotations

from typing import Any

from sqlalchemy import CursorResult
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from lti_app.models import Base


def insert_new(session: Session, model: type[Base], **values: Any) -> int | None:
    """Insert one row and return its id, or None when any unique key of the table was taken."""
    make = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = make(model).values(**values).on_conflict_do_nothing().returning(model.__table__.c.id)
    row_id: int | None = session.execute(statement).scalar_one_or_none()
    return row_id


def changed_rows(session: Session, statement: Any) -> int:
    """Run a conditional UPDATE and return how many rows it changed: none means that somebody else was first."""
    result = session.execute(statement.execution_options(synchronize_session=False))
    return result.rowcount if isinstance(result, CursorResult) else 0
