"""Rhythm: how often somebody comes, in the course's own days, and how sure that is."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engagement.moments import open_days, quiet_until, zone
from engagement.rhythm import rhythm_of
from engagement.values import Cohort, Holiday, Knowledge, Learner, Policy
from tests.engagement.people import (
    ADA,
    LMS_TELLS_LITTLE,
    NOW,
    QUIZ_1,
    TODAY,
    ada,
    ago,
    course,
    day,
    days,
    learner,
    passed,
    without,
)


def test_ada_came_three_times_a_week_and_has_been_away_for_nine_days() -> None:
    rhythm = rhythm_of(ada(), course(), NOW)
    assert rhythm.silent_days == 9
    assert rhythm.usual_per_week == pytest.approx(18 * 7 / 52, abs=0.3)
    assert (rhythm.active, rhythm.of) == (10, 28)


def test_with_last_access_alone_the_silence_is_known_and_the_cadence_is_not() -> None:
    rhythm = rhythm_of(learner(ADA, last_seen_at=ago(12), known=LMS_TELLS_LITTLE), course(), NOW)
    assert rhythm.silent_days == 12
    assert rhythm.active is None
    assert rhythm.usual_per_week is None
    assert rhythm.used == {Knowledge.ACCESS}


def test_a_visit_just_after_midnight_in_rome_belongs_to_the_new_day() -> None:
    late = datetime(2026, 11, 18, 23, 30, tzinfo=UTC)
    one = learner(ADA, last_seen_at=late, known=LMS_TELLS_LITTLE)
    assert rhythm_of(one, course(), NOW).silent_days == 1
    assert rhythm_of(one, course(time_zone="America/Lima"), NOW).silent_days == 2


def test_submissions_alone_prove_that_she_came_never_that_she_did_not() -> None:
    unseen = without(learner(ADA, progress={QUIZ_1: passed(3)}), Knowledge.ACCESS, Knowledge.DAYS)
    rhythm = rhythm_of(unseen, course(), NOW)
    assert rhythm.silent_days is None
    assert not rhythm.never_came


def test_nobody_is_said_never_to_have_come_because_nothing_is_known() -> None:
    assert not rhythm_of(learner(ADA), course(), NOW).never_came
    assert rhythm_of(learner(ADA, never_seen=True), course(), NOW).never_came
    assert rhythm_of(learner(ADA, days_known_from=day(60)), course(), NOW).never_came


def test_holidays_do_not_count_as_silence() -> None:
    holidays = (Holiday(day(8), day(5)), Holiday(day(6), day(4)))
    rhythm = rhythm_of(ada(), course(holidays=holidays), NOW)
    assert (rhythm.silent_days, rhythm.counted_days) == (9, 4)


def test_an_unknown_time_zone_is_said_at_the_door() -> None:
    with pytest.raises(ValueError, match="no such time zone"):
        rhythm_of(ada(), Cohort(1, (), (), time_zone="Europe/Atlantis"), NOW)


@given(later=st.integers(1, 300))
def test_days_after_now_are_not_known_yet(later: int) -> None:
    more = Learner(
        **{**{key: getattr(ada(), key) for key in Learner.__slots__}, "active_days": ada().active_days | {day(-later)}}
    )
    assert rhythm_of(more, course(), NOW) == rhythm_of(ada(), course(), NOW)


@given(first=st.integers(-5, 40), length=st.integers(0, 20), span=st.integers(0, 40))
def test_open_days_are_counted_one_by_one(first: int, length: int, span: int) -> None:
    closed = Holiday(day(first), day(first - length))
    by_hand = sum(1 for ago_ in range(span) if not closed.first_on <= day(ago_) <= closed.last_on)
    assert open_days(day(span), TODAY, (closed,)) == by_hand


@given(at=st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)).map(lambda at: at.replace(tzinfo=UTC)))  # noqa: DTZ001
def test_nobody_is_written_to_in_their_night_also_when_the_clocks_change(at: datetime) -> None:
    policy = Policy()
    due = quiet_until(at, "Europe/Rome", policy.quiet_from, policy.quiet_to)
    local = due.astimezone(zone("Europe/Rome"))
    assert due >= at
    assert policy.quiet_to <= local.time() < policy.quiet_from
    assert days() == frozenset()
