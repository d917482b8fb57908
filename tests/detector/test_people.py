"""Ada fades, Bruno is steady, Clara never came: what the detector makes of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pytest

from engagement.detector import Calibration, assess, columns_of, estimates, explain
from engagement.values import Cohort, Knowledge, Learner, ReasonCode
from tests.detector.people import ADA, BRUNO, CLARA, NOW, STARTS, TODAY, course, days, learner, without

FADING = learner(ADA, days(9, 26, *range(30, 70, 3)), (1, 2))
STEADY = learner(BRUNO, days(*range(0, 70, 2)), (1, 2, 3, 4, 5))
ABSENT = learner(CLARA, days())


def chances(cohort):
    found = assess(columns_of(cohort, NOW))
    return dict(zip(found.columns.ids.tolist(), found.probability.tolist(), strict=True))


def test_ada_who_fades_is_seen_before_bruno_who_is_steady():
    found = chances(course(FADING, STEADY))
    assert found[ADA] > 0.4
    assert found[BRUNO] < 0.05


def test_clara_who_never_came_is_told_as_such():
    found = assess(columns_of(course(ABSENT), NOW))
    codes = [reason.code for reason in explain(found, 0)]
    assert found.probability[0] > 0.8
    assert ReasonCode.NEVER_CAME in codes
    assert ReasonCode.SILENT not in codes


def test_ada_reads_her_own_facts():
    reasons = {reason.code: reason.facts for reason in explain(assess(columns_of(course(FADING), NOW)), 0)}
    assert reasons[ReasonCode.FADING]["active"] == 2
    assert reasons[ReasonCode.SILENT]["days"] == 9
    assert reasons[ReasonCode.OVERDUE]["activity_id"] == 5
    assert reasons[ReasonCode.OVERDUE]["due_on"] == STARTS + timedelta(days=70)
    assert reasons[ReasonCode.OVERDUE]["done_share"] == pytest.approx(1.0, abs=0.05)
    assert reasons[ReasonCode.DUE_SOON]["activity_id"] == 6
    assert reasons[ReasonCode.DUE_SOON]["days"] == 14


def test_every_reason_names_facts_and_every_topic_speaks_once():
    for i in range(3):
        codes = [reason.code for reason in explain(assess(columns_of(course(FADING, STEADY, ABSENT), NOW)), i)]
        spoken = [code for code in codes if code is not ReasonCode.MODEL]
        assert len(spoken) == len(set(spoken))
        assert codes[-1] is ReasonCode.BASE


def test_with_last_access_and_submissions_alone_ada_still_stands_out():
    few = without(course(FADING, STEADY), Knowledge.DAYS, Knowledge.SCORES)
    found = assess(columns_of(few, NOW))
    assert found.probability[0] > 3 * found.probability[1]
    assert found.used(0) == {Knowledge.ACCESS, Knowledge.SUBMISSIONS, Knowledge.DUE_DATES}
    assert found.confidence[0] < assess(columns_of(course(FADING, STEADY), NOW)).confidence[0]


def test_an_extension_of_adas_is_not_overdue():
    late = course(FADING)
    personal = dict(late.learners[0].progress)
    from engagement.values import ActivityState, Progress
    from tests.detector.people import at

    for key in (3, 4, 5):
        personal[key] = Progress(ActivityState.NOT_STARTED, due_at=at(TODAY + timedelta(days=10)))
    extended = replace(late, learners=(replace(late.learners[0], progress=personal), *late.learners[1:]))
    reasons = {reason.code for reason in explain(assess(columns_of(extended, NOW)), 0)}
    assert ReasonCode.OVERDUE not in reasons
    assert chances(extended)[ADA] < chances(late)[ADA]


def test_on_the_first_day_of_a_new_course_everybody_has_a_chance():
    cohort = course(learner(ADA, [STARTS]), ABSENT)
    first = assess(columns_of(cohort, NOW.replace(month=2, day=2)))
    assert np.isfinite(first.logit).all()
    assert first.probability[0] < 0.5


def test_a_course_that_has_not_begun_can_be_read():
    assert np.isfinite(assess(columns_of(course(ABSENT), NOW.replace(month=1, day=5))).logit).all()


def test_when_all_are_silent_nobody_is_singled_out():
    away = tuple(learner(i, days(*range(15, 70, 3)), (1, 2, 3, 4)) for i in range(1, 31))
    cohort = replace(course(), learners=away)
    found = assess(columns_of(cohort, NOW))
    assert np.ptp(found.probability) == 0


def test_one_learner_alone_is_judged_by_her_own_rhythm():
    alone = replace(course(), learners=(FADING,))
    assert 0 < assess(columns_of(alone, NOW)).probability[0] < 1


def test_an_empty_course_has_nobody_to_judge():
    for cohort in (replace(course(), learners=()), Cohort(1, (), ())):
        assert len(assess(columns_of(cohort, NOW))) == 0


def test_a_course_without_dates_or_activities_is_judged_by_visits():
    bare = Cohort(1, (), (replace(FADING, progress={}), replace(STEADY, progress={})))
    found = assess(columns_of(bare, NOW))
    assert found.probability[0] > found.probability[1]
    assert Knowledge.DUE_DATES not in found.used(0)


def test_of_somebody_about_whom_nobody_told_anything_little_is_claimed():
    unknown = Learner(ADA, known=frozenset())
    found = assess(columns_of(course(unknown), NOW))
    assert found.confidence[0] == 0
    assert found.used(0) == frozenset()
    assert 0 < found.probability[0] < 0.6


def test_a_time_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="time zone"):
        columns_of(course(FADING), datetime(2026, 4, 13))  # noqa: DTZ001
    naive = replace(FADING, last_seen_at=datetime(2026, 4, 1))  # noqa: DTZ001
    with pytest.raises(ValueError, match="time zone"):
        columns_of(course(naive), NOW)


def test_estimates_are_by_learner_and_add_up_under_an_academys_calibration():
    bent = Calibration(intercept=-0.3, slope=0.8)
    found = estimates(course(FADING, STEADY), NOW, bent)
    plain = estimates(course(FADING, STEADY), NOW)
    for one in found.values():
        total = sum(reason.weight for reason in one.reasons)
        assert 1 / (1 + np.exp(-total)) == pytest.approx(one.probability)
    assert found[ADA].probability < plain[ADA].probability
    assert found[ADA].leaving == plain[ADA].leaving
