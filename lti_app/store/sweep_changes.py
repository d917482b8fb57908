"""What a sweep writes: each piece is checked again under its lock, since people act while a sweep thinks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from engagement.budget import Alert
from engagement.episodes import Ending, EpisodeUpdate, OpenEpisode
from engagement.policy import Policy
from engagement.prompts import PromptPlan, tutor_due_at
from engagement.values import Candidate, Outcome, Stall
from lti_app.models import Context, Episode, Match, Prompt
from lti_app.store.episodes import end_episode, open_episode, stored, update_episode
from lti_app.store.inserts import changed_rows, insert_new
from lti_app.store.more_time import waits_for_answer
from lti_app.store.pairing import locked_episode, settle
from lti_app.store.praise import tell_staff
from lti_app.store.prompts import NewPrompt, add_all
from lti_app.store.stories import tell
from lti_app.store.sweep_values import FORGIVEN, OpenRow, read_reasons

#: The learner moves again by themselves; anything else that ends a case leaves nothing to answer.
MOVES = frozenset({Outcome.CAME_BACK, Outcome.AFTER_NUDGE, Outcome.AFTER_MATCH, Outcome.AFTER_TUTOR})


def one_sweep_at_a_time(session: Session, context_id: int) -> None:
    """Wait until no other sweep writes about this course; everybody locks the course before its episodes."""
    session.execute(select(Context.id).where(Context.id == context_id).with_for_update(key_share=True))


def save_updates(session: Session, updates: Iterable[EpisodeUpdate], now: datetime) -> int:
    """Bring open episodes up to date and return how many; one that has ended meanwhile is left alone."""
    count = 0
    for change in sorted(updates, key=lambda one: one.episode_id):
        episode = locked_episode(session, change.episode_id)
        if episode.ended_at is None:
            update_episode(session, episode, change.stall, now)
            count += 1
    return count


def save_endings(session: Session, endings: Iterable[Ending], now: datetime) -> int:
    """End episodes with their outcome and return how many; helpers who were still asked are thanked and let go.

    Whoever has asked for more time has come by to do so: the case stays open until a tutor has answered.
    """
    count = 0
    for ending in sorted(endings, key=lambda one: one.episode_id):
        episode = locked_episode(session, ending.episode_id)
        if ending.outcome in MOVES and waits_for_answer(session, episode.id, now):
            continue
        if episode.ended_at is None:
            end_episode(session, episode, ending.outcome, now, moved_at=ending.moved_at)
            count += 1
    return count


def save_openings(
    session: Session, context_id: int, alerts: Iterable[Alert], policy: Policy, now: datetime
) -> tuple[OpenRow, ...]:
    """Open an episode for each alert whose learner has none open, and return those that this call opened."""
    opened = []
    for alert in sorted(alerts, key=lambda one: one.stall.learner_id):
        episode = _just_opened(alert.stall, now)
        due_at = tutor_due_at(episode, policy)
        episode_id = open_episode(session, context_id, alert.stall, now, owner_id=alert.tutor_id, due_at=due_at)
        if episode_id is not None:
            opened.append(OpenRow(replace(episode, id=episode_id), "open", alert.tutor_id, None, None))
    return tuple(opened)


def _just_opened(stall: Stall, now: datetime) -> OpenEpisode:
    """Return the episode as a later sweep will read it from its row."""
    return OpenEpisode(
        id=0,
        learner_id=stall.learner_id,
        kind=stall.kind,
        opened_at=now,
        activity_id=stall.activity_id,
        since=stall.since,
        probability=stall.probability,
        confidence=stall.confidence,
        reasons=read_reasons(stored(stall.reasons)),
    )


def save_candidates(
    session: Session, context_id: int, candidates: Mapping[int, Sequence[Candidate]], now: datetime
) -> int:
    """Propose helpers, by episode, and return how many are new; an episode where one was asked meanwhile is left alone.

    A pair that was let go for no fault of theirs is proposed again; any other pair meets once.
    """
    count = 0
    for episode_id in sorted(candidates):
        episode = locked_episode(session, episode_id)
        if episode.ended_at is not None or episode.state in ("asked", "helped"):
            continue
        new = [one.helper_id for one in candidates[episode_id] if _propose(session, context_id, episode_id, one, now)]
        if new:
            tell(session, episode_id, "proposed", now, helper_ids=new)
            settle(session, episode, now)
            count += len(new)
    return count


def _propose(session: Session, context_id: int, episode_id: int, one: Candidate, now: datetime) -> bool:
    values = {
        "activity_id": one.activity_id,
        "rank": one.rank,
        "score": one.score,
        "reasons": list(one.reasons),
        "state": "proposed",
        "proposed_at": now,
    }
    if insert_new(session, Match, context_id=context_id, episode_id=episode_id, helper_id=one.helper_id, **values):
        return True
    again = update(Match).where(
        Match.episode_id == episode_id,
        Match.helper_id == one.helper_id,
        Match.state == "withdrawn",
        Match.ended_why.in_(FORGIVEN),
    )
    return changed_rows(session, again.values(**values, ended_at=None, ended_why=None, asked_at=None)) > 0


def withdraw_lapsed(session: Session, match_ids: Iterable[int], now: datetime) -> int:
    """Withdraw proposals whose helper paused, left or has no room any more, and return how many."""
    match_ids = list(match_ids)
    if not match_ids:
        return 0
    by_episode: dict[int, list[int]] = defaultdict(list)
    for match_id, episode_id in session.execute(select(Match.id, Match.episode_id).where(Match.id.in_(match_ids))):
        by_episode[episode_id].append(match_id)
    count = 0
    for episode_id in sorted(by_episode):
        episode = locked_episode(session, episode_id)
        lapsed = update(Match).where(Match.id.in_(by_episode[episode_id]), Match.state == "proposed")
        count += changed_rows(session, lapsed.values(state="withdrawn", ended_at=now, ended_why="gone"))
        if episode.ended_at is None:
            settle(session, episode, now)
    session.expire_all()
    return count


def save_prompts(session: Session, context_id: int, plans: Sequence[PromptPlan], now: datetime) -> int:
    """Record prompts that are not there yet and return how many; the key makes a second sweep harmless."""
    if not plans:
        return 0
    known = set(session.scalars(select(Prompt.key).where(Prompt.key.in_([plan.key for plan in plans]))))
    # Somebody may have said "this is wrong" while the sweep was thinking.
    open_ids = set(
        session.scalars(select(Episode.id).where(Episode.context_id == context_id, Episode.ended_at.is_(None)))
    )
    new = [
        NewPrompt(
            plan.key, plan.kind.value, context_id, plan.to_id, plan.episode_id, due_at=plan.due_at,
            facts={**plan.facts, "answers": [answer.value for answer in plan.answers]},
        )
        for plan in plans
        if plan.key not in known and (plan.episode_id is None or plan.episode_id in open_ids)
    ]  # fmt: skip
    added = add_all(session, context_id, new, now)
    if any(one.kind == "praise" for one in new):
        tell_staff(session, context_id, now)
    return added
