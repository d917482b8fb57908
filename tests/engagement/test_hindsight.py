"""A course's own past as evidence: what the detector would have said, and what came of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import numpy as np
import pytest

from engagement.estimates import estimates_for
from engagement.hindsight import hindsight, joined
from engagement.values import Cohort, Holiday, Knowledge, Learner
from tests.engagement.people import BEA, NOW, READING, ada, ago, course, day, days, done, learner, steady


def alone(one: Learner, **facts: object) -> Cohort:
    return course(one, others=0, **facts)


def test_bea_was_silent_for_a_fortnight_in_some_weeks_and_not_in_others() -> None:
    # She came every third day until 30 days ago, and again from the day before yesterday.
    bea = learner(
        BEA, active_days=days(2, *range(30, 60, 3)), days_known_from=day(60), last_seen_at=ago(2), progress={}
    )
    past = hindsight(alone(bea, starts_on=day(60)), NOW)
    # Weeks 14, 21, 28, ... 56 days ago; only the fortnights from 21 and 28 days ago were silent.
    assert past.outcomes.tolist() == [0, 1, 1, 0, 0, 0, 0]
    assert np.isfinite(past.logits).all()


def test_the_evidence_is_what_the_detector_would_have_said_then() -> None:
    cohort = course(steady(BEA))
    past = hindsight(cohort, NOW)
    then = estimates_for(replace(cohort, as_of=ago(14)), ago(14))
    said = 1 / (1 + np.exp(-past.logits[: len(cohort.learners)]))
    assert said == pytest.approx([then[one.id].probability for one in cohort.learners])


def test_weeks_in_which_not_every_visit_was_seen_say_nothing() -> None:
    bea = steady(BEA, days_known_from=day(15))
    assert len(hindsight(alone(bea), NOW)) == 1
    assert len(hindsight(alone(replace(bea, days_known_from=None)), NOW)) == 0
    assert len(hindsight(alone(replace(bea, known=frozenset(Knowledge) - {Knowledge.DAYS})), NOW)) == 0


def test_holidays_and_weeks_outside_the_course_say_nothing() -> None:
    bea = steady(BEA)
    whole = len(hindsight(alone(bea), NOW))
    assert len(hindsight(alone(bea, holidays=(Holiday(day(12), day(10)),)), NOW)) == whole - 2
    assert len(hindsight(alone(bea, starts_on=day(20)), NOW)) == 1
    assert len(hindsight(alone(bea, ends_on=day(5)), NOW)) == whole - 1


def test_whoever_left_counts_until_a_fortnight_after_the_last_visit() -> None:
    gone = learner(BEA, active_days=days(*range(31, 60, 2)), days_known_from=day(60), last_seen_at=ago(31), progress={})
    cohort = alone(gone)
    stayed, left = hindsight(cohort, NOW), hindsight(cohort, NOW, {BEA})
    assert stayed.outcomes.sum() > left.outcomes.sum() >= 1


def test_whoever_has_finished_everything_is_no_evidence() -> None:
    one = steady(BEA, progress={READING: done(50)})
    cohort = replace(alone(one), activities=course().activities[:1])
    assert len(hindsight(cohort, NOW)) == 1  # 56 days ago it was not done yet


def test_an_empty_past_is_an_answer_and_a_naive_now_is_not() -> None:
    assert len(hindsight(Cohort(1, (), ()), NOW)) == 0
    assert len(joined([])) == 0
    parts = [hindsight(alone(ada()), NOW), hindsight(alone(steady(BEA)), NOW)]
    assert len(joined(parts)) == sum(map(len, parts))
    with pytest.raises(ValueError, match="time zone"):
        hindsight(course(ada()), datetime(2026, 11, 20))  # noqa: DTZ001
