"""The numbers of registrations that were removed: SQLite would give the last one out again.

A visit that is open at that moment names its rows by their numbers, and would speak for whoever comes next.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lti_app.models import ConsumedState, Registration
from lti_app.store.consumed import consume

# Longer than any visit's token lives.
REMEMBER = timedelta(days=2)
# Before and after all names of this kind; no state and no invitation is called so.
FIRST, BEYOND = "registration-", "registration."


def set_aside(session: Session, registration_id: int) -> None:
    """Remember a number that is free from now on."""
    consume(session, f"{FIRST}{registration_id}", remember=REMEMBER)


def next_number(session: Session) -> int | None:
    """Return the number for a new registration; None where the database's own choice is good."""
    if session.get_bind().dialect.name != "sqlite":
        return None
    names = select(ConsumedState.state).where(ConsumedState.state >= FIRST, ConsumedState.state < BEYOND)
    freed = [int(name.removeprefix(FIRST)) for name in session.scalars(names)]
    if not freed:
        return None
    return max(*freed, session.scalar(select(func.max(Registration.id))) or 0) + 1
