"""Prompts: what somebody is asked to do, once, and whether they have seen it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from engagement.moments import quiet_until
from lti_app.models import Delivery, Episode, Membership, Person, Prompt
from lti_app.store.channels import PANEL, channel_for, wait_of
from lti_app.store.course_facts import time_zone_of
from lti_app.store.inserts import changed_rows, insert_new
from lti_app.store.policies import policy_of
from lti_app.store.scope import zone_named

BY_MESSAGE = ("nudge", "ask_helper", "introduced", "next_candidate", "did_it_help", "tutor_message", "tutor")
# What the home and peer panels show to the person whom it is for.
FOR_ME = (
    "nudge",
    "ask_helper",
    "introduced",
    "next_candidate",
    "next_asked",
    "quicker",
    "helper_left",
    "did_it_help",
    "heard",
    "thanks",
    "tutor_message",
)


@dataclass(frozen=True, slots=True)
class NewPrompt:
    """A prompt to record; ``to_id`` None means the course's staff. ``due_at`` None means at once."""

    key: str
    kind: str
    context_id: int
    to_id: int | None
    episode_id: int | None = None
    match_id: int | None = None
    by_id: int | None = None
    due_at: datetime | None = None
    facts: Mapping[str, object] = field(default_factory=dict)


def add(session: Session, new: NewPrompt, now: datetime) -> int | None:
    """Record a prompt and return its id, or None when its key was there already.

    What speaks to one person waits in the panel first, and leaves as a message when they have not come by, outside
    their quiet hours.
    """
    channel = channel_for(session, new.to_id, new.kind) if new.to_id is not None and new.kind in BY_MESSAGE else PANEL
    return insert_new(
        session,
        Prompt,
        key=new.key[:120],
        context_id=new.context_id,
        episode_id=new.episode_id,
        match_id=new.match_id,
        membership_id=new.to_id,
        by_id=new.by_id,
        kind=new.kind,
        channel=channel,
        facts=dict(new.facts),
        state="due",
        made_at=now,
        due_at=_leaves_at(session, new, channel, now),
    )


def _leaves_at(session: Session, new: NewPrompt, channel: str, now: datetime) -> datetime:
    at = (new.due_at or now) + wait_of(new.kind, channel)
    # The panel keeps no hours, and a tutor's own message leaves when the tutor says so.
    if channel == PANEL or new.kind == "tutor_message" or new.to_id is None:
        return at
    own = session.scalar(
        select(Person.time_zone).join(Membership, Membership.person_id == Person.id).where(Membership.id == new.to_id)
    )
    policy = policy_of(session, new.context_id)
    zone = zone_named(own, time_zone_of(session, new.context_id).key).key
    return quiet_until(at, zone, policy.quiet_from, policy.quiet_to)


def seen(session: Session, membership_id: int, now: datetime) -> int:
    """Record that the panel has shown this person everything that waits for them; returns how many were new.

    Call it (in a writing session) when the home or peer panel was drawn with ``support_for``. A prompt that was to
    go out by another channel and has not left yet is thereby delivered: nobody needs a message about what they read.
    """
    waiting = select(Prompt.id, Prompt.kind, Prompt.episode_id).where(
        Prompt.membership_id == membership_id,
        Prompt.kind.in_(FOR_ME),
        Prompt.seen_at.is_(None),
        Prompt.state.in_(("due", "sent")),
        # Whether it helped is asked some days later, not before.
        or_(Prompt.kind != "did_it_help", Prompt.due_at <= now),
    )
    count = 0
    for prompt_id, kind, episode_id in session.execute(waiting).all():
        statement = update(Prompt).where(Prompt.id == prompt_id, Prompt.seen_at.is_(None))
        statement = statement.where(Prompt.state.in_(("due", "sent")))
        if not changed_rows(session, statement.values(seen_at=now, state="sent")):
            continue
        changed_rows(
            session, update(Prompt).where(Prompt.id == prompt_id, Prompt.sent_at.is_(None)).values(sent_at=now)
        )
        insert_new(
            session,
            Delivery,
            prompt_id=prompt_id,
            channel="panel",
            state="sent",
            at=now,
            subject="",
            body="",
            detail="",
        )
        count += 1
        if kind == "nudge":
            seen_nudge = update(Episode).where(Episode.id == episode_id, Episode.nudged_at.is_(None))
            changed_rows(session, seen_nudge.values(nudged_at=now))
    session.expire_all()
    return count
