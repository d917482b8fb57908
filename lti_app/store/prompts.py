"""Prompts: what somebody is asked to do, once, and whether they have seen it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, or_, select, update
from sqlalchemy.orm import Session

from engagement.moments import quiet_until
from engagement.policy import Policy
from lti_app.models import Delivery, Episode, Prompt
from lti_app.store.built import among, built, read_rows
from lti_app.store.channels import PANEL, channel_from, reach_of, wait_of
from lti_app.store.course_facts import time_zone_of
from lti_app.store.inserts import changed_rows, insert_all, insert_new
from lti_app.store.policies import policy_of
from lti_app.store.scope import zone_named

BY_MESSAGE = (
    "nudge",
    "ask_helper",
    "introduced",
    "next_candidate",
    "did_it_help",
    "circle_invited",
    "tutor_message",
    "tutor",
)
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
    return insert_new(session, Prompt, **_Ways(session, new.context_id, [new], now).row(new))


def add_all(session: Session, context_id: int, news: Sequence[NewPrompt], now: datetime) -> int:
    """Record many prompts of one course, as ``add`` does, and return how many were not there; in few statements."""
    ways = _Ways(session, context_id, news, now)
    return len(insert_all(session, Prompt, [ways.row(new) for new in news]))


class _Ways:
    """By which way each of some prompts of one course leaves, and when: what decides it is read once for all."""

    def __init__(self, session: Session, context_id: int, news: Iterable[NewPrompt], now: datetime) -> None:
        self._session, self._context_id, self._now = session, context_id, now
        wanted = {new.to_id for new in news if new.to_id is not None and new.kind in BY_MESSAGE}
        self._reach = reach_of(session, sorted(wanted)) if wanted else {}
        self._hours: tuple[str, Policy] | None = None

    def row(self, new: NewPrompt) -> dict[str, Any]:
        """Return a prompt as its row."""
        reach = self._reach.get(new.to_id or 0) if new.kind in BY_MESSAGE else None
        channel = channel_from(reach, new.kind)
        return {
            "key": new.key[:120],
            "context_id": new.context_id,
            "episode_id": new.episode_id,
            "match_id": new.match_id,
            "membership_id": new.to_id,
            "by_id": new.by_id,
            "kind": new.kind,
            "channel": channel,
            "facts": dict(new.facts),
            "state": "due",
            "made_at": self._now,
            "due_at": self._leaves_at(new, channel, reach),
        }

    def _leaves_at(self, new: NewPrompt, channel: str, reach: Row[Any] | None) -> datetime:
        at = (new.due_at or self._now) + wait_of(new.kind, channel)
        # The panel keeps no hours, and a tutor's own message leaves when the tutor says so.
        if channel == PANEL or new.kind == "tutor_message" or reach is None:
            return at
        if self._hours is None:
            policy = policy_of(self._session, self._context_id)
            self._hours = (time_zone_of(self._session, self._context_id).key, policy)
        there, policy = self._hours
        return quiet_until(at, zone_named(reach.time_zone, there).key, policy.quiet_from, policy.quiet_to)


@built
def _unseen(membership_id: int, now: datetime) -> Select[int, str, int | None]:
    return select(Prompt.id, Prompt.kind, Prompt.episode_id).where(
        Prompt.membership_id == membership_id,
        among(Prompt.kind, FOR_ME),
        Prompt.seen_at.is_(None),
        among(Prompt.state, ("due", "sent")),
        # Whether it helped is asked some days later, not before.
        or_(Prompt.kind != "did_it_help", Prompt.due_at <= now),
    )


def anything_unseen(session: Session, membership_id: int, now: datetime) -> bool:
    """Return whether ``seen`` would have something to record."""
    return read_rows(session, _unseen(membership_id, now)).first() is not None


def seen(session: Session, membership_id: int, now: datetime) -> int:
    """Record that the panel has shown this person everything that waits for them; returns how many were new.

    Call it (in a writing session) when the home or peer panel was drawn with ``support_for``. A prompt that was to
    go out by another channel and has not left yet is thereby delivered: nobody needs a message about what they read.
    """
    count = 0
    for prompt_id, kind, episode_id in read_rows(session, _unseen(membership_id, now)).all():
        statement = update(Prompt).where(Prompt.id == prompt_id, Prompt.seen_at.is_(None))
        statement = statement.where(among(Prompt.state, ("due", "sent")))
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
