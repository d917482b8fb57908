"""What must hold of everybody: later facts change nothing, one more visit never looks worse, hiding makes humbler."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from engagement.detector import assess, columns_of, explain, hide
from engagement.detector.columns import RHYTHM_DAYS
from engagement.values import ActivityState, Attempt, Knowledge, Progress
from tests.detector.people import ADA, NOW, TODAY, at, course, days, learner

AGO = st.sets(st.integers(0, 100), max_size=60)
DONE = st.sets(st.integers(1, 10))
HIDDEN = st.sets(
    st.sampled_from([Knowledge.ACCESS, Knowledge.DAYS, Knowledge.SUBMISSIONS, Knowledge.DUE_DATES, Knowledge.SCORES])
)
QUICK = settings(max_examples=60, deadline=None)


def of_ada(cohort, now=NOW):
    return assess(columns_of(cohort, now))


@QUICK
@given(AGO, DONE, st.integers(0, 95), HIDDEN)
def test_one_more_visit_of_ada_never_raises_her_risk(ago, done, more, hidden):
    known = set(Knowledge) - hidden
    before = of_ada(course(learner(ADA, days(*ago), done, known)))
    after = of_ada(course(learner(ADA, days(*ago, more), done, known)))
    assert after.probability[0] <= before.probability[0]
    assert after.leaving[0] <= before.leaving[0]


@QUICK
@given(AGO, st.sets(st.integers(1, 40), min_size=1, max_size=20), DONE, st.sets(st.integers(1, 10)))
def test_what_ada_does_after_now_is_not_known_now(ago, later, done, later_done):
    before = learner(ADA, days(*ago), done)
    future = {
        key: Progress(
            ActivityState.PASSED, (Attempt(NOW + timedelta(days=3), 1.0, True),), 1.0, NOW + timedelta(days=3)
        )
        for key in later_done - done
    }
    after = replace(
        before,
        active_days=before.active_days | {TODAY + timedelta(days=one) for one in later},
        progress={**before.progress, **future},
    )
    first, second = of_ada(course(before)), of_ada(course(after))
    assert first.probability.tolist() == second.probability.tolist()
    assert first.leaving.tolist() == second.leaving.tolist()


@QUICK
@given(AGO, DONE, HIDDEN, HIDDEN)
def test_hiding_facts_never_raises_confidence(ago, done, some, more):
    columns = columns_of(course(learner(ADA, days(*ago), done)), NOW)
    less, least = assess(hide(columns, some)), assess(hide(columns, some | more))
    assert (least.confidence <= less.confidence).all()
    assert (less.confidence <= assess(columns).confidence).all()
    assert least.used(0) <= less.used(0)


@QUICK
@given(AGO, DONE, st.integers(0, RHYTHM_DAYS), st.integers(0, RHYTHM_DAYS))
def test_a_shorter_memory_of_days_never_raises_confidence(ago, done, long, short):
    columns = columns_of(course(learner(ADA, days(*ago), done)), NOW)
    left = [assess(hide(columns, {Knowledge.DAYS}, n)).confidence[0] for n in sorted((long, short))]
    assert left[0] <= left[1]


@QUICK
@given(AGO, DONE, HIDDEN)
def test_the_reasons_add_up_to_the_chance(ago, done, hidden):
    found = assess(hide(columns_of(course(learner(ADA, days(*ago), done)), NOW), hidden))
    for i in (0, 5):
        total = sum(reason.weight for reason in explain(found, i))
        assert np.isclose(total, found.logit[i], atol=1e-9)
        assert np.isclose(1 / (1 + np.exp(-total)), found.probability[i], atol=1e-9)


@QUICK
@given(AGO, DONE)
def test_chances_are_chances(ago, done):
    found = of_ada(course(learner(ADA, days(*ago), done)))
    for chances in (found.probability, found.leaving, found.confidence):
        assert ((chances >= 0) & (chances <= 1)).all()


@QUICK
@given(AGO)
def test_saying_the_same_twice_changes_nothing(ago):
    ada = learner(ADA, days(*ago), (1, 2))
    cohort = course(ada)
    twice = replace(cohort, learners=(*cohort.learners, ada), activities=cohort.activities * 2)
    first, second = of_ada(cohort), of_ada(twice)
    assert dict(zip(first.columns.ids, first.probability, strict=True)) == dict(
        zip(second.columns.ids, second.probability, strict=True)
    )


def test_time_of_day_and_zone_say_the_day():
    late = at(TODAY).replace(hour=23)
    assert columns_of(course(), late).day == columns_of(course(), NOW).day + 1
