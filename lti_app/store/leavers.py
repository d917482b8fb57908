"""Helpers who are not in the course any more: whoever counted on them is told, and others are looked for."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from lti_app.models import Match, Membership, Thread
from lti_app.store.bulk import table_of
from lti_app.store.inserts import changed_rows
from lti_app.store.next_in_line import move_on
from lti_app.store.pairing import LIVE, add_prompt, close_prompts, locked_episode, move, settle
from lti_app.store.stories import tell

_X, _M = table_of(Match), table_of(Membership)
_GONE = (
    select(_X.c.id, _X.c.episode_id)
    .join(_M, _M.c.id == _X.c.helper_id)
    .where(_X.c.context_id == bindparam("context_id"), _X.c.state.in_((*LIVE, "called")), _M.c.state != "active")
    .order_by(_X.c.episode_id, _X.c.id)
)


def anybody_gone(session: Session, context_id: int) -> bool:
    """Return whether a helper with an open match has left the course."""
    return session.execute(_GONE, {"context_id": context_id}).first() is not None


def release_gone(session: Session, context_id: int, now: datetime) -> int:
    """Let go of every open match whose helper has left the course and return how many.

    A question goes to the next candidate as after a no; where the two were in touch, their thread closes for writing
    and the learner is told that it is not about them. The next sweep looks for somebody else.
    """
    rows = session.execute(_GONE, {"context_id": context_id}).all()
    return sum(_release(session, row.id, row.episode_id, now) for row in rows)


def _release(session: Session, match_id: int, episode_id: int, now: datetime) -> bool:
    episode = locked_episode(session, episode_id)
    match = session.get_one(Match, match_id, populate_existing=True)
    was = match.state
    state = "ended" if was == "accepted" else "withdrawn"
    if not move(session, match, (*LIVE, "called"), state=state, ended_at=now, ended_why="gone"):
        return False
    close_prompts(session, now, state="withdrawn", match_id=match_id)
    closing = update(Thread).where(Thread.match_id == match_id, Thread.closed_at.is_(None))
    changed_rows(session, closing.values(closed_at=now))
    tell(session, episode_id, "match_ended", now, helper_id=match.helper_id, why="gone")
    if episode.ended_at is not None:
        return True
    if was == "accepted":
        episode.matched_at = None
        add_prompt(session, match, "helper_left", episode.membership_id, now)
    if was != "accepted":
        move_on(session, match, episode, now)
    settle(session, episode, now)
    return True
