"""How a launch that was weighed is written: a state used up, times, a day, its words, and whoever was not there yet.

PostgreSQL says it in one statement; SQLite, which is near, one by one in a transaction.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from sqlalchemy import CTE, BigInteger, Select, bindparam, func, literal_column, select
from sqlalchemy.dialects import postgresql, sqlite

from lti_app.driver import Driver, Statement
from lti_app.models import ActiveDay, Arrival, Membership, Person
from lti_app.store.chained import one_after_another
from lti_app.store.consumed import consuming
from lti_app.store.moved_on import make_ready, move_near
from lti_app.store.proofs import LAUNCH
from lti_app.store.times import asked, changes

#: What a new person's row and a new membership's take from the launch, as ``person_name`` and ``membership_role``.
PERSON = (
    "registration_id", "id_on_platform", "api_id", "name", "given_name", "family_name", "email", "picture", "locale",
    "time_zone",
)  # fmt: skip
MEMBERSHIP = ("context_id", "role", "raw_roles")


def _row(model: Any, of: str, names: tuple[str, ...], **more: Any) -> dict[str, Any]:
    columns = model.__table__.c
    return {**{name: bindparam(f"{of}_{name}", type_=columns[name].type) for name in names}, **more}


def _person() -> dict[str, Any]:
    return _row(Person, "person", PERSON, created_at=asked("now"), seen_at=asked("now"))


def _membership(person: Any) -> dict[str, Any]:
    fixed: dict[str, Any] = {"state": literal_column("'active'"), "settings": literal_column("'{}'")}
    seen = {"never_accessed": literal_column("false"), "created_at": asked("now"), "launched_at": asked("now")}
    return _row(Membership, "membership", MEMBERSHIP, person_id=person, **fixed, **seen)


def _day(member: Any) -> dict[str, Any]:
    return {"membership_id": member, "day": _moment(ActiveDay.day), "proofs": literal_column(str(LAUNCH))}


def _words(member: Any) -> dict[str, Any]:
    here = {"membership_id": member, "resource_link_id": bindparam("link")}
    return {"words": bindparam("words"), **here, "day": _moment(Arrival.day), "weighed_at": asked("now")}


def _moment(day: Any) -> Any:
    return bindparam("today", type_=day.type)


def _insert(make: Any, model: Any, row: Mapping[str, Any], source: Select[Any] | None) -> Any:
    """Return an INSERT; the day and the words of a place that has some already take the place of those."""
    made = make(model.__table__)
    made = made.values(row).inline() if source is None else made.from_select(list(row), source)
    if model is ActiveDay:
        proofs = {"proofs": ActiveDay.proofs.bitwise_or(LAUNCH)}
        return made.on_conflict_do_update(index_elements=["membership_id", "day"], set_=proofs)
    if model is Arrival:
        fresh = {name: made.excluded[name] for name in ("words", "day", "weighed_at")}
        return made.on_conflict_do_update(index_elements=["membership_id", "resource_link_id"], set_=fresh)
    return made.returning(model.__table__.c.id)


# One by one ----------------------------------------------------------------------------------------------------------

_MEMBER: Any = bindparam("membership")
_NEAR = {
    model: Statement(_insert(sqlite.insert, model, row, None))
    for model, row in (
        (Person, _person()),
        (Membership, _membership(bindparam("person"))),
        (ActiveDay, _day(_MEMBER)),
        (Arrival, _words(_MEMBER)),
    )
}


class _Used(Exception):
    pass


def _keep_near(driver: Driver, values: dict[str, Any]) -> tuple[int, int] | None:
    make_ready(driver)
    try:
        with driver.together():
            for name, model in (("person", Person), ("membership", Membership)):
                if values[name] is None:
                    values[name] = _made(driver, _NEAR[model], values)
            if move_near(driver, values) is None:
                raise _Used
            driver.run(_NEAR[ActiveDay], values)
            driver.run(_NEAR[Arrival], values)
    except _Used:
        return None
    return values["person"], values["membership"]


def _made(driver: Driver, statement: Statement, values: Mapping[str, Any]) -> int:
    made: Any = driver.one(statement, values)
    return int(made.id)


# At once -------------------------------------------------------------------------------------------------------------


def _from(source: CTE, after: CTE, row: Mapping[str, Any]) -> Select[Any]:
    counted = select(func.count()).select_from(after).scalar_subquery()
    return select(*row.values()).select_from(source).where(counted >= literal_column("0"))


@lru_cache(maxsize=4)
def _far(*, person_is_new: bool, member_is_new: bool) -> Statement:
    insert, used = postgresql.insert, consuming()
    known = changes(asked)
    for name, is_new in (("person", person_is_new), ("membership", member_is_new)):
        if is_new:
            del known[name]
    parts = one_after_another(used, known)
    person: Any = bindparam("person")
    source, last = used, parts.get("person", parts["link"])
    if person_is_new:
        made = _insert(insert, Person, _person(), _from(used, last, _person()))
        source = last = parts["person"] = made.cte("person_row")
        person = source.c.id
    member: Any = _MEMBER
    if member_is_new:
        row = _membership(person)
        made = _insert(insert, Membership, row, _from(source, last, row))
        source = last = parts["membership"] = made.cte("membership_row")
        member = source.c.id
    for name, model, row in (("day", ActiveDay, _day(member)), ("words", Arrival, _words(member))):
        parts[name] = _insert(insert, model, row, _from(source, last, row)).cte(f"{name}_row")
    found: list[Any] = [select(func.count()).select_from(used).scalar_subquery()]
    for name, is_new in (("person", person_is_new), ("membership", member_is_new)):
        made = func.coalesce(select(parts[name].c.id).scalar_subquery(), 0)
        found.append((made if is_new else bindparam(name, type_=BigInteger())).label(f"{name}_id"))
    return Statement(select(*found).add_cte(*parts.values()))


def _keep_far(driver: Driver, values: dict[str, Any]) -> tuple[int, int] | None:
    shape = {"person_is_new": values["person"] is None, "member_is_new": values["membership"] is None}
    used, person_id, member_id = driver.numbers(_far(**shape), values)
    return (person_id, member_id) if used else None


def keep(driver: Driver, values: dict[str, Any]) -> tuple[int, int] | None:
    """Write it and return the ids of person and membership; None, and nothing is written, if the state was used.

    ``values`` has the ids of ``course``, ``link``, ``person`` and ``membership`` (None for who is not there yet), the
    ``words`` and the day ``today``, the moments (times.py), the state (consumed.py) and what new rows take.
    Raises the driver's IntegrityError, and nothing is written, when somebody else was faster.
    """
    return _keep_far(driver, values) if driver.dialect.name == "postgresql" else _keep_near(driver, values)
