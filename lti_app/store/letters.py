"""What a member lets us send: by sort of message and way; and how many went to one person this week."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lti_app.models import Delivery, LmsConnection, Membership, Person, Prompt, Registration
from lti_app.store.channels import CONSOLE, DIGEST, EMAIL, GROUPS, LETTERS, LMS, WAYS, ways_of
from lti_app.store.digest_plans import NEVER, Plan, choose_plan, plan_of

WEEK = timedelta(days=7)
# What a tutor writes by hand is no automatic message: it neither counts nor is held back.
BY_HAND = ("tutor_message",)
# Neither is what somebody signed up for counted; but it does not come in the night.
SIGNED_UP = GROUPS["events"]


def my_letters(session: Session, membership_id: int) -> dict[str, tuple[str, ...]]:
    """Return by which ways each sort of message may reach this member."""
    settings = session.scalar(select(Membership.settings).where(Membership.id == membership_id))
    return {group: ways_of(settings, kinds[0]) for group, kinds in GROUPS.items()}


def ways_here(session: Session, membership_id: int) -> tuple[str, ...]:
    """Return the ways that exist for this member at all: a connected LMS, an address that the LMS told us."""
    row = session.execute(
        select(Person.email, LmsConnection.status)
        .select_from(Membership)
        .join(Person, Person.id == Membership.person_id)
        .join(Registration, Registration.id == Person.registration_id)
        .outerjoin(LmsConnection, LmsConnection.registration_id == Registration.id)
        .where(Membership.id == membership_id)
    ).one_or_none()
    if row is None:
        return ()
    there = {LMS: row.status == "ok", EMAIL: bool(row.email)}
    return tuple(way for way in WAYS if there[way])


def choose_letters(session: Session, membership_id: int, chosen: Mapping[str, tuple[str, ...]]) -> None:
    """Remember what a member lets us send; what is already waiting to leave is looked at again when it would leave."""
    member = session.get(Membership, membership_id, with_for_update=True, populate_existing=True)
    if member is None:
        return
    kept = {group: [way for way in WAYS if way in ways] for group, ways in chosen.items() if group in GROUPS}
    settings = member.settings or {}
    member.settings = {**settings, LETTERS: {**(settings.get(LETTERS) or {}), **kept}}
    session.flush()


def stop_letters(session: Session, membership_id: int, group: str, now: datetime) -> bool:
    """Unsubscribe a member from one sort of message; False where there is no such member or sort. Twice is once."""
    member = session.get(Membership, membership_id)
    if member is None or group not in (*GROUPS, DIGEST):
        return False
    if group == DIGEST:
        plan = plan_of(session, member.person_id)
        choose_plan(session, member.person_id, Plan(NEVER, plan.weekday), now)
        return True
    choose_letters(session, membership_id, {group: ()})
    return True


def sent_this_week(session: Session, membership_id: int, now: datetime) -> int:
    """Return how many automatic messages left for this person in the last seven days, from all their courses."""
    person_id = select(Membership.person_id).where(Membership.id == membership_id).scalar_subquery()
    query = (
        select(func.count())
        .select_from(Delivery)
        .join(Prompt, Prompt.id == Delivery.prompt_id)
        .join(Membership, Membership.id == Prompt.membership_id)
        .where(Membership.person_id == person_id, Prompt.kind.not_in((*BY_HAND, *SIGNED_UP)))
        .where(Delivery.channel.in_((*WAYS, CONSOLE)), Delivery.state.in_(("sent", "unsure", "sending")))
        .where(Delivery.at > now - WEEK)
    )
    return session.scalar(query) or 0
