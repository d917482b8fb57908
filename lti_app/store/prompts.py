"""Prompts: what somebody is asked to do, once, and whether they have seen it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from lti_app.models import Delivery, Episode, Prompt
from lti_app.store.inserts import changed_rows, insert_new

# What the panel shows by itself wherever these two are at home.
FOR_ME = ("nudge", "ask_helper", "introduced", "next_candidate", "thanks", "tutor_message", "did_it_help")


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
        Prompt.due_at <= now,
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
