"""The statement that writes only if all that an earlier look at somebody's place saw (place.py) is still so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    Text,
    bindparam,
    cast,
    func,
    literal_column,
    select,
)

from lti_app.driver import Driver, Statement
from lti_app.models import Academy, Arrival, Context, Deployment, Membership, Registration, ResourceLink
from lti_app.store.chained import one_after_another
from lti_app.store.consumed import consuming
from lti_app.store.moved_on import make_ready, move_near, moving_from
from lti_app.store.times import asked, changes

# What is seen and must still be so when it is written; those in the second line may be empty.
MANAGERS = cast(Academy.settings["managers"], Text)
_SEEN: dict[str, Any] = {
    "words": Arrival.words,
    "membership": Membership.id, "person": Membership.person_id, "course": Context.id, "link": ResourceLink.id,
    "deployment": Deployment.id, "academy": Academy.id, "registration": Registration.id,
    "day": Arrival.day, "role": Membership.role,
    "issuer": Registration.issuer, "client_id": Registration.client_id, "jwks_url": Registration.jwks_url,
    "locale": Academy.locale, "academy_zone": Academy.time_zone,
}  # fmt: skip
_SEEN_IF_ANY: dict[str, Any] = {"zone": Context.time_zone, "activity": ResourceLink.activity_id, "managers": MANAGERS}
_ACTIVE: ColumnElement[str] = literal_column("'active'")
_OPEN: tuple[ColumnElement[bool], ...] = (
    Membership.state == _ACTIVE,
    Deployment.status == _ACTIVE,
    Registration.status == _ACTIVE,
    Membership.never_accessed.is_not(True),
)


def _still_so(*columns: Any) -> Select[Any]:
    """Return a query of one row if everything is as it was seen; each table is found by its key."""
    same = (one == bindparam(name, type_=one.type) for name, one in _SEEN.items())
    empty = (one.is_not_distinct_from(bindparam(name, type_=one.type)) for name, one in _SEEN_IF_ANY.items())
    return (
        select(*columns)
        .select_from(Arrival)
        .join(Membership, Membership.id == Arrival.membership_id)
        .join(Context, Context.id == Membership.context_id)
        .join(ResourceLink, ResourceLink.id == Arrival.resource_link_id)
        .join(Deployment, Deployment.id == Context.deployment_id)
        .join(Academy, Academy.id == Deployment.academy_id)
        .join(Registration, Registration.id == Deployment.registration_id)
        .where(*same, *empty, *_OPEN)
    )


def _on_postgresql() -> Select[Any]:
    here = _still_so(Arrival.words).cte("here")
    used = consuming(here)
    parts = one_after_another(used, changes(asked))
    counted = (select(func.count()).select_from(part).scalar_subquery().label(part.name) for part in (here, used))
    return select(*counted).add_cte(*parts.values())


_ON_POSTGRESQL = Statement(_on_postgresql())
_ON_SQLITE = Statement(moving_from(_still_so))


def move_on(driver: Driver, values: Mapping[str, Any]) -> tuple[bool, bool]:
    """Use up the state and write the times: whether all is as it was seen, and whether the state was still good.

    Unless both are so, nothing is written.
    """
    if driver.dialect.name == "postgresql":
        here, used = driver.numbers(_ON_POSTGRESQL, values)
        return here > 0, used > 0
    make_ready(driver)
    changed = move_near(driver, values, _ON_SQLITE)
    return (True, False) if changed is None else (changed > 0, True)
