"""Whom to write to and when: prompts with a key each, so that a second sweep says nothing twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from engagement.episodes import OpenEpisode
from engagement.facts import Cohort, Learner, Motive, StallKind
from engagement.moments import aware, quiet_until
from engagement.policy import Policy
from engagement.recognition import Milestone, MilestoneKind
from engagement.verdicts import PromptKind, ReasonCode

#: Praise for something older than this would come too late to be warm.
WARM = timedelta(days=7)
PRAISED = frozenset({MilestoneKind.PASSED_AFTER_FAILING, MilestoneKind.HALFWAY, MilestoneKind.COURSE_COMPLETED})


class Answer(StrEnum):
    """What a prompt may offer, in this order; the template finds the words."""

    PERSON = "person"  # somebody who passed it would help
    THREAD = "thread"  # where others solved it
    CHALLENGE = "challenge"
    HELP_OTHERS = "help_others"
    LEAD_EVENT = "lead_event"
    PLAN = "plan"
    EXTENSION = "extension"  # a request to the tutor
    LIGHT_WORD = "light_word"
    OWN_REASON = "own_reason"  # why they said they are here
    WELCOME = "welcome"
    FIRST_STEP = "first_step"
    NOT_NOW = "not_now"
    WRONG = "wrong"


ANSWERS: Mapping[StallKind, tuple[Answer, ...]] = {
    StallKind.STUCK: (Answer.PERSON, Answer.THREAD),
    StallKind.BORED: (Answer.CHALLENGE, Answer.HELP_OTHERS, Answer.LEAD_EVENT),
    StallKind.OVERLOADED: (Answer.PLAN, Answer.EXTENSION),
    StallKind.DRIFTING: (Answer.LIGHT_WORD, Answer.OWN_REASON, Answer.PERSON),
    StallKind.NEVER_STARTED: (Answer.WELCOME, Answer.FIRST_STEP),
    StallKind.WAITING: (),
}


@dataclass(frozen=True, slots=True)
class CourseCase:
    """An open episode as the prompts see it: who owns it, how many helpers are proposed, until when it sleeps.

    ``handled_at`` is when a tutor did anything about it.
    """

    episode: OpenEpisode
    owner_id: int | None = None
    candidates: int = 0
    asleep_until: datetime | None = None
    handled_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PromptPlan:
    """A prompt to record: ``due_at`` is when it may go out, ``act_by`` when its reader should have acted.

    ``to_id`` is a membership, or None for whoever holds the desk (tutor) or the control room (escalation).
    """

    key: str
    kind: PromptKind
    due_at: datetime
    to_id: int | None = None
    episode_id: int | None = None
    act_by: datetime | None = None
    answers: tuple[Answer, ...] = ()
    facts: Mapping[str, int | float | str | None] = field(default_factory=dict)


def prompts_for(
    cases: Sequence[CourseCase],
    reached: Sequence[Milestone],
    cohort: Cohort,
    policy: Policy,
    now: datetime,
    zones: Mapping[int, str] | None = None,
) -> tuple[PromptPlan, ...]:
    """Return the prompts that open episodes and fresh milestones call for, each with a key that never changes.

    Held-out episodes get no nudge, but their tutor sees them as any other. ``zones`` names a membership's own time zone
    where it differs from the course's. A prompt that an earlier sweep recorded is returned again: the key decides.
    """
    aware(now)
    learners = {learner.id: learner for learner in cohort.learners}
    found: list[PromptPlan] = []
    for case in cases:
        learner = learners.get(case.episode.learner_id)
        if learner is None or case.episode.kind is StallKind.WAITING:
            continue
        asleep = case.asleep_until is not None and case.asleep_until > now
        if not case.episode.held_out and not asleep:
            found.append(_nudge(case, learner, cohort, policy, now, zones or {}))
        found += _for_the_desk(case, cohort, policy, now, zones or {})
    found += [plan for one in reached if (plan := _praise(one, learners, now)) is not None]
    return tuple(found)


def _nudge(
    case: CourseCase, learner: Learner, cohort: Cohort, policy: Policy, now: datetime, zones: Mapping[int, str]
) -> PromptPlan:
    episode = case.episode
    facts: dict[str, int | float | str | None] = {
        "kind": episode.kind.value,
        "activity_id": episode.activity_id,
        "motive": learner.motive.value if learner.motive else None,
        "candidates": case.candidates,
    }
    return PromptPlan(
        key=f"nudge:{episode.id}",
        kind=PromptKind.NUDGE,
        due_at=quiet_until(now, zones.get(learner.id, cohort.time_zone), policy.quiet_from, policy.quiet_to),
        to_id=learner.id,
        episode_id=episode.id,
        answers=answers_for(episode.kind, learner.motive, case.candidates),
        facts=facts,
    )


def answers_for(kind: StallKind, motive: Motive | None, candidates: int) -> tuple[Answer, ...]:
    """What to offer to a stall of this kind, the answer that speaks to the person's own reason first.

    "Not now" and "this is wrong" are always among them; a person only where somebody is there to be asked.
    """
    offered = [one for one in ANSWERS[kind] if one is not Answer.PERSON or candidates > 0]
    if not offered and kind is not StallKind.WAITING:
        offered = [Answer.LIGHT_WORD]
    preferred = PREFERRED.get(motive, ()) if motive else ()
    offered.sort(key=lambda one: one not in preferred)
    return (*offered, Answer.NOT_NOW, Answer.WRONG)


#: Who seeks gain wants the way through, who seeks company wants people, who seeks themselves wants something to try.
PREFERRED: Mapping[Motive, tuple[Answer, ...]] = {
    Motive.PRACTICAL: (Answer.THREAD, Answer.PLAN, Answer.FIRST_STEP),
    Motive.BELONGING: (Answer.PERSON, Answer.HELP_OTHERS, Answer.WELCOME),
    Motive.SELF: (Answer.CHALLENGE, Answer.OWN_REASON, Answer.LEAD_EVENT),
}


def is_urgent(episode: OpenEpisode) -> bool:
    """Whether a person should look within a day: help was asked for, or the learner is stuck."""
    asked = any(reason.code is ReasonCode.ASKED_FOR_HELP for reason in episode.reasons)
    return asked or episode.kind is StallKind.STUCK


def tutor_due_at(episode: OpenEpisode, policy: Policy) -> datetime:
    """By when a tutor should have looked at an episode."""
    hours = policy.urgent_hours if is_urgent(episode) else policy.calm_hours
    return episode.opened_at + timedelta(hours=hours)


def _for_the_desk(
    case: CourseCase, cohort: Cohort, policy: Policy, now: datetime, zones: Mapping[int, str]
) -> list[PromptPlan]:
    episode, act_by = case.episode, tutor_due_at(case.episode, policy)
    zone_name = cohort.time_zone if case.owner_id is None else zones.get(case.owner_id, cohort.time_zone)
    found = [
        PromptPlan(
            key=f"tutor:{episode.id}",
            kind=PromptKind.TUTOR,
            due_at=quiet_until(now, zone_name, policy.quiet_from, policy.quiet_to),
            to_id=case.owner_id,
            episode_id=episode.id,
            act_by=act_by,
            facts={"kind": episode.kind.value, "urgent": int(is_urgent(episode)), "activity_id": episode.activity_id},
        )
    ]
    escalates_at = act_by + timedelta(hours=policy.escalate_hours)
    asleep = case.asleep_until is not None and case.asleep_until > now
    met = case.handled_at or episode.tutored_at or episode.matched_at
    if met is None and not asleep and now >= escalates_at:
        due_at = quiet_until(now, cohort.time_zone, policy.quiet_from, policy.quiet_to)
        found.append(PromptPlan(f"escalation:{episode.id}", PromptKind.ESCALATION, due_at, None, episode.id))
    return found


def ask_helper(
    episode: OpenEpisode, helper_id: int, cohort: Cohort, policy: Policy, now: datetime, time_zone: str | None = None
) -> PromptPlan:
    """Return the question to the helper whom the learner picked; unanswered by ``act_by``, the next one is asked.

    ``time_zone`` is the helper's own, else the course's: nobody is asked in the middle of their night.
    """
    due_at = quiet_until(now, time_zone or cohort.time_zone, policy.quiet_from, policy.quiet_to)
    return PromptPlan(
        key=f"ask:{episode.id}:{helper_id}",
        kind=PromptKind.ASK_HELPER,
        due_at=due_at,
        to_id=helper_id,
        episode_id=episode.id,
        act_by=due_at + timedelta(hours=policy.match_timeout_hours),
        facts={"learner_id": episode.learner_id, "activity_id": episode.activity_id},
    )


def _praise(one: Milestone, learners: Mapping[int, Learner], now: datetime) -> PromptPlan | None:
    if one.kind not in PRAISED or one.learner_id not in learners or now - one.reached_at > WARM:
        return None
    facts: dict[str, int | float | str | None] = {
        "learner_id": one.learner_id,
        "milestone": one.kind.value,
        "key": one.key,
        "activity_id": one.activity_id,
        **one.facts,
    }
    return PromptPlan(f"praise:{one.learner_id}:{one.key}", PromptKind.PRAISE, now, None, facts=facts)
