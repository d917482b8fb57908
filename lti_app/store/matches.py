"""Matches: the learner picks, the helper answers, and time moves on when nobody does."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from lti_app.models import Episode, Match, Post, Thread
from lti_app.store.bulk import table_of
from lti_app.store.calls import call_all, call_off, called, end_call, expire_calls
from lti_app.store.course_facts import active_membership
from lti_app.store.inserts import insert_new
from lti_app.store.meetings import blocked_pairs, end_match, follow_up, has_read, report, said_helped, sides
from lti_app.store.next_in_line import ask, check_room, let_move_on, move_on
from lti_app.store.pairing import (
    LIVE,
    add_prompt,
    close_prompts,
    locked,
    locked_episode,
    move,
    settle,
)
from lti_app.store.policies import policy_of
from lti_app.store.refusals import NotYours, Taken, TooLate
from lti_app.store.stories import tell

__all__ = [
    "answer",
    "anybody_asked",
    "blocked_pairs",
    "call_all",
    "call_off",
    "choose",
    "end_match",
    "expire_asks",
    "has_read",
    "let_move_on",
    "report",
    "said_helped",
    "sides",
    "withdraw",
]


def choose(session: Session, match_id: int, membership_id: int, now: datetime) -> None:
    """The learner picks this candidate: proposed -> asked, and the helper gets a prompt.

    Raises Taken when the helper has no room left, TooLate when the episode or the proposal is over (or somebody else
    was asked already), NotYours when the episode is not this learner's. A second click changes nothing.
    """
    match, episode = locked(session, match_id)
    active_membership(session, membership_id)
    if episode.membership_id != membership_id:
        raise NotYours
    if match.state == "asked":
        return
    others = select(Match.id).where(Match.episode_id == episode.id, Match.state.in_((*LIVE, "called")))
    if episode.ended_at is not None or match.state != "proposed" or session.scalar(others) is not None:
        raise TooLate
    ask(session, match, episode, now)
    episode.snoozed_until = None
    settle(session, episode, now)


def answer(
    session: Session, match_id: int, helper_id: int, accept: bool, now: datetime, *, opening_words: str = ""
) -> int | None:
    """The helper says yes or no: yes opens the private thread with ``opening_words`` and returns its id.

    A no returns None and leaves no trace but the history; the learner may pick the next candidate. A second yes returns
    the same thread. Raises TooLate when it was withdrawn or has expired, Taken when all who are here were called and
    somebody else was quicker (or the helper has no place left), NotYours when somebody else was asked.
    """
    match, episode = locked(session, match_id)
    active_membership(session, helper_id)
    if match.helper_id != helper_id or match.asked_at is None:
        raise NotYours
    if accept and match.state == "accepted":
        return session.scalar(select(Thread.id).where(Thread.match_id == match.id))
    if not accept and match.state == "declined":
        return None
    if match.state == "withdrawn" and match.ended_why == "full" and episode.state == "helped":
        raise Taken
    was_called = match.state == "called"
    if not (was_called or match.state == "asked") or episode.ended_at is not None:
        raise TooLate
    if accept and was_called:
        check_room(session, match)
    close_prompts(session, now, state="answered", match_id=match.id, kind="ask_helper")
    if not accept:
        move(session, match, ("asked", "called"), state="declined", answered_at=now)
        tell(session, episode.id, "declined", now, helper_id=helper_id)
        # Of several who were called the others may still say yes.
        if not called(session, episode.id):
            move_on(session, match, episode, now)
        settle(session, episode, now)
        return None
    return _accept(session, match, episode, now, opening_words)


def _accept(session: Session, match: Match, episode: Episode, now: datetime, opening_words: str) -> int:
    move(session, match, ("asked", "called"), state="accepted", answered_at=now)
    end_call(session, episode, now, thank=True)
    for other in session.scalars(select(Match).where(Match.episode_id == episode.id, Match.state == "proposed")):
        move(session, other, "proposed", state="withdrawn", ended_at=now, ended_why="full")
    thread_id = insert_new(
        session,
        Thread,
        context_id=match.context_id,
        kind="match",
        title="",
        activity_id=match.activity_id,
        match_id=match.id,
        created_at=now,
        moved_at=now,
    )
    if thread_id is None:
        raise TooLate
    if opening_words:
        session.add(Post(thread_id=thread_id, voice="academy", body=opening_words, form_key="opening", created_at=now))
    add_prompt(session, match, "introduced", episode.membership_id, now, thread_id=thread_id)
    follow_up(session, match, episode.membership_id, now)
    tell(session, episode.id, "accepted", now, by_id=match.helper_id, helper_id=match.helper_id)
    episode.matched_at = episode.matched_at or now
    settle(session, episode, now)
    return thread_id


def withdraw(session: Session, match_id: int, membership_id: int, now: datetime) -> None:
    """The learner takes the question back before it was answered; the candidate may be picked again later.

    Raises TooLate when the helper has answered, NotYours when it is not this learner's question.
    """
    match, episode = locked(session, match_id)
    active_membership(session, membership_id)
    if episode.membership_id != membership_id:
        raise NotYours
    if match.state == "proposed":
        return
    if not move(session, match, "asked", state="proposed", asked_at=None):
        raise TooLate
    close_prompts(session, now, state="withdrawn", match_id=match.id, kind="ask_helper")
    tell(session, episode.id, "withdrawn", now, by_id=membership_id, helper_id=match.helper_id)
    settle(session, episode, now)


_ASKED = select(Match.id, Match.episode_id, Match.context_id, Match.asked_at).where(Match.state == "asked")
_X = table_of(Match)
_OPEN_ASKS = select(_X.c.id).where(_X.c.context_id == bindparam("context_id"), _X.c.state.in_(("asked", "called")))


def anybody_asked(session: Session, context_id: int) -> bool:
    """Return whether a helper of this course is being asked at all."""
    return session.execute(_OPEN_ASKS.limit(1), {"context_id": context_id}).first() is not None


def expire_asks(session: Session, now: datetime, context_id: int | None = None) -> int:
    """Expire questions that no helper answered in time and return how many; the next one is asked, or may be picked.

    The time allowed is the course's own (Policy.match_timeout_hours); a call to all who are here has minutes.
    """
    query = _ASKED if context_id is None else _ASKED.where(Match.context_id == context_id)
    allowed: dict[int, timedelta] = {}
    expired = expire_calls(session, now, context_id)
    for row in session.execute(query.order_by(Match.episode_id)).all():
        if row.context_id not in allowed:
            allowed[row.context_id] = timedelta(hours=policy_of(session, row.context_id).match_timeout_hours)
        if row.asked_at is not None and row.asked_at + allowed[row.context_id] <= now:
            expired += _expire(session, row.id, row.episode_id, now)
    return expired


def _expire(session: Session, match_id: int, episode_id: int, now: datetime) -> bool:
    episode = locked_episode(session, episode_id)
    match = session.get_one(Match, match_id, populate_existing=True)
    if not move(session, match, "asked", state="expired", ended_at=now):
        return False
    close_prompts(session, now, state="withdrawn", match_id=match_id, kind="ask_helper")
    tell(session, episode_id, "expired", now, helper_id=match.helper_id)
    if episode.ended_at is None:
        move_on(session, match, episode, now)
        settle(session, episode, now)
    return True
