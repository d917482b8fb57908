"""What choosing, answering and ending a match have in common: locks in one order, room counted, the episode's state."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from lti_app.models import Episode, HelpOffer, Match, Prompt
from lti_app.store.inserts import changed_rows
from lti_app.store.prompts import NewPrompt, add
from lti_app.store.refusals import NotYours

LIVE = ("asked", "accepted")


def locked(session: Session, match_id: int) -> tuple[Match, Episode]:
    """Return a match and its episode, the episode's row locked first; raises NotYours when there is none.

    Everybody locks the episode before the helper's offers, so that two who cross cannot wait for each other.
    """
    episode_id = session.scalar(select(Match.episode_id).where(Match.id == match_id))
    if episode_id is None:
        raise NotYours
    episode = locked_episode(session, episode_id)
    match = session.scalar(select(Match).where(Match.id == match_id).execution_options(populate_existing=True))
    if match is None:
        raise NotYours
    return match, episode


def locked_episode(session: Session, episode_id: int) -> Episode:
    """Return an episode with its row locked until the transaction ends; raises NotYours when there is none."""
    query = select(Episode).where(Episode.id == episode_id).with_for_update(key_share=True)
    episode = session.scalar(query.execution_options(populate_existing=True))
    if episode is None:
        raise NotYours
    return episode


def locked_offers(session: Session, helper_id: int, *, wait: bool = True) -> list[HelpOffer]:
    """Return the helper's open offers with their rows locked: who holds them may count the helper's room.

    Without ``wait`` those that somebody else holds are left out.
    """
    query = select(HelpOffer).where(
        HelpOffer.membership_id == helper_id, HelpOffer.ended_at.is_(None), HelpOffer.paused_at.is_(None)
    )
    query = query.order_by(HelpOffer.id).with_for_update(key_share=True, skip_locked=not wait)
    return list(session.scalars(query.execution_options(populate_existing=True)))


def load_of(session: Session, helper_id: int) -> int:
    """Return how many people the helper is helping or being asked by now."""
    query = select(func.count()).select_from(Match).where(Match.helper_id == helper_id, Match.state.in_(LIVE))
    return session.scalar(query) or 0


def settle(session: Session, episode: Episode, now: datetime) -> None:
    """Set an open episode's state from its matches: helped, asked, offered or open."""
    session.flush()
    states = set(session.scalars(select(Match.state).where(Match.episode_id == episode.id)))
    order = (("accepted", "helped"), ("asked", "asked"), ("called", "asked"), ("proposed", "offered"))
    episode.state = next((state for match_state, state in order if match_state in states), "open")
    episode.updated_at = now


def move(session: Session, match: Match, was: str | tuple[str, ...], **values: object) -> bool:
    """Change a match if it still is as expected, and say whether it did."""
    was = (was,) if isinstance(was, str) else was
    statement = update(Match).where(Match.id == match.id, Match.state.in_(was)).values(**values)
    if not changed_rows(session, statement):
        return False
    session.refresh(match)
    return True


def close_prompts(session: Session, now: datetime, *, state: str, match_id: int, kind: str | None = None) -> None:
    """Close the open prompts of a match: answered, or withdrawn before anybody acts on them."""
    statement = update(Prompt).where(Prompt.match_id == match_id, Prompt.state.in_(("due", "claimed", "sent")))
    if kind is not None:
        statement = statement.where(Prompt.kind == kind)
    changed_rows(session, statement.values(state=state, answered_at=now))


def add_prompt(
    session: Session, match: Match, kind: str, to_id: int | None, now: datetime, key: str = "", **facts: object
) -> None:
    """Add a prompt about a match to its learner, its helper or (``to_id`` None) the course's tutors, once."""
    add(
        session,
        NewPrompt(key or f"{kind}:{match.id}", kind, match.context_id, to_id, match.episode_id, match.id, facts=facts),
        now,
    )


def let_go(session: Session, episode: Episode, why: str, now: datetime) -> list[Match]:
    """Withdraw every proposal and question of an episode; helpers who were asked are thanked. Returns those asked.

    Accepted matches end too, with their thread left open for a goodbye and the question whether it helped.
    """
    matches = session.scalars(
        select(Match)
        .where(Match.episode_id == episode.id, Match.state.in_(("proposed", "called", *LIVE)))
        .order_by(Match.id)
        .execution_options(populate_existing=True)
    )
    asked = []
    for match in matches:
        was = match.state
        state = "ended" if was == "accepted" else "withdrawn"
        if not move(session, match, was, state=state, ended_at=now, ended_why=why):
            continue
        if was == "proposed":
            continue
        close_prompts(session, now, state="withdrawn", match_id=match.id, kind="ask_helper")
        add_prompt(session, match, "thanks", match.helper_id, now, why=why)
        if was in ("asked", "called"):
            asked.append(match)
    return asked
