"""How SQLite uses up a state and writes the times of a launch by one statement: a trigger on each connection.

Its one lock for writing is held while the database works, and never while Python waits its turn.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Insert, Integer, Select, bindparam, column, insert, literal_column
from sqlalchemy import table as plain_table
from sqlalchemy.dialects import sqlite

from lti_app.db import UtcDateTime
from lti_app.driver import Driver, Statement
from lti_app.models import ConsumedState
from lti_app.store.times import changes

_VIEW = plain_table(
    "moved_on",
    *(column(one.name, one.type) for one in (ConsumedState.state.expression, ConsumedState.expires_at.expression)),
    *(column(name, Integer()) for name in ("course", "link", "person", "membership")),
    *(column(name, UtcDateTime()) for name in ("now", "fresh")),
)
_SAID = {one.name: bindparam(one.name, type_=one.type) for one in _VIEW.columns}


def _trigger() -> tuple[str, ...]:
    """Return what SQLite is to be told once on each connection."""

    def new(name: str) -> Any:
        return literal_column(f"NEW.{name}", type_=_VIEW.c[name].type)

    use = insert(ConsumedState).values(state=new("state"), expires_at=new("expires_at")).inline()
    acts = (str(act.compile(dialect=sqlite.dialect())) for act in (use, *changes(new).values()))
    return (
        f"CREATE TEMP VIEW moved_on AS SELECT {', '.join(f'NULL AS {name}' for name in _SAID)}",
        f"CREATE TEMP TRIGGER move_on INSTEAD OF INSERT ON moved_on BEGIN {'; '.join(acts)}; END",
    )


_TRIGGER = _trigger()
#: Whatever there is.
MOVE = Statement(insert(_VIEW).values(_SAID).inline())


def moving_from(query: Callable[..., Select[Any]]) -> Insert:
    """Return the same for as long as ``query``, made of the columns it is given, finds a row."""
    return insert(_VIEW).from_select(list(_SAID), query(*_SAID.values()))


def make_ready(driver: Driver) -> None:
    """Tell the connection what `move_near` needs; not within a transaction, for one that is undone takes it away."""
    driver.teach("move_on", _TRIGGER)


def move_near(driver: Driver, values: Mapping[str, Any], statement: Statement = MOVE) -> int | None:
    """Return how many rows changed; None, and nothing did, when the state was used before. See `make_ready`."""
    return driver.add(statement, values)
