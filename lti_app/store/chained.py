"""Several changes as one statement of PostgreSQL: one after the other, entirely or not at all, there and back once."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import CTE, Update, exists, func, literal_column, select


def one_after_another(used: CTE, changes: Mapping[str, Update]) -> dict[str, CTE]:
    """Return the changes as parts of a statement that begins with ``used``; without a row of it they touch nothing.

    Each waits for the one before, for otherwise the database chooses the order, and two launches of one course could
    wait for each other.
    """
    parts: dict[str, CTE] = {}
    before = used
    for name, change in changes.items():
        here = select(func.count()).select_from(before).scalar_subquery()
        change = change.where(exists(select(used.c.state)), here >= literal_column("0"))
        before = parts[name] = change.returning(change.table.c.id).cte(f"{name}_row")
    return parts
