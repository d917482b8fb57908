"""Preview: the policy tried on today and on the course's own past weeks."""

from __future__ import annotations

from dataclasses import replace

from engagement.budget import AlertHistory, Why
from engagement.estimates import estimates_for
from engagement.preview import Preview, preview, rehearse, replay
from engagement.stall import find_stalls
from engagement.values import Cohort, Holiday, Knowledge, Policy
from tests.engagement.people import (
    ADA,
    BEA,
    LMS_TELLS_LITTLE,
    NOW,
    READING,
    ada,
    ago,
    course,
    day,
    days,
    done,
    learner,
)

POLICY = Policy()


def test_today_shows_whom_a_sweep_would_list() -> None:
    found = preview(course(ada()), POLICY, NOW)
    assert [one.stall for one in found.today.alerts] == list(find_stalls(course(ada()), POLICY, NOW))


def test_bea_would_have_been_listed_three_weeks_ago_and_came_back_by_herself() -> None:
    bea = learner(
        BEA, active_days=days(*range(45, 58, 3), 15, 14, 12, 9, 6, 3, 1), days_known_from=ago(60).date(),
        progress={READING: done(57)}, last_seen_at=ago(1),
    )  # fmt: skip
    found = preview(course(bea), POLICY, NOW, weeks=4)
    assert found.today.alerts == ()
    assert (found.listed, found.came_back) == (1, 1)
    assert [week.listed for week in found.weeks] == [0, 1, 0, 0]


def test_a_higher_threshold_lists_fewer_and_a_silent_one_nobody() -> None:
    gone = [learner(n, last_seen_at=ago(29), known=LMS_TELLS_LITTLE) for n in range(1, 4)]
    cohort = course(*gone, others=12)
    counts = [len(preview(cohort, replace(POLICY, threshold=one), NOW).today.alerts) for one in (0.2, 0.45, 0.99)]
    assert counts == sorted(counts, reverse=True)
    assert counts[-1] == 0


def test_nobody_is_judged_in_a_past_that_the_lms_has_overwritten() -> None:
    returned = learner(ADA, last_seen_at=ago(0.5), known=frozenset(Knowledge) - {Knowledge.DAYS})
    assert preview(course(returned), POLICY, NOW).listed == 0


def test_a_fortnight_that_is_not_over_stays_open() -> None:
    gone = learner(ADA, last_seen_at=ago(29), known=LMS_TELLS_LITTLE)
    found = preview(course(gone), replace(POLICY, cool_down_days=0), NOW, weeks=3)
    assert found.weeks[-1].open == found.weeks[-1].listed
    assert sum(week.stayed_away for week in found.weeks[:1]) == found.weeks[0].listed


def estimated(cohort: Cohort, weeks: int = 8, policy: Policy = POLICY) -> Preview:
    return preview(cohort, policy, NOW, weeks=weeks, estimator=estimates_for)


def test_a_rehearsal_made_once_answers_every_policy_as_if_it_were_made_for_it() -> None:
    people = [learner(n, last_seen_at=ago(3 * n), known=LMS_TELLS_LITTLE) for n in range(1, 9)]
    cohort = course(ada(), *people[1:], others=12)
    ready = rehearse(cohort, NOW, weeks=4, estimator=estimates_for)
    for policy in (POLICY, Policy(threshold=0.25), Policy(weekly_most=0), Policy(silent_days=3, cool_down_days=0)):
        assert replay(ready, policy, AlertHistory()) == estimated(cohort, 4, policy)


def test_no_budget_lists_nobody_and_says_why() -> None:
    found = estimated(course(ada()), policy=Policy(weekly_most=0))
    assert found.today.alerts == ()
    assert [one.why for one in found.today.held_back] == [Why.COURSE_BUDGET]


def test_an_exam_week_set_now_holds_back_today_and_the_past_week_alike() -> None:
    exams = (Holiday(day(8), day(-2)),)
    ready = rehearse(course(ada()), NOW, weeks=2, estimator=estimates_for)
    found = replay(ready, POLICY, AlertHistory(), exam_weeks=exams)
    assert [one.why for one in found.today.held_back] == [Why.EXAM_WEEK]
    assert found.weeks[-1].listed == 0
    assert replay(ready, POLICY, AlertHistory()).today.alerts


def test_weeks_before_the_course_began_are_no_past() -> None:
    found = estimated(course(ada(), starts_on=day(17)), weeks=8)
    assert [week.at for week in found.weeks] == [ago(14), ago(7)]


def test_a_visit_that_was_overwritten_before_days_were_kept_is_a_gap_and_no_silence() -> None:
    # Every visit is known for ten days; five weeks ago she came daily, and nobody can tell any more.
    bea = learner(
        BEA, active_days=days(1, 3, 5, 8), days_known_from=day(10), last_seen_at=ago(1), progress={READING: done(55)}
    )
    found = estimated(course(bea, others=6), weeks=6)
    assert all(week.listed == 0 for week in found.weeks)
