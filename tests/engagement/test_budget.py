"""Quiet rules: few alerts, on the right desk, and none where they would only hurt."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engagement.budget import AlertHistory, Desk, PastAlert, Why, choose, weekly_budget
from engagement.values import Holiday, Policy, Stall, StallKind
from tests.engagement.people import ADA, BEA, NOW, ago, course, day, learner, stall

POLICY = Policy()
CLARA, DINO = 900, 901


def why(found: tuple[object, ...]) -> list[Why]:
    return [one.why for one in found]  # type: ignore[attr-defined]


def test_the_most_urgent_come_first_and_the_rest_wait_for_next_week() -> None:
    stalls = [stall(n, probability=0.5 + n / 100) for n in range(1, 8)]
    chosen = choose(stalls, AlertHistory(), POLICY, NOW, course())
    assert [one.stall.learner_id for one in chosen.alerts] == [7, 6, 5]
    assert set(why(chosen.held_back)) == {Why.COURSE_BUDGET}


def test_what_was_raised_this_week_counts_and_last_week_does_not() -> None:
    past = tuple(PastAlert(50 + n, ago(days)) for n, days in enumerate((1, 2, 8)))
    chosen = choose([stall(ADA), stall(BEA)], AlertHistory(past), POLICY, NOW, course())
    assert len(chosen.alerts) == 1


@pytest.mark.parametrize(
    ("past", "expected"),
    [
        (PastAlert(ADA, ago(10), ago(5)), Why.COOL_DOWN),
        (PastAlert(ADA, ago(30), ago(20), wrong=True), Why.SAID_WRONG),
        (PastAlert(ADA, ago(40), ago(20)), None),
        (PastAlert(ADA, ago(80), ago(40), wrong=True), None),
    ],
)
def test_ada_is_not_asked_again_too_soon(past: PastAlert, expected: Why | None) -> None:
    chosen = choose([stall()], AlertHistory((past,)), POLICY, NOW, course(learner(ADA)))
    assert why(chosen.held_back) == ([expected] if expected else [])


def test_holidays_and_exam_weeks_are_quiet_but_a_call_for_help_is_heard() -> None:
    for facts, expected in (
        ({"holidays": (Holiday(day(1), day(-1)),)}, Why.HOLIDAY),
        ({"exam_weeks": (Holiday(day(1), day(-1)),)}, Why.EXAM_WEEK),
    ):
        chosen = choose([stall(ADA), stall(BEA, asked=True)], AlertHistory(), POLICY, NOW, course(**facts))
        assert [one.stall.learner_id for one in chosen.alerts] == [BEA]
        assert why(chosen.held_back) == [expected]


def test_waiting_for_a_mark_and_a_snooze_are_never_alerts() -> None:
    snoozed = learner(BEA, snoozed_until=NOW + timedelta(days=1))
    stalls = [stall(ADA, kind=StallKind.WAITING), stall(BEA)]
    chosen = choose(stalls, AlertHistory(), POLICY, NOW, course(snoozed))
    assert set(why(chosen.held_back)) == {Why.WAITING, Why.SNOOZED}


def test_an_episode_that_runs_costs_nothing_and_is_only_updated() -> None:
    chosen = choose([stall()], AlertHistory((PastAlert(ADA, ago(20)),)), POLICY, NOW, course())
    assert (chosen.alerts, chosen.held_back) == ((), ())
    assert chosen.stalls == (stall(),)


def test_clara_has_her_group_dino_is_away_and_nobody_gets_more_than_they_can_bear() -> None:
    tutors = (Desk(CLARA, frozenset({1}), weekly=1), Desk(DINO, away_until=NOW + timedelta(days=2)))
    people = course(learner(ADA, groups=frozenset({1})), learner(BEA, groups=frozenset({1})))
    chosen = choose([stall(ADA), stall(BEA)], AlertHistory((), tutors), POLICY, NOW, people)
    assert [one.tutor_id for one in chosen.alerts] == [CLARA]
    assert why(chosen.held_back) == [Why.TUTOR_BUDGET]


stalls_of_any_kind = st.lists(
    st.builds(
        Stall,
        learner_id=st.integers(1, 60),
        kind=st.sampled_from(StallKind),
        probability=st.floats(0, 1),
        reasons=st.just(()),
        asked=st.booleans(),
    ),
    unique_by=lambda one: one.learner_id,
)


@given(stalls=stalls_of_any_kind, lots=st.randoms(), weekly=st.integers(0, 5))
def test_no_budget_is_ever_exceeded_nobody_is_lost_and_order_does_not_matter(stalls, lots, weekly) -> None:  # type: ignore[no-untyped-def]
    history = AlertHistory((), (Desk(CLARA, weekly=weekly), Desk(DINO, weekly=1)))
    chosen = choose(stalls, history, POLICY, NOW, course())
    paid = [one for one in chosen.alerts if not one.stall.asked]
    assert len(paid) <= min(weekly_budget(course(), POLICY), weekly + 1)
    assert len(chosen.alerts) + len(chosen.held_back) == len(stalls)
    mixed = list(stalls)
    lots.shuffle(mixed)
    assert choose(mixed, history, POLICY, NOW, course()) == chosen


def test_ada_who_tries_and_fails_is_heard_before_bea_who_never_came() -> None:
    tries = replace(stall(ADA, probability=0.6), kind=StallKind.STUCK, since=ago(4))
    never = replace(stall(BEA, probability=0.99), kind=StallKind.NEVER_STARTED)
    chosen = choose([never, tries], AlertHistory(), POLICY, NOW, course())
    assert [one.stall.learner_id for one in chosen.alerts] == [ADA, BEA]


def test_whoever_left_long_ago_waits_behind_whoever_has_just_stopped() -> None:
    long_ago = replace(stall(ADA, probability=0.9), since=ago(60))
    lately = replace(stall(BEA, probability=0.6), since=ago(9))
    chosen = choose([long_ago, lately], AlertHistory(), POLICY, NOW, course())
    assert [one.stall.learner_id for one in chosen.alerts] == [BEA, ADA]
