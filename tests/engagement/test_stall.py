"""Stalls: who has stopped moving, told in facts, and who must be left in peace."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engagement.stall import find_stalls
from engagement.values import (
    ActivityState,
    Cohort,
    Estimate,
    Feeling,
    Holiday,
    Knowledge,
    Policy,
    Progress,
    Reason,
    ReasonCode,
    Stall,
    StallKind,
    worth_saying,
)
from tests.engagement.people import (
    ADA,
    BEA,
    DARIO,
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
    without,
)

POLICY = Policy()


def stalled(cohort: Cohort, who: int = ADA, policy: Policy = POLICY, now: datetime = NOW) -> Stall | None:
    return next((one for one in find_stalls(cohort, policy, now) if one.learner_id == who), None)


def codes(stall: Stall) -> set[ReasonCode]:
    return {reason.code for reason in stall.reasons}


def test_ada_silent_for_nine_days_after_failing_three_times_is_stuck_at_quiz_2() -> None:
    found = stalled(course(ada()))
    assert found is not None
    assert (found.kind, found.activity_id) == (StallKind.STUCK, QUIZ_2)
    fails = next(one for one in found.reasons if one.code is ReasonCode.FAILED_ATTEMPTS)
    assert (fails.facts["attempts"], fails.facts["best"], fails.facts["days"]) == (3, 0.41, 9)
    silent = next(one for one in found.reasons if one.code is ReasonCode.SILENT)
    assert silent.facts["days"] == 9
    assert found.since == ago(9)


def test_somebody_who_still_comes_and_fails_the_same_quiz_three_times_is_stuck() -> None:
    bea = steady(BEA, progress={READING: done(40), QUIZ_2: failed((0.1, 0.4), (1, 0.42), (2, 0.41))})
    found = stalled(course(bea), BEA)
    assert found is not None
    assert found.kind is StallKind.STUCK
    assert found.probability < 0.2


def test_rising_scores_are_learning_and_not_a_stall() -> None:
    bea = steady(BEA, progress={READING: done(40), QUIZ_2: failed((0.1, 0.58), (1, 0.42), (2, 0.2))})
    assert stalled(course(bea), BEA) is None


def test_the_weights_add_up_to_the_probability() -> None:
    found = stalled(course(ada()))
    assert found is not None
    log_odds = sum(reason.weight for reason in found.reasons)
    assert found.probability == pytest.approx(1 / (1 + math.exp(-log_odds)))
    assert all(one.code not in (ReasonCode.BASE, ReasonCode.MODEL) for one in worth_saying(found.reasons))


def test_bruno_who_comes_every_second_day_is_left_in_peace() -> None:
    assert find_stalls(course(), POLICY, NOW) == ()


def test_somebody_silent_for_four_weeks_with_only_last_access_known_is_drifting() -> None:
    gone = learner(ADA, last_seen_at=ago(29), known=LMS_TELLS_LITTLE, progress={READING: done(40)})
    found = stalled(course(gone))
    assert found is not None
    assert found.kind is StallKind.DRIFTING
    assert Knowledge.DAYS not in found.used
    assert ReasonCode.BEHIND in codes(found)


def test_a_sunday_learner_is_not_silent_on_a_wednesday() -> None:
    sundays = learner(
        ADA, active_days=days(*range(10, 60, 10)), days_known_from=day(60), last_seen_at=ago(10), progress={}
    )
    assert stalled(course(sundays)) is None


def test_nobody_is_judged_on_silence_that_nobody_could_see() -> None:
    unseen = without(learner(ADA), Knowledge.ACCESS, Knowledge.DAYS)
    assert stalled(course(unseen)) is None


def test_a_missing_permission_for_submissions_is_not_missing_work() -> None:
    cohort = course(without(steady(BEA, progress={READING: done(40)}), Knowledge.SUBMISSIONS))
    late = tuple(replace(one, due_at=ago(3)) if one.id == ESSAY else one for one in cohort.activities)
    assert stalled(replace(cohort, activities=late), BEA) is None


def test_work_that_waits_for_a_mark_never_counts_against_bea() -> None:
    bea = learner(
        BEA,
        last_seen_at=ago(25),
        known=LMS_TELLS_LITTLE,
        progress={READING: done(40), QUIZ_1: passed(30), QUIZ_2: passed(26), ESSAY: handed_in(25)},
    )
    assert stalled(course(bea), BEA) is None


def test_somebody_who_never_came_is_welcomed_after_a_week_and_not_before() -> None:
    for enrolled, expected in ((12, True), (3, False)):
        dario = learner(DARIO, never_seen=True, enrolled_on=day(enrolled), known=LMS_TELLS_LITTLE)
        found = stalled(course(dario), DARIO)
        assert (found is not None) is expected
        if found is not None:
            assert found.kind is StallKind.NEVER_STARTED
            assert found.activity_id == READING


def test_who_has_completed_everything_is_left_in_peace() -> None:
    all_done = {READING: done(40), QUIZ_1: passed(39), QUIZ_2: passed(38), ESSAY: done(37), QUIZ_3: passed(36)}
    assert stalled(course(learner(ADA, last_seen_at=ago(36), progress=all_done, known=LMS_TELLS_LITTLE))) is None


@pytest.mark.parametrize("facts", [{"starts_on": day(-2)}, {"ends_on": day(2)}])
def test_a_course_that_has_not_begun_or_is_over_raises_nobody(facts: dict[str, object]) -> None:
    assert find_stalls(course(ada(), **facts), POLICY, NOW) == ()


def test_a_course_not_read_for_four_days_raises_nobody() -> None:
    assert find_stalls(course(ada(), as_of=ago(4)), POLICY, NOW) == ()


def test_silence_is_counted_until_the_lms_was_last_read() -> None:
    found = stalled(course(ada(), as_of=ago(2)))
    assert found is not None
    assert next(one for one in found.reasons if one.code is ReasonCode.SILENT).facts["days"] == 7


def test_a_snooze_is_respected_until_it_ends_and_a_call_for_help_comes_through() -> None:
    assert stalled(course(ada(snoozed_until=ago(-3)))) is None
    assert stalled(course(ada(snoozed_until=ago(1)))) is not None
    asking = stalled(course(ada(snoozed_until=ago(-3), asked_for_help_at=ago(hours=0.2))))
    assert asking is not None
    assert asking.asked


def test_her_own_word_that_it_is_just_right_outweighs_the_guess() -> None:
    assert stalled(course(ada(feeling=Feeling.JUST_RIGHT, feeling_at=ago(1)))) is None
    assert stalled(course(ada(feeling=Feeling.JUST_RIGHT, feeling_at=ago(12)))) is not None


def test_a_holiday_is_not_silence() -> None:
    gone = learner(ADA, last_seen_at=ago(29), known=LMS_TELLS_LITTLE, progress={READING: done(40)})
    assert stalled(course(gone, holidays=(Holiday(day(28), day(2)),))) is None


def test_where_the_whole_course_is_silent_nobody_stands_out() -> None:
    silent = [learner(who, last_seen_at=ago(22), known=LMS_TELLS_LITTLE) for who in range(1, 30)]
    assert find_stalls(course(*silent, others=0), POLICY, NOW) == ()


def test_late_in_the_course_alerts_are_few() -> None:
    gone = learner(ADA, last_seen_at=ago(22), known=LMS_TELLS_LITTLE, progress={READING: done(40)})
    assert stalled(course(gone)) is not None
    assert stalled(course(gone, ends_on=day(-5))) is None


def test_a_trained_estimate_speaks_for_somebody_who_still_comes() -> None:
    estimate = Estimate(0.7, (Reason(ReasonCode.FADING, {"active": 5, "of": 28, "usual": 14}, 0.6),), leaving=0.3)
    found = find_stalls(course(ada()), POLICY, NOW, {100: estimate, ADA: replace(estimate, probability=0.31)})
    fading, stuck = sorted(found, key=lambda one: -one.learner_id)
    assert (fading.learner_id, fading.leaving) == (100, 0.3)
    assert fading.probability == pytest.approx(0.7)
    assert stuck.probability == pytest.approx(0.31)
    assert ReasonCode.FAILED_ATTEMPTS in codes(stuck)


def test_an_estimate_never_raises_somebody_in_a_gap_or_waiting_for_a_mark() -> None:
    unseen = without(learner(DARIO), Knowledge.ACCESS, Knowledge.DAYS)
    bea = learner(
        BEA, last_seen_at=ago(25), known=LMS_TELLS_LITTLE, progress={QUIZ_1: passed(30), ESSAY: handed_in(25)}
    )
    sure = Estimate(0.99, ())
    assert find_stalls(course(unseen, bea), POLICY, NOW, {DARIO: sure, BEA: sure}) == ()


def test_naive_times_are_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        find_stalls(course(ada()), POLICY, datetime(2026, 11, 20))  # noqa: DTZ001
    with pytest.raises(ValueError, match="time zone"):
        find_stalls(course(ada(last_seen_at=datetime(2026, 11, 1))), POLICY, NOW)  # noqa: DTZ001


@pytest.mark.parametrize(
    "cohort", [course(others=0), course(ada(), others=0), Cohort(1, (), ()), Cohort(1, (), (ada(),))]
)
def test_empty_and_tiny_courses_have_a_sensible_answer(cohort: Cohort) -> None:
    assert len(find_stalls(cohort, POLICY, NOW)) <= 1


some_days = st.frozensets(st.integers(0, 59), max_size=25)
some_known = st.frozensets(st.sampled_from(sorted(Knowledge)))


def one_learner(when: frozenset[int], known: frozenset[Knowledge] = frozenset(Knowledge)) -> Cohort:
    seen = learner(
        ADA,
        active_days=days(*when),
        days_known_from=day(60),
        last_seen_at=ago(min(when), 3) if when else None,
        never_seen=not when,
        known=known,
        progress={QUIZ_2: failed((min(when, default=5), 0.4))},
    )
    return course(seen)


def risk(cohort: Cohort) -> float:
    found = stalled(cohort, policy=Policy(threshold=1e-9, silent_days=0))
    return 0.0 if found is None else found.probability


@settings(max_examples=60, deadline=None)
@given(when=some_days, extra=st.integers(0, 59))
def test_one_more_active_day_never_raises_the_risk(when: frozenset[int], extra: int) -> None:
    seen = [replace(one, progress={}) for one in one_learner(when).learners]
    more = [replace(one, progress={}) for one in one_learner(when | {extra}).learners]
    before = replace(one_learner(when), learners=tuple(seen))
    after = replace(before, learners=tuple(more))
    if stalled(before, policy=Policy(threshold=1e-9, silent_days=0)) is not None:
        assert risk(after) <= risk(before) + 1e-12


@settings(max_examples=60, deadline=None)
@given(when=some_days, later=st.integers(1, 20), score=st.floats(0, 1))
def test_what_happens_after_now_changes_nothing(when: frozenset[int], later: int, score: float) -> None:
    cohort = one_learner(when)
    one = cohort.learners[0]
    future = ago(-later)
    quiz = one.progress[QUIZ_2]
    more = replace(
        one,
        active_days=one.active_days | {day(-later)},
        feeling=Feeling.TOO_EASY,
        feeling_at=future,
        asked_for_help_at=future,
        progress={
            QUIZ_2: replace(quiz, attempts=(*quiz.attempts, replace(quiz.attempts[0], at=future, score=score))),
            QUIZ_3: Progress(ActivityState.COMPLETED, completed_at=future),
        },
    )
    changed = replace(cohort, learners=(more, *cohort.learners[1:]))
    assert find_stalls(changed, POLICY, NOW) == find_stalls(cohort, POLICY, NOW)


@settings(max_examples=80, deadline=None)
@given(when=some_days, known=some_known, shift=st.timedeltas(timedelta(0), timedelta(days=80)))
def test_any_learner_at_any_time_has_a_sensible_answer(
    when: frozenset[int], known: frozenset[Knowledge], shift: timedelta
) -> None:
    for found in find_stalls(one_learner(when, known), POLICY, NOW - shift):
        assert 0 <= found.probability <= 1
        assert found.kind is not StallKind.WAITING
