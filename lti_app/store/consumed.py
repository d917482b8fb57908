"""States and invitations that were used: each once, over all processes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import CTE, FromClause, bindparam, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from lti_app.models import ConsumedState

# Longer than any state or invitation lives, so that one that was used cannot come back to life.
REMEMBER = timedelta(days=1)
_ROW: dict[str, Any] = {
    name: bindparam(name, type_=ConsumedState.__table__.c[name].type) for name in ("state", "expires_at")
}


def consume(session: Session, state_id: str, *, remember: timedelta = REMEMBER) -> bool:
    """Use up a state, once: False when somebody did before. Waits for a transaction that is just doing it."""
    make = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    values = {"state": state_id[:64], "expires_at": datetime.now(UTC) + remember}
    statement = make(ConsumedState).values(values).on_conflict_do_nothing().returning(ConsumedState.state)
    return session.execute(statement).scalar_one_or_none() is not None


def consuming(here: FromClause | None = None) -> CTE:
    """Return, as the first part of a larger statement for PostgreSQL, the state: no row where somebody used it before.

    Where ``here`` is given and has no row, nothing is used up.
    """
    chosen = select(*_ROW.values()) if here is None else select(*_ROW.values()).select_from(here)
    made = postgresql.insert(ConsumedState).from_select(list(_ROW), chosen)
    return made.on_conflict_do_nothing().returning(ConsumedState.state).cte("used")


def to_consume(state_id: str) -> dict[str, Any]:
    """Return the values for statements of the driver (`consuming`, and moved_on.py for SQLite)."""
    return {"state": state_id[:64], "expires_at": datetime.now(UTC) + REMEMBER}


def forget_expired_states(session: Session) -> None:
    """Remove used states whose signature has long expired anyhow; the column is indexed."""
    session.execute(delete(ConsumedState).where(ConsumedState.expires_at < datetime.now(UTC)))
