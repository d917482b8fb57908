"""Kinds of stall, each told by a story."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engagement.flow import kind_of
from engagement.values import ActivityState, Cohort, Feeling, Knowledge, Learner, Progress, StallKind
from tests.engagement.people import (
    ADA,
    BEA,
    ESSAY,
    LMS_TELLS_LITTLE,
    NOW,
    QUIZ_1,
    QUIZ_2,
    QUIZ_3,
    READING,
    ada,
    ago,
    course,
    done,
    failed,
    handed_in,
    learner,
    passed,
    steady,
)


def kind(one: Learner, cohort: Cohort | None = None) -> StallKind:
    return kind_of(one, cohort or course(one), NOW).kind


def with_due(one: Learner, **due_in_days: float) -> Cohort:
    cohort = course(one, steady(50, progress={QUIZ_3: Progress(ActivityState.NOT_STARTED), ESSAY: done(2)}))
    numbers = {"quiz_2": QUIZ_2, "essay": ESSAY, "quiz_3": QUIZ_3}
    when = {numbers[name]: ago(-days) for name, days in due_in_days.items()}
    return replace(
        cohort, activities=tuple(replace(activity, due_at=when.get(activity.id)) for activity in cohort.activities)
    )


def test_ada_tries_again_and_again_and_her_scores_do_not_rise_stuck() -> None:
    guess = kind_of(ada(), course(ada()), NOW)
    assert (guess.kind, guess.activity_id) == (StallKind.STUCK, QUIZ_2)
    assert guess.confidence == pytest.approx(0.75)


def test_bea_failed_twice_and_has_not_come_since_stuck_but_less_surely() -> None:
    bea = learner(BEA, last_seen_at=ago(8), progress={READING: done(40), QUIZ_2: failed((8, 0.3), (9, 0.3))})
    guess = kind_of(bea, course(bea), NOW)
    assert guess.kind is StallKind.STUCK
    assert guess.confidence < 0.75


def test_bea_is_ahead_with_high_scores_and_comes_less_bored() -> None:
    progress = {
        READING: done(40),
        QUIZ_1: passed(39, 1.0),
        QUIZ_2: passed(38, 0.95),
        ESSAY: done(37),
        QUIZ_3: passed(36, 0.9),
    }
    others = [steady(200 + n, progress={READING: done(9)}) for n in range(6)]
    bea = learner(BEA, last_seen_at=ago(15), progress=progress, known=LMS_TELLS_LITTLE)
    assert kind(bea, course(bea, *others)) is StallKind.BORED


def test_bea_has_three_things_due_at_once_overloaded() -> None:
    bea = learner(BEA, last_seen_at=ago(4), progress={READING: done(40)})
    guess = kind_of(bea, with_due(bea, quiz_2=-1, essay=1, quiz_3=2), NOW)
    assert (guess.kind, guess.activity_id) == (StallKind.OVERLOADED, QUIZ_2)


def test_a_personal_extension_is_her_due_date() -> None:
    more_time = {one: Progress(ActivityState.NOT_STARTED, due_at=ago(-30)) for one in (QUIZ_2, ESSAY, QUIZ_3)}
    bea = learner(BEA, last_seen_at=ago(4), progress={READING: done(40), **more_time})
    assert kind(bea, with_due(bea, quiz_2=-1, essay=1, quiz_3=2)) is StallKind.DRIFTING


def test_bea_handed_in_and_waits_for_her_tutor_waiting() -> None:
    bea = learner(BEA, last_seen_at=ago(20), progress={READING: done(40), QUIZ_1: passed(30), ESSAY: handed_in(20)})
    guess = kind_of(bea, course(bea), NOW)
    assert (guess.kind, guess.activity_id) == (StallKind.WAITING, ESSAY)
    assert guess.reasons[0].facts["days"] == 20


def test_bea_fades_without_any_event_drifting() -> None:
    assert kind(learner(BEA, last_seen_at=ago(20), progress={READING: done(40)})) is StallKind.DRIFTING


def test_dario_never_came_never_started() -> None:
    assert kind(learner(BEA, never_seen=True)) is StallKind.NEVER_STARTED


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (Feeling.TOO_HARD, StallKind.STUCK),
        (Feeling.TOO_EASY, StallKind.BORED),
        (Feeling.NO_TIME, StallKind.OVERLOADED),
    ],
)
def test_what_she_says_outweighs_what_we_guess_while_it_is_fresh(said: Feeling, expected: StallKind) -> None:
    bea = learner(BEA, last_seen_at=ago(20), progress={READING: done(40)}, feeling=said, feeling_at=ago(2))
    guess = kind_of(bea, course(bea), NOW)
    assert (guess.kind, guess.said) == (expected, True)
    assert kind(replace(bea, feeling_at=ago(20))) is StallKind.DRIFTING


def test_what_she_said_of_something_she_has_passed_since_is_over() -> None:
    bea = steady(BEA, feeling=Feeling.TOO_HARD, feeling_at=ago(6.5), feeling_about=QUIZ_2)
    assert not kind_of(bea, course(bea), NOW).said


progress_of_any_kind = st.fixed_dictionaries(
    {},
    optional={
        READING: st.just(done(40)),
        QUIZ_1: st.sampled_from([passed(20, 1.0), passed(20, 0.6), failed((8, 0.5))]),
        QUIZ_2: st.sampled_from([failed((9, 0.4), (10, 0.4), (11, 0.4)), failed((9, 0.9), (10, 0.2)), passed(4, 0.95)]),
        ESSAY: st.sampled_from([handed_in(9), done(8)]),
        QUIZ_3: st.sampled_from([passed(3, 1.0), Progress(ActivityState.IN_PROGRESS)]),
    },
)


@settings(deadline=None, max_examples=150)
@given(
    progress=progress_of_any_kind,
    seen=st.none() | st.integers(0, 40),
    active=st.frozensets(st.integers(0, 50), max_size=6),
    known=st.frozensets(st.sampled_from(sorted(Knowledge))),
    hidden=st.sampled_from(sorted(Knowledge)),
    due=st.tuples(st.integers(-9, 9), st.integers(-9, 9), st.integers(-9, 9)),
)
def test_hiding_facts_never_raises_confidence(
    progress: dict[int, Progress],
    seen: int | None,
    active: frozenset[int],
    known: frozenset[Knowledge],
    hidden: Knowledge,
    due: tuple[int, int, int],
) -> None:
    last = None if seen is None else ago(seen)
    one = learner(
        ADA,
        progress=progress,
        last_seen_at=last,
        never_seen=seen is None,
        active_days=frozenset(ago(d).date() for d in active),
        days_known_from=ago(60).date(),
        known=known | {hidden},
    )
    cohort = with_due(one, quiz_2=due[0], essay=due[1], quiz_3=due[2])
    less = replace(one, known=known - {hidden})
    blind = replace(cohort, learners=(less, *cohort.learners[1:]))
    assert kind_of(less, blind, NOW).confidence <= kind_of(one, cohort, NOW).confidence + 1e-9
