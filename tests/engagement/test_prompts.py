"""Prompts: who hears of it, once, at a kind hour, with answers that fit the stall and the person."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from engagement.episodes import OpenEpisode
from engagement.prompts import Answer, CourseCase, PromptPlan, answers_for, ask_helper, prompts_for
from engagement.recognition import milestones
from engagement.values import Motive, Policy, PromptKind, Reason, ReasonCode, StallKind
from tests.engagement.people import ADA, BRUNO, NOW, QUIZ_1, QUIZ_2, ada, ago, course, passed

POLICY = Policy()
CLARA = 900


def case(**facts: Any) -> CourseCase:
    episode = OpenEpisode(5, ADA, facts.pop("kind", StallKind.STUCK), facts.pop("opened_at", NOW), QUIZ_2)
    inside = {key: facts.pop(key) for key in ("held_out", "reasons", "tutored_at", "matched_at") if key in facts}
    return CourseCase(replace(episode, **inside), **{"owner_id": CLARA, "candidates": 2, **facts})


def prompts(one: CourseCase, now: datetime = NOW, **facts: Any) -> dict[PromptKind, PromptPlan]:
    return {plan.kind: plan for plan in prompts_for([one], (), course(ada(**facts)), POLICY, now)}


def test_ada_is_told_who_could_help_and_clara_sees_it_on_her_desk() -> None:
    found = prompts(case())
    assert found[PromptKind.NUDGE].to_id == ADA
    assert found[PromptKind.NUDGE].answers == (Answer.PERSON, Answer.THREAD, Answer.NOT_NOW, Answer.WRONG)
    assert found[PromptKind.TUTOR].to_id == CLARA
    assert found[PromptKind.TUTOR].act_by == datetime(2026, 11, 21, 10, 5, tzinfo=UTC)


def test_a_second_sweep_says_the_same_under_the_same_keys() -> None:
    later = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)
    assert {one.key for one in prompts(case()).values()} == {one.key for one in prompts(case(), later).values()}


def test_nothing_reaches_her_at_night_in_her_own_time_zone() -> None:
    night = datetime(2026, 11, 20, 22, 30, tzinfo=UTC)
    assert prompts(case(), night)[PromptKind.NUDGE].due_at == datetime(2026, 11, 21, 7, 0, tzinfo=UTC)
    plans = prompts_for([case()], (), course(ada()), POLICY, night, zones={ADA: "America/Lima"})
    assert plans[0].due_at == night


def test_who_is_held_out_gets_no_nudge_but_the_tutor_sees_them_as_any_other() -> None:
    assert set(prompts(case(held_out=True))) == {PromptKind.TUTOR}


def test_not_now_lets_the_nudge_sleep() -> None:
    assert PromptKind.NUDGE not in prompts(case(asleep_until=ago(-3)))


@pytest.mark.parametrize(
    ("kind", "motive", "first"),
    [
        (StallKind.STUCK, Motive.PRACTICAL, Answer.THREAD),
        (StallKind.STUCK, Motive.BELONGING, Answer.PERSON),
        (StallKind.BORED, None, Answer.CHALLENGE),
        (StallKind.BORED, Motive.BELONGING, Answer.HELP_OTHERS),
        (StallKind.OVERLOADED, None, Answer.PLAN),
        (StallKind.DRIFTING, Motive.SELF, Answer.OWN_REASON),
        (StallKind.NEVER_STARTED, None, Answer.WELCOME),
    ],
)
def test_each_kind_has_its_own_answers_and_her_own_reason_comes_first(
    kind: StallKind, motive: Motive | None, first: Answer
) -> None:
    assert answers_for(kind, motive, candidates=2)[0] is first


def test_a_person_is_offered_only_where_somebody_is_there() -> None:
    assert Answer.PERSON not in answers_for(StallKind.STUCK, None, candidates=0)


def test_what_nobody_looks_at_goes_to_the_community_manager_and_what_was_met_does_not() -> None:
    old = ago(4)
    assert PromptKind.ESCALATION in prompts(case(opened_at=old))
    assert PromptKind.ESCALATION not in prompts(case(opened_at=ago(2)))
    for met in ({"handled_at": ago(1)}, {"tutored_at": ago(1)}, {"matched_at": ago(1)}, {"asleep_until": ago(-1)}):
        assert PromptKind.ESCALATION not in prompts(case(opened_at=old, **met))


def test_a_call_for_help_is_urgent_whatever_the_kind() -> None:
    asked = (Reason(ReasonCode.ASKED_FOR_HELP),)
    calm, urgent = (case(kind=StallKind.DRIFTING, reasons=reasons) for reasons in ((), asked))
    assert prompts(calm)[PromptKind.TUTOR].facts["urgent"] == 0
    assert prompts(urgent)[PromptKind.TUTOR].facts["urgent"] == 1


def test_bruno_has_two_days_to_answer_from_when_he_can_read_it() -> None:
    night = datetime(2026, 11, 20, 22, 30, tzinfo=UTC)
    plan = ask_helper(case().episode, BRUNO, course(), POLICY, night)
    assert (plan.to_id, plan.key) == (BRUNO, "ask:5:2")
    assert plan.due_at == datetime(2026, 11, 21, 7, 0, tzinfo=UTC)
    assert plan.act_by == datetime(2026, 11, 23, 7, 0, tzinfo=UTC)


def test_clara_hears_when_ada_passes_after_failing_but_not_of_every_pass() -> None:
    cohort = course(ada(progress={QUIZ_1: passed(2), QUIZ_2: passed(1, failed_before=3)}), others=0)
    plans = prompts_for([], milestones(cohort, NOW), cohort, POLICY, NOW)
    assert [(one.kind, one.facts["activity_id"]) for one in plans] == [(PromptKind.PRAISE, QUIZ_2)]


def test_who_has_left_hears_nothing() -> None:
    assert prompts_for([case()], (), course(), POLICY, NOW) == ()
