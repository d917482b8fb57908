"""Here now: all who are in this course at the moment and offer help are asked at once; the first to say yes has it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from lti_app.models import Episode, HelpOffer, Match, Membership, Person
from lti_app.store.course_facts import active_membership
from lti_app.store.inserts import insert_new
from lti_app.store.meetings import blocked_pairs
from lti_app.store.pairing import LIVE, add_prompt, close_prompts, load_of, locked_episode, move, settle
from lti_app.store.policies import policy_of
from lti_app.store.presence import HERE, SAME_SITTING
from lti_app.store.refusals import NotYours, TooLate
from lti_app.store.stories import tell

# A call is for now: whoever has not answered by then is let go, and may be asked in peace another time.
ANSWER_WITHIN = timedelta(minutes=20)
MOST = 8
# The rank of those who were never on the card.
ONLY_CALLED = 9


def helpers_here(session: Session, episode: Episode, now: datetime) -> tuple[int, ...]:
    """Return the memberships of those who could be called for an episode now: they offer, are here and have room.

    The same rules as in a sweep hold: nobody who stalls, is left out by policy, was tried before or has been reported.
    """
    if episode.activity_id is None:
        return ()
    rows = session.execute(
        select(HelpOffer.membership_id, HelpOffer.capacity)
        .join(Membership, Membership.id == HelpOffer.membership_id)
        .join(Person, Person.id == Membership.person_id)
        .where(Membership.context_id == episode.context_id, Membership.state == "active")
        .where(Membership.role == "learner", Membership.id != episode.membership_id)
        .where(Membership.launched_at > now - SAME_SITTING, Person.seen_at > now - HERE)
        .where(HelpOffer.activity_id == episode.activity_id)
        .where(HelpOffer.ended_at.is_(None), HelpOffer.paused_at.is_(None))
        .order_by(Person.seen_at.desc(), Membership.id)
    ).all()
    if not rows:
        return ()
    out = _out(session, episode, now)
    able = [row.membership_id for row in rows if row.membership_id not in out]
    capacity = {row.membership_id: row.capacity for row in rows}
    return tuple(one for one in able if load_of(session, one) < capacity[one])[:MOST]


def _out(session: Session, episode: Episode, now: datetime) -> set[int]:
    tried = select(Match.helper_id).join(Episode, Episode.id == Match.episode_id)
    tried = tried.where(Episode.membership_id == episode.membership_id, Match.state != "proposed")
    tried = tried.where(~and_(Match.state == "withdrawn", Match.ended_why.in_(("full", "gone", "not_now"))))
    stalled = select(Episode.membership_id).where(
        Episode.context_id == episode.context_id, Episode.ended_at.is_(None), Episode.kind != "waiting"
    )
    blocked = {one for one, other in blocked_pairs(session, episode.context_id) if other == episode.membership_id}
    excluded = policy_of(session, episode.context_id).excluded
    return {*session.scalars(tried), *session.scalars(stalled), *blocked, *excluded}


def call_all(session: Session, episode_id: int, membership_id: int, now: datetime) -> int:
    """The learner asks all who are here at once; returns how many were asked.

    Raises NotYours, and TooLate when the episode is over, somebody was asked already, or nobody is here any more. A
    second click changes nothing.
    """
    active_membership(session, membership_id)
    episode = locked_episode(session, episode_id)
    if episode.membership_id != membership_id:
        raise NotYours
    asked = set(
        session.scalars(select(Match.state).where(Match.episode_id == episode.id, Match.state.in_((*LIVE, "called"))))
    )
    if asked == {"called"}:
        return 0
    if (
        asked
        or episode.ended_at is not None
        or episode.held_out
        or membership_id in policy_of(session, episode.context_id).excluded
    ):
        raise TooLate
    called = [one for one in helpers_here(session, episode, now) if _call(session, episode, one, now)]
    if not called:
        raise TooLate
    tell(session, episode.id, "asked", now, by_id=membership_id, helper_ids=called)
    episode.snoozed_until = None
    settle(session, episode, now)
    return len(called)


def _call(session: Session, episode: Episode, helper_id: int, now: datetime) -> bool:
    values = {"activity_id": episode.activity_id, "state": "called", "asked_at": now, "ended_at": None}
    match_id = insert_new(
        session,
        Match,
        context_id=episode.context_id,
        episode_id=episode.id,
        helper_id=helper_id,
        rank=ONLY_CALLED,
        reasons=["online_now"],
        proposed_at=now,
        **values,
    )
    query = select(Match).where(Match.episode_id == episode.id, Match.helper_id == helper_id)
    match = session.scalars(query.execution_options(populate_existing=True)).one()
    if match_id is None and not move(session, match, ("proposed", "withdrawn"), ended_why=None, **values):
        return False
    key = f"ask_helper:{match.id}:{int(now.timestamp())}"
    add_prompt(session, match, "ask_helper", helper_id, now, key, activity_id=match.activity_id)
    return True


def called(session: Session, episode_id: int) -> Sequence[Match]:
    """Return the matches of an episode's open call."""
    query = select(Match).where(Match.episode_id == episode_id, Match.state == "called").order_by(Match.id)
    return session.scalars(query.execution_options(populate_existing=True)).all()


def end_call(session: Session, episode: Episode, now: datetime, *, why: str = "full", thank: bool = False) -> int:
    """Let go of those who were called and return how many; with ``thank`` they read that somebody was quicker."""
    count = 0
    for match in called(session, episode.id):
        # Who stood on the card before stands there again.
        if not thank and match.rank < ONLY_CALLED:
            moved = move(session, match, "called", state="proposed", asked_at=None)
        else:
            moved = move(session, match, "called", state="withdrawn", ended_at=now, ended_why=why)
        if not moved:
            continue
        close_prompts(session, now, state="withdrawn", match_id=match.id, kind="ask_helper")
        if thank:
            key = f"thanks:{match.id}:{int(now.timestamp())}"
            add_prompt(session, match, "quicker", match.helper_id, now, key)
        count += 1
    return count


def call_off(session: Session, episode_id: int, membership_id: int, now: datetime) -> None:
    """The learner takes the call back; raises NotYours."""
    active_membership(session, membership_id)
    episode = locked_episode(session, episode_id)
    if episode.membership_id != membership_id:
        raise NotYours
    if end_call(session, episode, now, why="not_now"):
        tell(session, episode.id, "withdrawn", now, by_id=membership_id)
        settle(session, episode, now)


def expire_calls(session: Session, now: datetime, context_id: int | None = None) -> int:
    """End the calls that nobody answered in twenty minutes and tell the learner; returns how many."""
    query = select(Match.episode_id).where(Match.state == "called", Match.asked_at <= now - ANSWER_WITHIN).distinct()
    if context_id is not None:
        query = query.where(Match.context_id == context_id)
    ended = 0
    for episode_id in session.scalars(query.order_by(Match.episode_id)).all():
        episode = locked_episode(session, episode_id)
        waiting = called(session, episode_id)
        if not end_call(session, episode, now):
            continue
        ended += 1
        tell(session, episode_id, "expired", now, helper_ids=[match.helper_id for match in waiting])
        if episode.ended_at is None:
            key = f"next_candidate:call:{episode_id}:{int(now.timestamp())}"
            add_prompt(session, waiting[0], "next_candidate", episode.membership_id, now, key)
            settle(session, episode, now)
    return ended
