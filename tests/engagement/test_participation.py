"""Taking part is a matter of weeks, never of how much: Ada writes ten posts in a day, Bruno one word a week."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from engagement.participation import monday, participation, weeks_between

FIRST = date(2026, 10, 5)
TODAY = FIRST + timedelta(weeks=8, days=2)


def test_ten_posts_in_a_day_are_one_week_and_a_word_a_week_is_all_of_it() -> None:
    ada = participation([FIRST] * 10, from_day=FIRST, today=TODAY)
    bruno = participation([FIRST + timedelta(weeks=n) for n in range(5)], from_day=FIRST, today=TODAY)
    assert (ada.weeks, ada.needed, ada.so_far) == (1, 5, 9)
    assert (bruno.weeks, bruno.share) == (5, 1.0)


def test_half_of_the_weeks_are_enough_so_an_illness_takes_nothing_away() -> None:
    came_back = participation([TODAY - timedelta(weeks=n) for n in range(5)], from_day=FIRST, today=TODAY)
    assert came_back.share == 1.0


def test_in_the_first_week_one_word_is_the_whole() -> None:
    taken = participation([FIRST], from_day=FIRST, today=FIRST)
    assert (taken.weeks, taken.needed, taken.share) == (1, 1, 1.0)


def test_nothing_counts_before_the_column_was_switched_on_nor_after_the_course_ended() -> None:
    end = FIRST + timedelta(weeks=3)
    days = [FIRST - timedelta(weeks=2), FIRST, end + timedelta(weeks=2)]
    taken = participation(days, from_day=FIRST, today=TODAY, until=end)
    assert (taken.weeks, taken.so_far) == (1, 4)


def test_who_came_today_is_not_measured_by_the_weeks_before() -> None:
    assert participation([TODAY], from_day=TODAY, today=TODAY).share == 1.0


DAYS = st.dates(date(2026, 9, 1), date(2026, 12, 31))


@given(st.lists(DAYS, max_size=60), DAYS, DAYS)
def test_more_of_the_same_week_changes_nothing_and_the_share_stays_between_0_and_1(
    days: list[date], first: date, today: date
) -> None:
    first, today = min(first, today), max(first, today)
    taken = participation(days, from_day=first, today=today)
    assert taken == participation([*days, *days], from_day=first, today=today)
    assert 0 <= taken.share <= 1
    assert taken.weeks <= taken.so_far == weeks_between(first, today)
    assert taken.weeks <= len({monday(day) for day in days})
