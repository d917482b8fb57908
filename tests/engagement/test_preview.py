"""Preview: the policy tried on today and on the course's own past weeks."""

from __future__ import annotations

from dataclasses import replace

from engagement.preview import preview
from engagement.stall import find_stalls
from engagement.values import Knowledge, Policy
from tests.engagement.people import ADA, BEA, LMS_TELLS_LITTLE, NOW, READING, ada, ago, course, days, done, learner

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
