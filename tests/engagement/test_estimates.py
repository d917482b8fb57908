"""The trained detector on the product's path: readable, silent about gaps, and no story-breaking surprises."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engagement.asof import as_of
from engagement.detector import Calibration
from engagement.estimates import estimates_for, readable
from engagement.stall import find_stalls
from engagement.values import (
    ActivityState,
    Attempt,
    Cohort,
    Feeling,
    Holiday,
    Knowledge,
    Learner,
    Policy,
    Progress,
    Reason,
    ReasonCode,
    Stall,
    StallKind,
    worth_saying,
)
from tests.engagement.people import (
    ACTIVITIES,
    ADA,
    BEA,
    DARIO,
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
    learner,
    passed,
    steady,
    without,
)

POLICY = Policy()


def stalls(cohort: Cohort, policy: Policy = POLICY) -> dict[int, Stall]:
    return {one.learner_id: one for one in find_stalls(cohort, policy, NOW, estimates_for(cohort, NOW))}


def test_ada_who_failed_three_times_is_raised_and_read_as_before() -> None:
    found = stalls(course(ada()))
    assert set(found) == {ADA}
    assert found[ADA].kind is StallKind.STUCK
    said = {one.code: one.facts for one in worth_saying(found[ADA].reasons)}
    assert said[ReasonCode.FAILED_ATTEMPTS]["attempts"] == 3
    assert said[ReasonCode.SILENT]["days"] == 9


def test_bea_who_fails_again_and_again_is_raised_although_she_came_four_days_ago() -> None:
    tries = failed((4, 0.4), (5, 0.42), (6, 0.41))
    bea = steady(
        BEA, active_days=days(*range(4, 56, 2)), last_seen_at=ago(4), progress={READING: done(40), QUIZ_2: tries}
    )
    found = stalls(course(bea))
    assert found[BEA].kind is StallKind.STUCK
    assert found[BEA].probability < 0.45


def test_carlo_who_fades_is_raised_by_what_the_detector_knows() -> None:
    fading = learner(
        BEA, active_days=days(22, 30, 33, 36, 40, 44, 48, 50), days_known_from=day(60), last_seen_at=ago(22),
        progress={READING: done(50)},
    )  # fmt: skip
    found = stalls(course(fading, others=9))
    assert found[BEA].kind is StallKind.DRIFTING
    assert found[BEA].leaving is not None
    assert ReasonCode.SILENT in {one.code for one in worth_saying(found[BEA].reasons)}


def test_whoever_has_just_joined_is_given_a_week_whatever_the_detector_says() -> None:
    for enrolled, expected in ((3, set()), (12, {DARIO})):
        dario = learner(DARIO, never_seen=True, enrolled_on=day(enrolled), known=LMS_TELLS_LITTLE)
        assert set(stalls(course(dario))) == expected


def test_a_gap_is_no_silence_and_the_estimate_says_what_it_used() -> None:
    unseen = without(learner(DARIO), Knowledge.ACCESS, Knowledge.DAYS)
    assert stalls(course(unseen)) == {}
    told = estimates_for(course(ada()), NOW)[ADA]
    assert Knowledge.ACCESS in told.used
    assert Knowledge.DUE_DATES not in told.used


def test_the_reasons_add_up_to_the_chance_also_when_an_academy_has_calibrated_it() -> None:
    for calibration in (None, Calibration(-0.4, 1.3)):
        cohort = course(ada())
        told = estimates_for(cohort, NOW, calibration)
        found = {one.learner_id: one for one in find_stalls(cohort, POLICY, NOW, told)}[ADA]
        log_odds = sum(reason.weight for reason in found.reasons)
        assert found.probability == pytest.approx(1 / (1 + math.exp(-log_odds)))
        assert found.probability == pytest.approx(told[ADA].probability)


def test_a_sentence_that_would_say_nothing_loses_its_words_and_keeps_its_weight() -> None:
    silly = (
        Reason(ReasonCode.SILENT, {"days": 0, "usual_per_week": 3.0}, 0.4),
        Reason(ReasonCode.FADING, {"active": 20, "of": 28, "usual": None}, 0.2),
        Reason(ReasonCode.COURSE_QUIET, {"active_share": 0.9}, 0.3),
        Reason(ReasonCode.BEHIND, {"done": 3, "typical": 3, "of": 5}, 0.1),
    )
    for reason in silly:
        assert (readable(reason).code, readable(reason).weight) == (ReasonCode.MODEL, reason.weight)
    late = readable(Reason(ReasonCode.OVERDUE, {"activity_id": 1, "days": -6}, 0.2))
    assert (late.code, late.facts["days"]) == (ReasonCode.OVERDUE, 6)


def test_every_number_a_person_reads_is_whole() -> None:
    halves = [steady(200 + n, progress={READING: done(9), **({QUIZ_1: passed(8)} if n % 2 else {})}) for n in range(7)]
    gone = learner(ADA, last_seen_at=ago(25), known=LMS_TELLS_LITTLE, progress={})
    for reason in worth_saying(stalls(course(gone, *halves))[ADA].reasons):
        for name in ("days", "done", "typical", "of", "active", "usual", "count"):
            told = reason.facts.get(name)
            assert told is None or told == int(told)  # type: ignore[arg-type]


# --- Bad input ---------------------------------------------------------------------------------------------------

some_days = st.frozensets(st.integers(-10, 59), max_size=20)
some_known = st.frozensets(st.sampled_from(sorted(Knowledge)))
moments = st.one_of(st.none(), st.integers(-2000, 2000).map(lambda hours: NOW + timedelta(hours=hours)))
entries = st.builds(
    Progress,
    state=st.sampled_from(sorted(ActivityState)),
    attempts=st.lists(
        st.builds(
            Attempt,
            at=st.integers(-300, 2000).map(lambda hours: NOW - timedelta(hours=hours)),
            score=st.one_of(st.none(), st.floats(-5, 5)),
            passed=st.sampled_from([None, True, False]),
        ),
        max_size=4,
    ).map(tuple),
    score=st.one_of(st.none(), st.floats(-5, 5)),
    submitted_at=moments,
    completed_at=moments,
    graded_at=moments,
    due_at=moments,
    needs_grading=st.sampled_from([None, True, False]),
)
learners = st.builds(
    Learner,
    id=st.integers(1, 6),
    enrolled_on=st.one_of(st.none(), st.integers(-30, 400).map(day)),
    last_seen_at=moments,
    never_seen=st.sampled_from([None, True, False]),
    active_days=some_days.map(lambda when: days(*when)),
    days_known_from=st.one_of(st.none(), st.integers(-5, 80).map(day)),
    progress=st.dictionaries(st.sampled_from([READING, QUIZ_1, QUIZ_2, QUIZ_3, 999]), entries, max_size=4),
    feeling=st.sampled_from([None, *Feeling]),
    feeling_at=moments,
    known=some_known,
    snoozed_until=moments,
    asked_for_help_at=moments,
    questions=st.dictionaries(st.sampled_from([QUIZ_2, 999]), moments.filter(bool), max_size=2),
)
cohorts = st.builds(
    Cohort,
    context_id=st.just(7),
    activities=st.sampled_from([(), ACTIVITIES, ACTIVITIES * 2, tuple(replace(a, due_at=ago(3)) for a in ACTIVITIES)]),
    learners=st.lists(learners, max_size=7).map(tuple),
    time_zone=st.sampled_from(["UTC", "Europe/Rome", "Pacific/Kiritimati"]),
    starts_on=st.one_of(st.none(), st.integers(-20, 200).map(day)),
    ends_on=st.one_of(st.none(), st.integers(-200, 20).map(day)),
    as_of=st.one_of(st.none(), st.integers(-50, 90).map(lambda hours: ago(hours=hours))),
    holidays=st.sampled_from([(), (Holiday(day(20), day(2)),), (Holiday(day(1), day(9)),)]),
)


@settings(deadline=None, max_examples=60)
@given(cohort=cohorts)
def test_any_course_has_a_sensible_answer_and_duplicates_are_one_person(cohort: Cohort) -> None:
    told = estimates_for(cohort, NOW)
    assert set(told) <= {one.id for one in cohort.learners}
    found = find_stalls(cohort, replace(POLICY, threshold=0.05), NOW, told)
    assert len({one.learner_id for one in found}) == len(found)
    for one in found:
        assert 0 <= one.probability <= 1
        assert one.kind is not StallKind.WAITING or one.asked
        assert all(math.isfinite(reason.weight) for reason in one.reasons)


@settings(deadline=None, max_examples=60)
@given(cohort=cohorts, later=learners)
def test_facts_after_now_never_change_a_decision(cohort: Cohort, later: Learner) -> None:
    future = NOW + timedelta(days=1)
    handed_in = Progress(ActivityState.SUBMITTED, submitted_at=future)
    changed = []
    for one in cohort.learners:
        progress = {QUIZ_3: handed_in, **one.progress}
        for key, known in one.progress.items():
            progress[key] = replace(known, attempts=(*known.attempts, Attempt(future, 1.0, True)))
        came = one.active_days | {day(-2), day(-3)}
        changed.append(replace(one, active_days=came, progress=progress, questions={QUIZ_1: future, **one.questions}))
    newcomer = replace(later, id=99, enrolled_on=day(-3))
    after = replace(cohort, learners=(*changed, newcomer))
    assert as_of(after, NOW) == as_of(cohort, NOW)
    one, other = (find_stalls(it, POLICY, NOW, estimates_for(it, NOW)) for it in (cohort, after))
    assert one == other


@settings(deadline=None, max_examples=80)
@given(when=st.frozensets(st.integers(0, 59), max_size=20), extra=st.integers(0, 59), known=some_known)
def test_one_more_active_day_never_raises_the_chance(
    when: frozenset[int], extra: int, known: frozenset[Knowledge]
) -> None:
    def chance(came: frozenset[int]) -> float:
        seen = ago(min(came), 3) if came else None
        one = learner(ADA, active_days=days(*came), days_known_from=day(60), last_seen_at=seen, never_seen=not came)
        return estimates_for(course(replace(one, known=known)), NOW)[ADA].probability

    assert chance(when | {extra}) <= chance(when) + 1e-9


def test_where_everybody_is_silent_it_is_a_holiday_and_nobody_stands_out() -> None:
    silent = [learner(n, last_seen_at=ago(21), known=LMS_TELLS_LITTLE, progress={}) for n in range(1, 30)]
    assert stalls(course(*silent, others=0)) == {}


@pytest.mark.parametrize(
    "cohort", [Cohort(1, (), ()), course(others=0), Cohort(1, ACTIVITIES, (ada(),)), course(ada(), others=0)]
)
def test_empty_courses_courses_without_dates_and_one_learner(cohort: Cohort) -> None:
    assert len(stalls(cohort)) <= 1


def test_naive_times_are_refused_at_the_door() -> None:
    naive = datetime(2026, 11, 1)  # noqa: DTZ001
    with pytest.raises(ValueError, match="time zone"):
        estimates_for(course(ada()), naive)
    with pytest.raises(ValueError, match="time zone"):
        estimates_for(course(ada(last_seen_at=naive)), NOW)
    with pytest.raises(ValueError, match="time zone"):
        estimates_for(course(ada(questions={QUIZ_2: naive})), NOW)


def test_the_same_moment_in_another_zone_is_the_same_decision() -> None:
    tokyo = NOW.astimezone(timezone(timedelta(hours=9)))
    assert estimates_for(course(ada()), tokyo) == estimates_for(course(ada()), NOW.astimezone(UTC))


def test_a_lower_threshold_lists_at_least_as_many() -> None:
    people = [learner(n, last_seen_at=ago(2 * n), known=LMS_TELLS_LITTLE, progress={}) for n in range(1, 16)]
    listed = [set(stalls(course(*people), replace(POLICY, threshold=one))) for one in (0.65, 0.55, 0.45, 0.35, 0.25)]
    assert all(fewer <= more for fewer, more in pairwise(listed))
    assert listed[0] < listed[-1]
