"""One look at everything that a launch would be written into: the place, and whoever is there already.

Whatever a launch in full (arrivals.py) would change beside times is told here as a difference.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import and_, bindparam, exists, select
from sqlalchemy.orm import aliased

from lti_app.claims import CourseSaid, Launch, LinkSaid
from lti_app.driver import Driver, Statement
from lti_app.models import (
    Academy,
    Activity,
    Arrival,
    Context,
    Deployment,
    Membership,
    Person,
    PlacedPanel,
    Registration,
    ResourceLink,
)
from lti_app.store.arrivals import MARK, api_id_of, course_api_id, mark_of, valid_zone
from lti_app.store.origins import keepable, origin_to_learn
from lti_app.store.registrations import KnownPlatform, known_platform
from lti_app.store.still_so import MANAGERS

# They are told apart by what stands before: `person_name`, `course_title`.
_COLUMNS: dict[str, tuple[Any, ...]] = {
    "": (
        Registration.id, Registration.academy_id, Registration.issuer, Registration.client_id,
        Registration.auth_login_url, Registration.jwks_url, Registration.auth_audience, Registration.status,
        Registration.product, Registration.origins,
    ),
    "deployment_": (Deployment.id, Deployment.status, Deployment.academy_id, Deployment.notices_url),
    "academy_": (Academy.settings, Academy.locale, Academy.time_zone),
    "course_": (
        Context.id, Context.title, Context.label, Context.api_id, Context.memberships_url, Context.lineitems_url,
        Context.time_zone, Context.copied_from_id, Context.launched_at,
    ),
    "link_": (
        ResourceLink.id, ResourceLink.title, ResourceLink.panel, ResourceLink.mark, ResourceLink.return_url,
        ResourceLink.settings, ResourceLink.activity_id, ResourceLink.launched_at,
    ),
    "activity_": (Activity.api_id, Activity.context_id),
    "person_": (
        Person.id, Person.api_id, Person.name, Person.given_name, Person.family_name, Person.email, Person.picture,
        Person.locale, Person.time_zone,
    ),
    "member_": (
        Membership.id, Membership.role, Membership.raw_roles, Membership.state, Membership.never_accessed,
    ),
    "arrival_": (Arrival.words, Arrival.day, Arrival.weighed_at),
}  # fmt: skip
_OTHER = aliased(Person)
_API_ID_HELD = exists().where(_OTHER.registration_id == Registration.id, _OTHER.api_id == bindparam("api_id"))
_PLACED_IN = select(PlacedPanel.context_id).where(PlacedPanel.mark == bindparam("mark")).scalar_subquery()
_LOOK = Statement(
    select(
        *(column.label(f"{of}{column.key}") for of, columns in _COLUMNS.items() for column in columns),
        MANAGERS.label("managers"),
        _API_ID_HELD.label("api_id_held"),
        _PLACED_IN.label("placed_in"),
    )
    .join(Deployment, Deployment.registration_id == Registration.id)
    .join(Academy, Academy.id == Deployment.academy_id)
    .join(Context, Context.deployment_id == Deployment.id)
    .join(ResourceLink, ResourceLink.context_id == Context.id)
    .outerjoin(Activity, Activity.id == ResourceLink.activity_id)
    .outerjoin(
        Person, and_(Person.registration_id == Registration.id, Person.id_on_platform == bindparam("sub"))
    )
    .outerjoin(Membership, and_(Membership.context_id == Context.id, Membership.person_id == Person.id))
    .outerjoin(Arrival, and_(Arrival.membership_id == Membership.id, Arrival.resource_link_id == ResourceLink.id))
    .where(
        Registration.id == bindparam("registration"),
        Deployment.id_on_platform == bindparam("deployment"),
        Context.id_on_platform == bindparam("course"),
        ResourceLink.id_on_platform == bindparam("link"),
    )
)  # fmt: skip


def look_at(driver: Driver, platform: KnownPlatform, launch: Launch) -> Any | None:
    """Return the rows around a launch in a course, or None where it comes from a place that nobody knows yet."""
    if launch.course is None or launch.link is None:
        return None
    asked = {
        "registration": platform.id,
        "deployment": launch.deployment,
        "course": launch.course.id,
        "link": launch.link.id,
        "sub": launch.sub,
        "api_id": launch.custom.get("canvas_user_id") or launch.sub,
        "mark": launch.custom.get(MARK, ""),
    }
    return driver.one(_LOOK, asked)


def person_said(launch: Launch) -> dict[str, Any]:
    """Return what a launch says of its person; None says nothing."""
    return {
        "name": launch.name,
        "given_name": launch.given_name,
        "family_name": launch.family_name,
        "email": launch.email,
        "picture": launch.picture,
        "locale": launch.locale,
        "time_zone": valid_zone(launch.custom.get("person_time_zone")),
    }


def place_differs(row: Any, platform: KnownPlatform, launch: Launch, panel: str) -> bool:
    """Return whether the place is closed, or a launch in full would change more of it than times."""
    if row.status != "active" or row.deployment_status != "active" or known_platform(row) != platform:
        return True
    return any(_differences(row, launch, panel))


def _differences(row: Any, launch: Launch, panel: str) -> Iterator[bool]:
    course, link, activity = launch.course, launch.link, launch.custom.get("activity")
    yield bool(launch.product) and not row.product
    yield origin_to_learn(row, launch.return_url) is not None
    yield bool(launch.notices_url) and row.deployment_notices_url != launch.notices_url
    # A mark that nobody knows, or that was placed in this very course, tells of no copy (copies.py).
    may_be_copied = bool(launch.custom.get("context_history")) or row.placed_in not in (None, row.course_id)
    yield row.course_copied_from_id is None and may_be_copied
    yield not (isinstance(course, CourseSaid) and isinstance(link, LinkSaid))
    yield course is not None and _differs(
        row, "course_", title=course.title, label=course.label, api_id=course_api_id(row, launch, course),
        memberships_url=launch.memberships_url, lineitems_url=launch.lineitems_url,
    )  # fmt: skip
    yield link is not None and _differs(
        row, "link_", title=link.title, panel=panel, mark=mark_of(launch), return_url=keepable(launch.return_url)
    )
    placed = (row.link_settings.get("activity"), row.activity_api_id, row.activity_context_id)
    yield bool(activity) and placed != (activity, activity, row.course_id)


def person_differs(row: Any, launch: Launch) -> bool:
    """Return whether a launch in full would change more of its person than times; of one it does not know, too."""
    api_id = api_id_of(row, launch)
    if row.person_id is None:
        return bool(api_id) and bool(row.api_id_held)
    if api_id and row.person_api_id != api_id and row.person_api_id in (None, launch.sub):
        return True
    return _differs(row, "person_", **person_said(launch))


def member_differs(row: Any, launch: Launch, role: str) -> bool:
    """Return whether a launch in full would change more of a membership than its time."""
    there = (row.member_role, row.member_raw_roles, row.member_state, row.member_never_accessed)
    return row.member_id is not None and there != (role, list(launch.roles), "active", False)


def _differs(row: Any, of: str, **said: Any) -> bool:
    return any(value is not None and getattr(row, of + name) != value for name, value in said.items())
