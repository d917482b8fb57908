"""What a sweep writes about circles: invitations, those that ran out, members who are gone."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from engagement.circles import LEAST, Gathering
from engagement.hours import codes_of
from lti_app.models import Circle, CircleMember, Membership
from lti_app.store.circle_acts import count_in, end_circle
from lti_app.store.inserts import insert_new
from lti_app.store.prompts import NewPrompt, add

ANSWER_WITHIN = timedelta(days=7)
# So long somebody who is alone in a circle is looked for company there, before they get another one.
ALONE_FOR = timedelta(days=14)


def save_gatherings(session: Session, context_id: int, gatherings: Iterable[Gathering], now: datetime) -> int:
    """Invite people and return how many; whoever has a circle meanwhile, or has left the course, is not invited."""
    count = 0
    for one in gatherings:
        circle = _circle(session, context_id, one, now)
        if circle is None:
            continue
        invited = sum(_invite(session, circle, learner_id, now) for learner_id in one.learner_ids)
        if one.circle_id is None and invited < LEAST:
            # Another sweep was first.
            session.execute(delete(Circle).where(Circle.id == circle.id))
            continue
        count += invited
    return count


def _invite(session: Session, circle: Circle, learner_id: int, now: datetime) -> bool:
    active = select(Membership.id).where(Membership.id == learner_id, Membership.state == "active")
    if session.scalar(active) is None:
        return False
    values = {"membership_id": learner_id, "state": "invited", "invited_at": now}
    invitation_id = insert_new(session, CircleMember, circle_id=circle.id, **values)
    if invitation_id is None:
        return False
    # It stands in the panel at once, and leaves as a message where they have not come by.
    facts = {"invitation_id": invitation_id, "activity_id": circle.activity_id}
    key = f"circle_invited:{invitation_id}"
    add(session, NewPrompt(key, "circle_invited", circle.context_id, learner_id, facts=facts), now)
    return True


def _circle(session: Session, context_id: int, one: Gathering, now: datetime) -> Circle | None:
    if one.circle_id is None:
        circle = Circle(
            context_id=context_id,
            activity_id=one.at_activity,
            state="proposed",
            times=list(codes_of(one.slots)),
            reasons=list(one.reasons),
            made_at=now,
        )
        session.add(circle)
        session.flush()
        return circle
    standing = _locked(session, one.circle_id)
    if standing is None or standing.state == "ended":
        return None
    standing.times = list(codes_of(one.slots))
    return standing


def _locked(session: Session, circle_id: int) -> Circle | None:
    query = select(Circle).where(Circle.id == circle_id).with_for_update(key_share=True)
    return session.scalar(query.execution_options(populate_existing=True))


def clear_away(session: Session, context_id: int, now: datetime) -> int:
    """Let invitations run out, take out members who are gone, end circles that are over; returns how many changed."""
    changed = 0
    circles = session.scalars(
        select(Circle.id).where(Circle.context_id == context_id, Circle.state != "ended").order_by(Circle.id)
    ).all()
    for circle_id in circles:
        circle = _locked(session, circle_id)
        if circle is None or circle.state == "ended":
            continue
        changed += _members_gone(session, circle_id, now)
        why = _over(session, circle, now)
        if why:
            end_circle(session, circle, why, now)
            changed += 1
    return changed


def _members_gone(session: Session, circle_id: int, now: datetime) -> int:
    rows = session.execute(
        select(CircleMember, Membership.state)
        .join(Membership, Membership.id == CircleMember.membership_id)
        .where(CircleMember.circle_id == circle_id, CircleMember.state.in_(("in", "invited")))
        .execution_options(populate_existing=True)
    ).all()
    changed = 0
    for member, state in rows:
        if state != "active":
            member.state, member.ended_at = "left" if member.state == "in" else "lapsed", now
        elif member.state == "invited" and member.invited_at <= now - ANSWER_WITHIN:
            member.state, member.ended_at = "lapsed", now
        else:
            continue
        changed += 1
    session.flush()
    return changed


def _over(session: Session, circle: Circle, now: datetime) -> str | None:
    inside, invited = count_in(session, circle.id, "in"), count_in(session, circle.id, "invited")
    if inside + invited == 0:
        return "emptied" if circle.opened_at else "never_began"
    if inside > 1 or invited:
        return None
    began_at = circle.opened_at or circle.made_at
    ends = select(CircleMember.ended_at).where(CircleMember.circle_id == circle.id, CircleMember.ended_at.is_not(None))
    alone_since = max([began_at, *(at for at in session.scalars(ends) if at is not None)])
    waited = now - alone_since > ALONE_FOR
    return ("emptied" if circle.opened_at else "never_began") if waited else None
