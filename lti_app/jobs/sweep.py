"""One sweep of one course: who has stopped moving, who could help, and whom to tell; then one transaction."""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from zlib import crc32

from sqlalchemy.orm import Session

from engagement.asof import as_of
from engagement.budget import Chosen, choose
from engagement.detector import Calibration
from engagement.episodes import EpisodeChanges, OpenEpisode, decide, moved
from engagement.estimates import estimates_for
from engagement.matching import match_helpers
from engagement.policy import Policy
from engagement.prompts import CourseCase, prompts_for
from engagement.recognition import Milestone, milestones
from engagement.stall import find_stalls
from engagement.values import Candidate, Cohort, Helper
from lti_app.house import House
from lti_app.jobs.circles import tend_company
from lti_app.store.calibrations import calibration_of
from lti_app.store.cohorts import load_cohort, load_helpers
from lti_app.store.holdouts import draw, in_danger, release
from lti_app.store.matches import anybody_asked, expire_asks
from lti_app.store.milestones import save_milestones
from lti_app.store.outcomes import save_moves, watched
from lti_app.store.policies import policy_of
from lti_app.store.sweep_changes import (
    one_sweep_at_a_time,
    save_candidates,
    save_endings,
    save_openings,
    save_prompts,
    save_updates,
    withdraw_lapsed,
)
from lti_app.store.sweep_values import OpenRow, SweepFacts, stall_again, sweep_facts

log = logging.getLogger("regista.sweep")


@dataclass(frozen=True, slots=True)
class SweepSummary:
    """What a sweep changed; ``held_back`` counts the stalls that wait, by engagement.budget.Why."""

    context_id: int
    opened: int = 0
    updated: int = 0
    ended: int = 0
    expired: int = 0
    proposed: int = 0
    withdrawn: int = 0
    prompts: int = 0
    milestones: int = 0
    held_back: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Seen:
    """Everything that a sweep decides on, read in one go."""

    cohort: Cohort
    helpers: tuple[Helper, ...]
    facts: SweepFacts
    policy: Policy
    calibration: Calibration | None = None
    watched: tuple[OpenEpisode, ...] = ()


@dataclass(frozen=True, slots=True)
class Decided:
    """What a sweep found out before it wrote anything."""

    chosen: Chosen
    changes: EpisodeChanges
    candidates: Mapping[int, tuple[Candidate, ...]]
    reached: tuple[Milestone, ...]
    moves: Mapping[int, datetime] = field(default_factory=dict)


def sweep_context(house: House, context_id: int) -> SweepSummary:
    """Sweep one course: decide on what the last sync left, and record it all in one transaction.

    It may run twice, or twice at once: what one has recorded the other finds, by unique keys.
    """
    now = house.clock.now()
    tend_company(house, context_id, now)
    expired = _expire_asks(house, context_id, now)
    with house.db.reading() as session:
        seen = see(session, context_id, now)
    decided = decide_all(seen, now)
    with house.db.writing() as session:
        summary = record(session, context_id, seen, decided, now)
    summary = replace(summary, expired=expired)
    log.info("swept %s", summary)
    return summary


def _expire_asks(house: House, context_id: int, now: datetime) -> int:
    with house.db.reading() as session:
        if not anybody_asked(session, context_id):
            return 0
    with house.db.writing() as session:
        return expire_asks(session, now, context_id)


def see(session: Session, context_id: int, now: datetime) -> Seen:
    """Read one course as values."""
    policy = policy_of(session, context_id)
    facts = sweep_facts(session, context_id, policy, now)
    helpers = tuple(load_helpers(session, context_id, now))
    cohort = load_cohort(session, context_id, now)
    return Seen(
        cohort=cohort,
        helpers=_but_used(helpers, facts.used),
        facts=facts,
        policy=policy,
        calibration=calibration_of(session, context_id),
        watched=watched(session, context_id, now),
    )


def _but_used(helpers: Sequence[Helper], used: frozenset[tuple[int, int]]) -> tuple[Helper, ...]:
    # Engagement's own hard rule does the rest: nobody is proposed to somebody they were blocked for.
    taken: dict[int, set[int]] = defaultdict(set)
    for learner_id, helper_id in used:
        taken[helper_id].add(learner_id)
    return tuple(replace(one, blocked=one.blocked | taken[one.learner_id]) for one in helpers)


def decide_all(seen: Seen, now: datetime) -> Decided:
    """Decide everything that can be decided without a row."""
    cohort, policy, facts = seen.cohort, seen.policy, seen.facts
    stalls = find_stalls(cohort, policy, now, estimates_for(cohort, now, seen.calibration))
    chosen = choose(stalls, facts.history, policy, now, cohort)
    changes = decide([row.episode for row in facts.open], chosen.stalls, cohort, now, policy)
    candidates = _match(seen, chosen, changes, now)
    return Decided(chosen, changes, candidates, milestones(cohort, now), _moves(seen, now))


def _moves(seen: Seen, now: datetime) -> dict[int, datetime]:
    past = as_of(seen.cohort, now)
    learners = {learner.id: learner for learner in past.learners}
    there = [(one, learners[one.learner_id]) for one in seen.watched if one.learner_id in learners]
    found = {one.id: moved(one, learner, past, seen.policy) for one, learner in there}
    return {episode_id: min(at, now) for episode_id, at in found.items() if at is not None}


def _match(seen: Seen, chosen: Chosen, changes: EpisodeChanges, now: datetime) -> dict[int, tuple[Candidate, ...]]:
    """Return candidates by learner: for new episodes, and for open ones that show fewer than they may."""
    ended = {ending.episode_id for ending in changes.end}
    fresh = {change.episode_id: change.stall for change in changes.update}
    seekers = [*changes.open]
    kept: dict[int, frozenset[int]] = {}
    for row in seen.facts.open:
        proposed = seen.facts.proposed.get(row.episode.id, frozenset())
        if row.episode.id in ended or not _seeks(row, now) or len(proposed) >= seen.policy.candidates:
            continue
        kept[row.episode.learner_id] = proposed
        seekers.append(fresh.get(row.episode.id) or stall_again(row))
    helpers = _but_used(seen.helpers, frozenset((who, helper) for who, those in kept.items() for helper in those))
    found: dict[int, list[Candidate]] = defaultdict(list)
    seed = _seed(seen.cohort.context_id, now)
    for one in match_helpers(seekers, helpers, seen.cohort, seen.policy, now, seed, _also_stalled(seen, chosen)):
        already = len(kept.get(one.stalled_id, ()))
        if already + len(found[one.stalled_id]) < seen.policy.candidates:
            found[one.stalled_id].append(one._replace(rank=one.rank + already))
    return {learner_id: tuple(candidates) for learner_id, candidates in found.items()}


def _also_stalled(seen: Seen, chosen: Chosen) -> frozenset[int]:
    # Whoever has stopped moving has enough to carry, also where this sweep raises nothing about them.
    running = {row.episode.learner_id for row in seen.facts.open}
    return frozenset({*running, *(held.stall.learner_id for held in chosen.held_back)})


def _seeks(row: OpenRow, now: datetime) -> bool:
    asleep = row.asleep_until is not None and row.asleep_until > now
    return row.state in ("open", "offered") and not asleep and not row.episode.held_out


def _seed(context_id: int, now: datetime) -> int:
    # The same all day, so that a second sweep proposes the same people.
    return crc32(f"{context_id}:{now.date().isoformat()}".encode())


def record(session: Session, context_id: int, seen: Seen, decided: Decided, now: datetime) -> SweepSummary:
    """Write what was decided; whatever people changed meanwhile stands."""
    one_sweep_at_a_time(session, context_id)
    ended = save_endings(session, decided.changes.end, now)
    updated = save_updates(session, decided.changes.update, now)
    withdrawn = withdraw_lapsed(session, seen.facts.lapsed, now)
    raised = {stall.learner_id for stall in decided.changes.open}
    alerts = [alert for alert in decided.chosen.alerts if alert.stall.learner_id in raised]
    opened = draw(session, context_id, save_openings(session, context_id, alerts, seen.policy, now), now)
    save_moves(session, decided.moves)
    over = {ending.episode_id for ending in decided.changes.end}
    asked = frozenset(stall.learner_id for stall in decided.chosen.running if stall.asked)
    asked |= in_danger(session, context_id, now)
    running = [*release(session, (row for row in seen.facts.open if row.episode.id not in over), asked), *opened]
    held_out = {row.episode.learner_id for row in running if row.episode.held_out}
    by_learner = {row.episode.learner_id: row.episode.id for row in running}
    candidates = {
        by_learner[who]: those for who, those in decided.candidates.items() if who in by_learner.keys() - held_out
    }
    proposed = save_candidates(session, context_id, candidates, now)
    cases = [_case(row, candidates, seen.facts) for row in running]
    plans = prompts_for(cases, decided.reached, seen.cohort, seen.policy, now)
    return SweepSummary(
        context_id=context_id,
        opened=len(opened),
        updated=updated,
        ended=ended,
        proposed=proposed,
        withdrawn=withdrawn,
        prompts=save_prompts(session, context_id, plans, now),
        milestones=len(save_milestones(session, context_id, decided.reached, now)),
        held_back=dict(Counter(held.why.value for held in decided.chosen.held_back)),
    )


def _case(row: OpenRow, candidates: Mapping[int, Sequence[Candidate]], facts: SweepFacts) -> CourseCase:
    episode_id = row.episode.id
    return CourseCase(
        episode=row.episode,
        owner_id=row.owner_id,
        candidates=len(facts.proposed.get(episode_id, ())) + len(candidates.get(episode_id, ())),
        asleep_until=row.asleep_until,
        handled_at=row.handled_at,
    )
