"""What a launch leaves behind that changes nothing else: its state is used up, and the times of its rows move on.

Both happen in one statement, entirely or not at all. PostgreSQL can say it at once; SQLite has a trigger for it on each
connection, so that the one lock for writing is held while the database works and never while Python waits its turn.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Integer, Select, Update, bindparam, column, exists, func, insert, literal_column, select, update
from sqlalchemy import table as plain_table
from sqlalchemy.dialects import sqlite

from lti_app.db import UtcDateTime
from lti_app.driver import Driver, Statement
from lti_app.models import ConsumedState, Context, Membership, Person, ResourceLink
from lti_app.store.arrivals import FRESH, due_for_sync
from lti_app.store.consumed import consuming, to_consume

Value = Callable[[str], Any]
_ROWS, _MOMENTS = ("course", "link", "person", "membership"), ("now", "due", "course_at")


def _changes(value: Value) -> tuple[Update, ...]:
    """Return the changes; the course first: whoever records a launch in full locks it before its people."""
    course, now = {"launched_at": value("course_at"), "sync_due_at": value("due")}, value("now")
    return (
        update(Context).where(Context.id == value("course")).values(course),
        update(ResourceLink).where(ResourceLink.id == value("link")).values(launched_at=now),
        update(Person).where(Person.id == value("person")).values(seen_at=now),
        update(Membership).where(Membership.id == value("membership")).values(launched_at=now),
    )


#: The same one by one, for a transaction that writes more than times.
ONE_BY_ONE = tuple(zip(_ROWS, (Statement(change) for change in _changes(bindparam)), strict=True))


def _at_once() -> Select[Any]:
    """Return the statement for PostgreSQL.

    Each part waits for the one before, for otherwise the database chooses the order, and two launches of one course
    could wait for each other. Without the state nothing is touched.
    """
    used = consuming()
    before = used
    for name, change in zip(_ROWS, _changes(bindparam), strict=True):
        here = select(func.count()).select_from(before).scalar_subquery()
        change = change.where(exists(select(used.c.state)), here >= 0)
        before = change.returning(change.table.c.id).cte(f"{name}_row")
    return select(used.c.state).add_cte(before)


_VIEW = plain_table(
    "moved_on",
    *(column(one.name, one.type) for one in (ConsumedState.state.expression, ConsumedState.expires_at.expression)),
    *(column(name, Integer()) for name in _ROWS),
    *(column(name, UtcDateTime()) for name in _MOMENTS),
)


def _trigger() -> tuple[str, ...]:
    """Return what SQLite is to be told once on each connection."""

    def new(name: str) -> Any:
        return literal_column(f"NEW.{name}")

    names = [one.name for one in _VIEW.columns]
    use = insert(ConsumedState).values(state=new("state"), expires_at=new("expires_at")).inline()
    acts = (str(act.compile(dialect=sqlite.dialect())) for act in (use, *_changes(new)))
    return (
        f"CREATE TEMP VIEW moved_on AS SELECT {', '.join(f'NULL AS {name}' for name in names)}",
        f"CREATE TEMP TRIGGER move_on INSTEAD OF INSERT ON moved_on BEGIN {'; '.join(acts)}; END",
    )


_AT_ONCE = Statement(_at_once())
_MOVE_ON = Statement(
    insert(_VIEW).values({one.name: bindparam(one.name, type_=one.type) for one in _VIEW.columns}).inline()
)
_TRIGGER = _trigger()


def times_of(row: Any, now: datetime) -> dict[str, Any]:
    """Return the rows that are to have new times, at most once a minute each; 0 where the old time is new enough."""

    def old(moment: datetime | None) -> bool:
        return moment is None or now - moment >= FRESH

    due = due_for_sync(row.sync_due_at, row.synced_at, row.sync_claimed_until, now)
    stale = old(row.course_launched_at)
    return {
        "now": now,
        "due": due,
        "course_at": now if stale else row.course_launched_at,
        "course": row.context_id if stale or due != row.sync_due_at else 0,
        "link": row.resource_link_id if old(row.link_launched_at) else 0,
        "person": row.person_id if old(row.seen_at) else 0,
        "membership": row.membership_id if old(row.launched_at) else 0,
    }


def move_on(driver: Driver, state_id: str, times: Mapping[str, Any]) -> bool:
    """Use up the state and write the times; False, and nothing is written, when the state was used before."""
    values = {**to_consume(state_id), **times}
    if driver.dialect.name == "postgresql":
        return driver.one(_AT_ONCE, values) is not None
    driver.teach("move_on", _TRIGGER)
    return driver.add(_MOVE_ON, values)
