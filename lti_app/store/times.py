"""The times that a launch leaves behind: they move on where they are older than a minute, and the course falls due.

The rule is said once, in SQL, so that whoever writes needs to have read nothing before.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Update, and_, bindparam, case, or_, update
from sqlalchemy.orm import Session

from lti_app.db import UtcDateTime
from lti_app.models import Context, Membership, Person, ResourceLink

Value = Callable[[str], Any]
# Several panels on one page launch at once, and a whole class at nine: one look at the LMS in a minute is enough for
# them all, and nobody is to queue up behind one row.
FRESH = timedelta(seconds=60)


def times_at(now: datetime) -> dict[str, datetime]:
    """Return the moments that the changes of times ask for."""
    return {"now": now, "fresh": now - FRESH}


def _moment(name: str) -> Any:
    return bindparam(name, type_=UtcDateTime())


def _old(column: Any, value: Value) -> ColumnElement[bool]:
    return or_(column.is_(None), column <= value("fresh"))


def _course(value: Value) -> Update:
    # A course that waits keeps its place in the row; one that is being read at this moment is read once more.
    waits_not = or_(
        Context.sync_due_at.is_(None), Context.sync_due_at > value("now"), Context.sync_claimed_until.is_not(None)
    )
    falls_due = and_(_old(Context.synced_at, value), waits_not)
    stale = _old(Context.launched_at, value)
    moved = {
        "launched_at": case((stale, value("now")), else_=Context.launched_at),
        "sync_due_at": case((falls_due, value("now")), else_=Context.sync_due_at),
    }
    return update(Context).where(Context.id == value("course"), or_(stale, falls_due)).values(moved)


def _one(model: Any, column: Any, name: str, value: Value) -> Update:
    here = update(model).where(model.id == value(name), _old(column, value))
    return here.values({column.key: value("now")})


def changes(value: Value) -> dict[str, Update]:
    """Return the changes by their rows; the course first, for whoever records a launch locks it before its people."""
    return {
        "course": _course(value),
        "link": _one(ResourceLink, ResourceLink.launched_at, "link", value),
        "person": _one(Person, Person.seen_at, "person", value),
        "membership": _one(Membership, Membership.launched_at, "membership", value),
    }


def asked(name: str) -> Any:
    """Return the parameter of this name."""
    return _moment(name) if name in ("now", "fresh") else bindparam(name)


_ONE_BY_ONE = changes(asked)


def move_on(session: Session, name: str, row_id: int, now: datetime) -> None:
    """Let the times of one row (``course`` or ``link``) move on; what a session holds of it stays as it was read."""
    session.flush()
    session.connection().execute(_ONE_BY_ONE[name], {name: row_id, **times_at(now)})
