"""How much somebody takes part, for a gradebook column: in how many weeks, never how much in one.

A number of posts would reward noise. A week counts once when the person turned to others in it at all: asked, answered,
offered help, gave or took it. Reading counts for nothing and costs nothing. Half of the weeks so far are enough for the
whole, so that a pause, an illness or a holiday takes nothing away.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

# One week in two is enough for the whole, rounded up.
ONE_IN = 2


@dataclass(frozen=True, slots=True)
class Participation:
    """In ``weeks`` weeks somebody took part; ``needed`` are enough for the whole as of now; ``so_far`` have begun."""

    weeks: int
    needed: int
    so_far: int

    @property
    def share(self) -> float:
        """From 0 to 1; more weeks than needed are no more than the whole."""
        return min(1.0, self.weeks / self.needed)


# The same few days come again for everybody on a course.
@lru_cache(maxsize=4096)
def monday(day: date) -> date:
    """Return the Monday of a day's week."""
    return day - timedelta(days=day.weekday())


def weeks_between(first: date, last: date) -> int:
    """Return how many calendar weeks the days from ``first`` to ``last`` touch, at least one."""
    return max(1, (monday(last) - monday(first)).days // 7 + 1)


def participation(days: Iterable[date], *, from_day: date, today: date, until: date | None = None) -> Participation:
    """Return how somebody has taken part; ``days`` are those on which they turned to others.

    Weeks are counted from ``from_day`` (when the column was switched on, or the person came) to today or the course's
    end. In the first two weeks one is enough for the whole.
    """
    last = today if until is None else min(today, until)
    so_far = weeks_between(from_day, max(last, from_day))
    counted = {monday(day) for day in days if monday(from_day) <= monday(day) <= monday(max(last, from_day))}
    return Participation(len(counted), -(-so_far // ONE_IN), so_far)
