"""A question waits in working hours: nobody is called on a Sunday, on holiday or at night."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from engagement.facts import Holiday
from engagement.waiting import answer_due

ROME = ZoneInfo("Europe/Rome")
DAY = timedelta(hours=24)


def at(day: int, hour: int, minute: int = 0, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=ROME)


@pytest.mark.parametrize(
    ("asked", "due"),
    [
        (at(17, 10), at(18, 10)),  # Tuesday to Wednesday
        (at(20, 15), at(23, 15)),  # Friday afternoon to Monday afternoon
        (at(21, 11), at(24, 8)),  # Saturday: the whole of Monday, and then not at midnight
        (at(17, 22, 30), at(19, 8)),  # late in the evening: not before the second morning
        (at(20, 22), at(24, 8)),  # Friday night: Monday night is quiet, so Tuesday morning
    ],
)
def test_a_day_is_a_working_day(asked: datetime, due: datetime) -> None:
    assert answer_due(asked, DAY, "Europe/Rome") == due


def test_holidays_do_not_count() -> None:
    closed = [Holiday(date(2026, 12, 24), date(2027, 1, 6))]
    due = answer_due(at(23, 15, month=12), DAY, "Europe/Rome", closed)
    assert due == datetime(2027, 1, 7, 15, tzinfo=ROME)


def test_clocks_that_change_do_not_lose_an_hour() -> None:
    asked = datetime(2026, 10, 23, 12, tzinfo=ROME)  # Friday before the clocks go back
    assert answer_due(asked, DAY, "Europe/Rome") == datetime(2026, 10, 26, 12, tzinfo=ROME)


def test_no_wait_is_at_once_and_days_without_end_do_end() -> None:
    assert answer_due(at(17, 10), timedelta(), "Europe/Rome") == at(17, 10)
    forever = [Holiday(date(2026, 1, 1), date(2036, 1, 1))]
    assert answer_due(at(17, 10), DAY, "Europe/Rome", forever) > at(17, 10)


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        answer_due(at(17, 10).replace(tzinfo=None), DAY, "Europe/Rome")


def test_it_never_falls_on_a_weekend_or_at_night() -> None:
    start = datetime(2026, 11, 1, tzinfo=UTC)
    for hours in range(0, 24 * 14, 5):
        for wait in (1, 7, 24, 50):
            due = answer_due(start + timedelta(hours=hours), timedelta(hours=wait), "Europe/Rome").astimezone(ROME)
            assert due.weekday() < 5
            assert 8 <= due.hour < 21
