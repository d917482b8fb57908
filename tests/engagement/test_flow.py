"""Kinds of stall, each told by a story."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engagement.flow import kind_of
from engagement.values import (
    ActivityState,
    Attempt,
    Cohort,
    Feeling,
    Knowledge,
    Learner,
    Progress,
    ReasonCode,
    StallKind,
)
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
    day,
    days,
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


def test_somebody_gone_for_three_weeks_with_a_backlog_drifts_and_is_not_overloaded() -> None:
    gone = learner(BEA, last_seen_at=ago(24), progress={READING: done(40)})
    assert kind(gone, with_due(gone, quiz_2=-20, essay=-12, quiz_3=-6)) is StallKind.DRIFTING
    assert kind(gone, with_due(gone, quiz_2=1, essay=2, quiz_3=3)) is StallKind.DRIFTING


def test_an_old_backlog_is_not_all_at_once() -> None:
    bea = learner(BEA, last_seen_at=ago(1), progress={READING: done(40)})
    assert kind(bea, with_due(bea, quiz_2=-20, essay=-12, quiz_3=-6)) is StallKind.DRIFTING


def at_night(*nights: int) -> tuple[Attempt, ...]:
    # Half past one in the morning in Rome.
    return tuple(
        Attempt(datetime.combine(day(one), time(0, 30), UTC), 0.7, True) for one in sorted(nights, reverse=True)
    )


def test_bea_works_three_nights_with_two_things_due_overloaded() -> None:
    reading = replace(done(1), attempts=at_night(1, 2, 4))
    bea = learner(BEA, last_seen_at=ago(1), progress={READING: reading})
    guess = kind_of(bea, with_due(bea, essay=1, quiz_3=2), NOW)
    assert guess.kind is StallKind.OVERLOADED
    nights = next(one for one in guess.reasons if one.code is ReasonCode.LATE_NIGHTS)
    assert (nights.facts["count"], nights.facts["days"]) == (3, 14)
    rested = replace(bea, progress={READING: replace(reading, attempts=at_night(1, 20, 30))})
    assert kind(rested, with_due(rested, essay=1, quiz_3=2)) is not StallKind.OVERLOADED


def test_bea_has_begun_two_things_and_finished_neither_overloaded() -> None:
    half = Progress(ActivityState.IN_PROGRESS)
    bea = learner(BEA, last_seen_at=ago(2), progress={READING: done(40), QUIZ_3: half, QUIZ_2: half})
    guess = kind_of(bea, with_due(bea, quiz_2=1, quiz_3=2), NOW)
    assert guess.kind is StallKind.OVERLOADED
    assert ReasonCode.HALF_DONE in {one.code for one in guess.reasons}


def test_bea_failed_twice_and_her_question_has_no_answer_stuck() -> None:
    bea = steady(BEA, progress={READING: done(40), QUIZ_2: failed((2, 0.4), (3, 0.41))}, questions={QUIZ_2: ago(1.5)})
    guess = kind_of(bea, course(bea), NOW)
    assert (guess.kind, guess.activity_id, guess.confidence) == (StallKind.STUCK, QUIZ_2, 0.75)
    assert [one.code for one in guess.reasons] == [ReasonCode.FAILED_ATTEMPTS, ReasonCode.QUESTION_OPEN]
    assert kind(replace(bea, questions={})) is not StallKind.STUCK


def test_a_question_about_something_passed_since_is_over() -> None:
    bea = steady(BEA, questions={QUIZ_2: ago(7), READING: ago(50)})
    assert kind(bea) is StallKind.DRIFTING


def test_scores_that_rise_are_learning_and_scores_that_fall_are_not() -> None:
    for tries, expected in (
        (((9, 0.58), (10, 0.42), (11, 0.2)), StallKind.DRIFTING),
        (((9, 0.2), (10, 0.42), (11, 0.58)), StallKind.STUCK),
    ):
        one = ada(progress={READING: done(40), QUIZ_2: failed(*tries)})
        assert kind(one) is expected


def test_somebody_ahead_who_comes_as_ever_is_not_bored() -> None:
    progress = {one: passed(30 - one, 0.95) for one in (READING, QUIZ_1, QUIZ_2, ESSAY)}
    others = [steady(200 + n, progress={READING: done(9)}) for n in range(6)]
    regular = steady(BEA, progress=progress)
    assert kind(regular, course(regular, *others)) is not StallKind.BORED
    fading = replace(regular, active_days=days(1, 20, *range(28, 56, 2)), last_seen_at=ago(1))
    assert kind(fading, course(fading, *others)) is StallKind.BORED


@pytest.mark.parametrize("said", [Feeling.TOO_HARD, Feeling.TOO_EASY, Feeling.NO_TIME])
def test_her_answer_outweighs_even_a_strong_guess(said: Feeling) -> None:
    one = ada(feeling=said, feeling_at=ago(1))
    guess = kind_of(one, course(one), NOW)
    assert guess.said
    assert guess.confidence > kind_of(ada(), course(ada()), NOW).confidence
