"""Episodes: a stall's life, as its learner and the sweep write it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from engagement.values import Feeling as Felt
from engagement.values import Outcome, Reason, Stall
from lti_app.models import Activity, Episode, Feeling, Membership, Prompt
from lti_app.store.course_facts import active_membership
from lti_app.store.hearing import hear
from lti_app.store.inserts import changed_rows, insert_new
from lti_app.store.pairing import let_go, locked_episode
from lti_app.store.refusals import NotYours, TooLate
from lti_app.store.stories import tell

SNOOZE = timedelta(days=7)
MAX_WORDS = 2000


def own_episode(session: Session, episode_id: int, membership_id: int) -> Episode:
    """Return a person's own episode, locked; raises NotYours."""
    active_membership(session, membership_id)
    episode = locked_episode(session, episode_id)
    if episode.membership_id != membership_id:
        raise NotYours
    return episode


def not_now(session: Session, episode_id: int, membership_id: int, now: datetime) -> None:
    """The learner says "not now": the card sleeps for a week and nobody is asked.

    Raises NotYours, and TooLate when the episode has ended or somebody is already helping.
    """
    episode = own_episode(session, episode_id, membership_id)
    if episode.ended_at is not None or episode.state == "helped":
        raise TooLate
    let_go(session, episode, "not_now", now)
    episode.state, episode.snoozed_until, episode.updated_at = "open", now + SNOOZE, now
    _say(session, membership_id, episode.activity_id, "not_now", "", now)
    tell(session, episode_id, "not_now", now, by_id=membership_id)


def this_is_wrong(session: Session, episode_id: int, membership_id: int, words: str, now: datetime) -> None:
    """The learner says "this is not so": the episode ends with that outcome and cools down.

    Helpers already asked are thanked and let go. Saying it twice changes nothing. Raises NotYours, and ValueError
    (naming the field) when ``words`` are over 2000 characters.
    """
    if len(words) > MAX_WORDS:
        raise ValueError("words")
    episode = own_episode(session, episode_id, membership_id)
    if episode.ended_at is not None:
        return
    _say(session, membership_id, episode.activity_id, "wrong", words, now)
    tell(session, episode_id, "said_wrong", now, by_id=membership_id)
    end_episode(session, episode, Outcome.WRONG, now)


def _say(session: Session, membership_id: int, activity_id: int | None, said: str, words: str, now: datetime) -> None:
    feeling = Feeling(membership_id=membership_id, activity_id=activity_id, said=said, words=words.strip(), at=now)
    session.add(feeling)
    hear(session, session.get_one(Membership, membership_id).context_id, membership_id, words, now)


def record_feeling(
    session: Session, membership_id: int, activity_id: int | None, said: str, words: str, now: datetime
) -> None:
    """Record a one-tap answer (engagement's Feeling) about an activity of the person's own course.

    Raises NotYours for an activity of another course, ValueError (naming the field) for an unknown answer or more
    than 2000 characters.
    """
    if said not in {feeling.value for feeling in Felt}:
        raise ValueError("said")
    if len(words) > MAX_WORDS:
        raise ValueError("words")
    member = active_membership(session, membership_id)
    if activity_id is not None:
        activity = session.get(Activity, activity_id)
        if activity is None or activity.context_id != member.context_id:
            raise NotYours
    _say(session, membership_id, activity_id, said, words, now)
    session.flush()


WHY_LET_GO = {Outcome.WRONG: "wrong", Outcome.LEFT: "gone", Outcome.COURSE_OVER: "gone"}


def end_episode(
    session: Session, episode: Episode, outcome: Outcome, now: datetime, *, moved_at: datetime | None = None
) -> None:
    """End an episode whose row is locked: helpers are thanked, prompts that wait are withdrawn.

    ``moved_at`` is when the learner moved again, where they did.
    """
    let_go(session, episode, WHY_LET_GO.get(outcome, "recovered"), now)
    waiting = select(Prompt.id).where(
        Prompt.episode_id == episode.id,
        Prompt.state.in_(("due", "sent")),
        Prompt.kind.in_(("nudge", "ask_helper", "next_candidate", "tutor", "escalation")),
    )
    for prompt_id in session.scalars(waiting).all():
        # One that is just leaving (claimed) cannot be called back; its deliver finds the episode ended and stops.
        statement = update(Prompt).where(Prompt.id == prompt_id, Prompt.state.in_(("due", "sent")))
        changed_rows(session, statement.values(state="withdrawn", answered_at=now))
    episode.state, episode.outcome, episode.ended_at, episode.updated_at = "ended", outcome.value, now, now
    moved = moved_at.isoformat() if moved_at else None
    tell(session, episode.id, "ended", now, outcome=outcome.value, moved_at=moved)
    session.flush()


def stored(reasons: Iterable[Reason]) -> list[dict[str, Any]]:
    """Return reasons as rows keep them: codes, facts (dates as ISO text) and weights."""
    return [
        {"code": reason.code.value, "facts": _plain(reason.facts), "weight": round(reason.weight, 4)}
        for reason in reasons
    ]


def _plain(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in facts.items()}


def open_episode(
    session: Session,
    context_id: int,
    stall: Stall,
    now: datetime,
    *,
    owner_id: int | None = None,
    due_at: datetime | None = None,
) -> int | None:
    """Open an episode and return its id, or None where one is open already (a second sweep, or two at once).

    ``due_at`` is by when a tutor should have looked at it.
    """
    episode_id = insert_new(
        session,
        Episode,
        context_id=context_id,
        membership_id=stall.learner_id,
        activity_id=stall.activity_id,
        kind=stall.kind.value,
        confidence=stall.confidence,
        probability=stall.probability,
        reasons=stored(stall.reasons),
        state="open",
        since=stall.since,
        opened_at=now,
        updated_at=now,
        owner_id=owner_id,
        due_at=due_at,
        held_out=False,
    )
    if episode_id is not None:
        tell(session, episode_id, "opened", now, kind=stall.kind.value, activity_id=stall.activity_id)
    return episode_id


def update_episode(session: Session, episode: Episode, stall: Stall, now: datetime) -> None:
    """Bring an open episode whose row is locked up to date with what the course says today."""
    if episode.kind != stall.kind.value or episode.activity_id != stall.activity_id:
        tell(session, episode.id, "changed", now, was=episode.kind, kind=stall.kind.value)
    episode.kind, episode.activity_id, episode.since = stall.kind.value, stall.activity_id, stall.since
    episode.confidence, episode.probability = stall.confidence, stall.probability
    episode.reasons, episode.updated_at = stored(stall.reasons), now
