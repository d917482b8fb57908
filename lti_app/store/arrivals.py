"""The rows behind one launch, each found or made: person, context, membership, resource link, active day.

A platform may leave out what it said yesterday (a privacy setting, a teacher's change): what it does not say now never
wipes out what we know.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from lti_app.claims import CourseSaid, Launch
from lti_app.models import (
    ActiveDay,
    Context,
    Deployment,
    Membership,
    Person,
    Registration,
    ResourceLink,
)
from lti_app.store import copies
from lti_app.store.inserts import insert_new
from lti_app.store.joining import join_persons, same_name
from lti_app.store.origins import keepable, learn_origin
from lti_app.store.proofs import LAUNCH
from lti_app.store.times import move_on

MOODLE, CANVAS = "moodle", "canvas"
# The custom parameter that names a placed panel (see models/places.py).
MARK = "regista_link"


def _fill(row: Any, **said: Any) -> None:
    """Set what was said and differs; None says nothing."""
    for name, value in said.items():
        if value is not None and getattr(row, name) != value:
            setattr(row, name, value)


def _is_moodle(registration: Registration, launch: Launch) -> bool:
    return (launch.product or registration.product).lower() == MOODLE


# A house has a handful of time zones, and platforms may send any word.
@lru_cache(maxsize=1024)
def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if len(name) <= 64 else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def valid_zone(name: str | None) -> str | None:
    """Return a time zone's name where there is such a zone."""
    found = _zone(name) if name else None
    return found.key if found else None


def person_of(session: Session, registration: Registration, launch: Launch, now: datetime) -> Person:
    """Return the person of a launch; one whom only the LMS's own API had named becomes the same person."""
    api_id = api_id_of(registration, launch)
    named = [Person.id_on_platform == launch.sub]
    if api_id:
        named.append((Person.api_id == api_id) & Person.id_on_platform.is_(None))
    query = (
        select(Person)
        .where(Person.registration_id == registration.id, or_(*named))
        .order_by(Person.id_on_platform.is_(None), Person.id)
        .limit(1)
    )
    row = session.scalars(query).one_or_none()
    if row is None:
        ids = {"registration_id": registration.id, "id_on_platform": launch.sub}
        insert_new(session, Person, **ids, created_at=now)
        row = session.scalars(query).one()
    _fill(
        row,
        id_on_platform=launch.sub,
        name=launch.name,
        given_name=launch.given_name,
        family_name=launch.family_name,
        email=launch.email,
        picture=launch.picture,
        locale=launch.locale,
        time_zone=valid_zone(launch.custom.get("person_time_zone")),
        seen_at=now,
    )
    if api_id and row.api_id in (None, launch.sub) and row.api_id != api_id:
        _learn_api_id(session, row, api_id, now)
    return row


def _id_said(launch: Launch, name: str) -> str | None:
    # Teachers may write custom parameters; what no LMS has for an id is none.
    said = launch.custom.get(name)
    return said if said and len(said) <= 255 else None


def api_id_of(registration: Registration, launch: Launch) -> str | None:
    """Return the id that the LMS's own services have for the person of a launch, where launches tell it."""
    if _is_moodle(registration, launch):
        # Moodle's sub is the user id of its web services (recorded, 4.5).
        return launch.sub
    # Elsewhere a teacher may write custom parameters: the word is taken from Canvas alone.
    is_canvas = (launch.product or registration.product).lower() == CANVAS
    return _id_said(launch, "canvas_user_id") if is_canvas else None


def _learn_api_id(session: Session, person: Person, api_id: str, now: datetime) -> None:
    """Give a person the API's id; an entry that a sync made for it, and that nobody ever launched, is the same one."""
    held = select(Person).where(Person.registration_id == person.registration_id, Person.api_id == api_id)
    other = session.scalars(held.limit(1)).one_or_none()
    if other is None:
        person.api_id = api_id
    elif other.id_on_platform is None and same_name(other.name, person.name):
        # Where names disagree it is left to the next sync, which asks Canvas itself.
        person.api_id = None
        join_persons(session, person.id, other.id, now)


def context_of(
    session: Session,
    registration: Registration,
    deployment: Deployment,
    launch: Launch,
    course: CourseSaid,
    now: datetime,
) -> Context:
    """Return the course of a launch and mark it due for a sync, unless it is due sooner or was synced just now."""
    query = select(Context).where(Context.deployment_id == deployment.id, Context.id_on_platform == course.id)
    row = session.scalars(query).one_or_none()
    if row is None:
        ids = {"deployment_id": deployment.id, "id_on_platform": course.id}
        insert_new(session, Context, **ids, title=course.title or "", settings={}, sync_cursor={}, created_at=now)
        row = session.scalars(query).one()
    _fill(
        row,
        title=course.title,
        label=course.label,
        api_id=course_api_id(registration, launch, course),
        memberships_url=launch.memberships_url,
        lineitems_url=launch.lineitems_url,
    )
    # Our own mark of a placed panel, and the course's history where the platform fills it in, tell of a copied course.
    history, mark = launch.custom.get("context_history"), launch.custom.get(MARK)
    copies.reconcile(session, row, registration.id, history=history, mark=mark)
    learn_origin(registration, launch.return_url)
    if launch.notices_url and deployment.notices_url != launch.notices_url:
        deployment.notices_url, deployment.notices_state = launch.notices_url, "due"
    move_on(session, "course", row.id, now)
    return row


def course_api_id(registration: Registration, launch: Launch, course: CourseSaid) -> str | None:
    """Return the id that the LMS's own services have for the course of a launch, where launches tell it."""
    # Moodle's context id is its course id (recorded, 4.5).
    return course.id if _is_moodle(registration, launch) else _id_said(launch, "canvas_course_id")


def mark_of(launch: Launch) -> str | None:
    """Return our own mark of a placed panel, where the launch carries one."""
    return launch.custom.get(MARK, "")[:64] or None


def membership_of(
    session: Session, context: Context, person: Person, launch: Launch, role: str, now: datetime
) -> Membership:
    """Return the person's place in the course, active from now on: whoever launches is there."""
    query = select(Membership).where(Membership.context_id == context.id, Membership.person_id == person.id)
    row = session.scalars(query).one_or_none()
    if row is None:
        ids = {"context_id": context.id, "person_id": person.id}
        insert_new(session, Membership, **ids, role=role, raw_roles=list(launch.roles), settings={}, created_at=now)
        row = session.scalars(query).one()
    _fill(row, role=role, raw_roles=list(launch.roles), state="active", launched_at=now, never_accessed=False)
    return row


def link_of(session: Session, context: Context, launch: Launch, panel: str, now: datetime) -> ResourceLink | None:
    """Return the place in the course from which this launch came; None for a deep linking request."""
    if launch.link is None:
        return None
    query = select(ResourceLink).where(
        ResourceLink.context_id == context.id, ResourceLink.id_on_platform == launch.link.id
    )
    row = session.scalars(query).one_or_none()
    if row is None:
        ids = {"context_id": context.id, "id_on_platform": launch.link.id}
        own = _placed_with(session, context, launch)
        insert_new(session, ResourceLink, **ids, title="", panel=panel, settings=own, created_at=now)
        row = session.scalars(query).one()
    _fill(row, title=launch.link.title, panel=panel, mark=mark_of(launch), return_url=keepable(launch.return_url))
    move_on(session, "link", row.id, now)
    activity = launch.custom.get("activity")
    if activity:
        _place_beside(session, context, row, activity)
    return row


def _placed_with(session: Session, context: Context, launch: Launch) -> dict[str, Any]:
    registration_id = session.scalar(select(Deployment.registration_id).where(Deployment.id == context.deployment_id))
    own = copies.settings_of(session, context, registration_id or 0, launch.custom.get(MARK))
    section = launch.custom.get("section")
    return {**own, "section": section} if section else own


def _place_beside(session: Session, context: Context, link: ResourceLink, api_id: str) -> None:
    """Join the link to its activity; before the first sync only the LMS's id of it can be kept."""
    if link.settings.get("activity") != api_id:
        link.settings = {**link.settings, "activity": api_id}
    found = copies.activity_like(session, context, api_id)
    if found is not None and link.activity_id != found:
        link.activity_id = found


def _zone_of(course_zone: str | None, academy_zone: str | None) -> tzinfo:
    found = (_zone(course_zone) if course_zone else None) or (_zone(academy_zone) if academy_zone else None)
    return found or UTC


def local_day(now: datetime, course_zone: str | None, academy_zone: str | None) -> date:
    """Return the day that it is in the course's own time zone, else in the academy's."""
    return now.astimezone(_zone_of(course_zone, academy_zone)).date()


def end_of_day(day: date, course_zone: str | None, academy_zone: str | None) -> datetime:
    """Return when this day is over there."""
    return datetime.combine(day + timedelta(days=1), time(), _zone_of(course_zone, academy_zone)).astimezone(UTC)


def prove_active(session: Session, membership: Membership, day: date) -> None:
    """Note that the member was here on this day."""
    make = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    row = make(ActiveDay).values(membership_id=membership.id, day=day, proofs=LAUNCH)
    session.execute(
        row.on_conflict_do_update(
            index_elements=["membership_id", "day"], set_={"proofs": ActiveDay.proofs.bitwise_or(LAUNCH)}
        )
    )
