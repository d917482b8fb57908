"""States and invitations that were used: each once, over all processes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import CTE, bindparam, delete
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from lti_app.driver import Driver, Statement
from lti_app.models import ConsumedState

# Longer than any state or invitation lives, so that one that was used cannot come back to life.
REMEMBER = timedelta(days=1)
_ROW: dict[str, Any] = {"state": bindparam("state"), "expires_at": bindparam("expires_at")}
_USE = {
    name: Statement(insert(ConsumedState).values(_ROW).inline().on_conflict_do_nothing())
    for name, insert in (("sqlite", sqlite.insert), ("postgresql", postgresql.insert))
}


def consume(session: Session, state_id: str, *, remember: timedelta = REMEMBER) -> bool:
    """Use up a state, once: False when somebody did before. Waits for a transaction that is just doing it."""
    make = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    values = {"state": state_id[:64], "expires_at": datetime.now(UTC) + remember}
    statement = make(ConsumedState).values(values).on_conflict_do_nothing().returning(ConsumedState.state)
    return session.execute(statement).scalar_one_or_none() is not None


def consume_by(driver: Driver, state_id: str) -> bool:
    """Use up a state as `consume` does, in a transaction of the driver."""
    return driver.run(_USE[driver.dialect.name], to_consume(state_id)) == 1


def consuming() -> CTE:
    """Return the same as the first part of a larger statement for PostgreSQL: no row where somebody did before."""
    insert = postgresql.insert(ConsumedState).values(_ROW).on_conflict_do_nothing()
    return insert.returning(ConsumedState.state).cte("used")


def to_consume(state_id: str) -> dict[str, Any]:
    """Return the values for either."""
    return {"state": state_id[:64], "expires_at": datetime.now(UTC) + REMEMBER}


def forget_expired_states(session: Session) -> None:
    """Remove used states whose signature has long expired anyhow; the column is indexed."""
    session.execute(delete(ConsumedState).where(ConsumedState.expires_at < datetime.now(UTC)))
