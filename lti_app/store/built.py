"""Statements that are built once and then only filled in.

Putting a statement together costs several times what running it does, and SQLAlchemy looks over every part of it
again to find what it has compiled; one that is always the same object is found at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import wraps
from inspect import Parameter, signature
from typing import Any, ParamSpec, TypeVar, get_type_hints

from sqlalchemy import BindParameter, ColumnElement, Executable, Integer, Result, String, literal
from sqlalchemy.orm import InstrumentedAttribute, Session

from lti_app.db import UtcDateTime

P = ParamSpec("P")
S = TypeVar("S")
TYPES: dict[Any, Any] = {int: Integer(), str: String(), datetime: UtcDateTime()}


class Value(BindParameter[Any]):
    """The place of a value that comes when the statement runs, so that nothing can be worked out from it before."""

    inherit_cache = True

    def __add__(self, other: Any) -> Any:
        """Refuse: the sum would be left to the database, and each counts times in its own way."""
        raise TypeError(f"{self.key} has no value yet: give what follows from it as a value of its own")

    __sub__ = __radd__ = __rsub__ = __add__


def built(make: Callable[P, S]) -> Callable[P, tuple[S, dict[str, Any]]]:
    """Make ``make`` return its statement, built at the first call, and the values to run it with.

    What stands before ``*`` is a value: ``make`` gets a bound parameter in its place, so it may only compare it: it
    must not ask whether it is None, nor count with it (an error). What stands after ``*`` is the shape: each shape has
    a statement of its own. Run it with ``session.execute(*make(…))``; with ``read_rows`` if it selects columns alone.
    """
    names = [name for name, one in signature(make).parameters.items() if one.kind is not Parameter.KEYWORD_ONLY]
    made: dict[tuple[tuple[str, Any], ...], S] = {}

    @wraps(make)
    def fill(*values: P.args, **shape: P.kwargs) -> tuple[S, dict[str, Any]]:
        key = tuple(sorted(shape.items()))
        statement = made.get(key)
        if statement is None:
            statement = made[key] = _build(make, names, shape)
        return statement, dict(zip(names, values, strict=True))

    return fill


def among(column: ColumnElement[Any] | InstrumentedAttribute[Any], values: Iterable[str]) -> ColumnElement[bool]:
    """Whether a column holds one of some words that are always the same.

    ``in_`` with a list leaves room for another list each time, for which the whole statement is written anew.
    """
    return column.in_([literal(value, column.type) for value in values])


def read_rows(session: Session, asked: tuple[Executable, dict[str, Any]]) -> Result[*tuple[Any, ...]]:
    """Run a statement that selects columns alone, on the session's own connection: half the way of the ORM's.

    What waits in the session is written first, as the session itself would do.
    """
    session.flush()
    return session.connection().execute(*asked)


def _build(make: Callable[..., S], names: list[str], shape: dict[str, Any]) -> S:
    kinds = get_type_hints(make)
    return make(*(Value(name, type_=TYPES.get(kinds[name])) for name in names), **shape)
