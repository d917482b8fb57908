"""Who is in a course, and who is here now, as every page shows them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from lti_app.models import Match, Membership, Person
from lti_app.store import names
from lti_app.store.built import among, built, read_rows
from lti_app.store.presence import HERE, SAME_SITTING
from lti_app.store.views import Face

MOST_FACES = 4


def face(membership_id: int, person: names.Named, *, to_staff: bool = False, is_staff: bool = False) -> Face:
    """Return a person as shown to course mates (short name), or to staff (whole name); staff go by their whole name."""
    name = names.full_name(person) if to_staff else names.called_name(person) if is_staff else names.short_name(person)
    return Face(membership_id, name, names.initials(person))


@built
def _named(ids: Sequence[int]) -> Select[*tuple[Any, ...]]:
    return (
        select(Membership.id, Membership.role, *names.NAMING)
        .join(Person, Person.id == Membership.person_id)
        .where(Membership.id.in_(ids))
    )


def faces(session: Session, membership_ids: Iterable[int | None], *, to_staff: bool = False) -> dict[int, Face]:
    """Return the faces of these memberships in one query; staff members keep their whole name for everybody."""
    return faces_and_staff(session, membership_ids, to_staff=to_staff)[0]


def _rows(session: Session, membership_ids: Iterable[int | None]) -> Sequence[Any]:
    wanted = {number for number in membership_ids if number is not None}
    return read_rows(session, _named(list(wanted))).all() if wanted else ()


def faces_here(session: Session, context_id: int, membership_ids: Iterable[int]) -> dict[int, Face]:
    """Return the faces of those of these memberships that are active in this course: ids of a browser are no proof."""
    query, values = _named(list(set(membership_ids)))
    rows: Iterable[Any] = session.execute(
        query.where(Membership.context_id == context_id, Membership.state == "active"), values
    )
    return {row.id: face(row.id, row, is_staff=row.role != "learner") for row in rows}


def faces_and_staff(
    session: Session, membership_ids: Iterable[int | None], *, to_staff: bool = False
) -> tuple[dict[int, Face], frozenset[int]]:
    """Return the faces of these memberships, and those of them that are tutors or community managers."""
    rows = _rows(session, membership_ids)
    staff = frozenset(row.id for row in rows if row.role != "learner")
    return {row.id: face(row.id, row, to_staff=to_staff, is_staff=row.id in staff) for row in rows}, staff


def number_of(context_id: int) -> ColumnElement[int]:
    """Count the people of a course."""
    active = (Membership.context_id == context_id, Membership.state == "active")
    return select(func.count()).select_from(Membership).where(*active).scalar_subquery()


@built
def _here(context_id: int, viewer_id: int, launched_after: datetime, seen_after: datetime) -> Select[*tuple[Any, ...]]:
    return (
        select(Membership.id, func.count().over().label("here"), *names.NAMING)
        .join(Person, Person.id == Membership.person_id)
        .where(Membership.context_id == context_id, Membership.state == "active", Membership.id != viewer_id)
        .where(Membership.launched_at > launched_after, Person.seen_at > seen_after)
        .order_by(Person.seen_at.desc().nulls_last(), Membership.id)
        .limit(MOST_FACES)
    )


def here_now(
    session: Session, context_id: int, viewer_id: int, now: datetime, *, to_staff: bool = False
) -> tuple[int, tuple[Face, ...]]:
    """Return how many are in the course just now (the viewer left out), and the faces of the latest."""
    rows: Sequence[Any] = read_rows(session, _here(context_id, viewer_id, now - SAME_SITTING, now - HERE)).all()
    return rows[0].here if rows else 0, tuple(face(row.id, row, to_staff=to_staff) for row in rows)


def asks_waiting(membership_id: int) -> ColumnElement[int]:
    """Count the people who wait for this member's answer as a helper."""
    waiting = (Match.helper_id == membership_id, among(Match.state, ("asked", "called")))
    return select(func.count()).select_from(Match).where(*waiting).scalar_subquery()


def choose_scheme(session: Session, membership_id: int, scheme: str) -> None:
    """Remember the colour scheme a member chose for this course: light, dark or auto."""
    membership = session.get(Membership, membership_id, with_for_update=True)
    if membership is not None:
        membership.settings = {**membership.settings, "scheme": scheme}
