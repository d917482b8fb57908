"""A learner's own cadence: how often they usually come, how long they have been away, and how sure that is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from engagement.asof import proofs
from engagement.facts import Cohort, Holiday, Knowledge, Learner
from engagement.moments import aware, day_of, open_days

MONTH_DAYS = 28
#: A cadence needs a fortnight of days in which every visit would have been seen.
CADENCE_DAYS = 14


@dataclass(frozen=True, slots=True)
class Rhythm:
    """What is known of one learner's days up to ``today``; None where nobody could tell.

    ``silent_days`` counts the course's days since the last proven one, ``counted_days`` the same without holidays.
    ``active`` of the last ``of`` days were active ones; ``usual_per_week`` is the cadence before the silence began,
    ``usual_gap`` the days that usually lie between two visits.
    """

    today: date
    last_on: date | None = None
    silent_days: int | None = None
    counted_days: int | None = None
    active: int | None = None
    of: int = 0
    usual_per_week: float | None = None
    usual_gap: float | None = None
    never_came: bool = False
    enrolled_days: int | None = None
    used: frozenset[Knowledge] = frozenset()


def rhythm_of(learner: Learner, cohort: Cohort, now: datetime) -> Rhythm:
    """The learner's cadence in the course's days; facts dated after ``now`` are ignored; raises ValueError if naive."""
    marked = frozenset(activity.id for activity in cohort.activities if activity.tutor_marked)
    return rhythm_in(learner, cohort.time_zone, cohort.holidays, marked, now, day_of(now, cohort.time_zone))


def rhythm_in(
    learner: Learner, time_zone: str, holidays: Sequence[Holiday], marked: frozenset[int], now: datetime, today: date
) -> Rhythm:
    """The same from what the course has in common.

    ``marked`` are the activities that a tutor marks; ``today`` is the day until which silence was watched: the LMS
    may have been read before ``now``.
    """
    days, used = _proven_days(learner, time_zone, marked, aware(now))
    enrolled = None if learner.enrolled_on is None else max((today - learner.enrolled_on).days, 0)
    if not used & {Knowledge.ACCESS, Knowledge.DAYS}:
        # Submissions alone prove that somebody came, never that they did not.
        return Rhythm(today=today, enrolled_days=enrolled, used=used)
    active, of = _last_month(learner, days, today)
    if not days:
        start = learner.days_known_from if Knowledge.DAYS in used else None
        watched = start is not None and learner.enrolled_on is not None and start <= learner.enrolled_on
        never = learner.never_seen is not False and (Knowledge.ACCESS in used or watched)
        return Rhythm(today, active=active, of=of, never_came=never, enrolled_days=enrolled, used=used)
    last_on = max(days)
    usual, gap = _cadence(learner, days, last_on)
    return Rhythm(
        today=today,
        last_on=last_on,
        silent_days=max((today - last_on).days, 0),
        counted_days=open_days(last_on, today, holidays),
        active=active,
        of=of,
        usual_per_week=usual,
        usual_gap=gap,
        enrolled_days=enrolled,
        used=used,
    )


def _proven_days(
    learner: Learner, time_zone: str, marked: frozenset[int], now: datetime
) -> tuple[set[date], frozenset[Knowledge]]:
    latest = day_of(now, time_zone)
    days = {day for day in learner.active_days if day <= latest}
    used: set[Knowledge] = set()
    if Knowledge.DAYS in learner.known and (days or learner.days_known_from is not None):
        used.add(Knowledge.DAYS)
    if learner.last_seen_at is not None and aware(learner.last_seen_at) <= now:
        days.add(day_of(learner.last_seen_at, time_zone))
        if Knowledge.ACCESS in learner.known:
            used.add(Knowledge.ACCESS)
    elif learner.never_seen and Knowledge.ACCESS in learner.known:
        used.add(Knowledge.ACCESS)
    done = [at for at in proofs(learner.progress, marked) if aware(at) <= now]
    if done:
        days.update(day_of(at, time_zone) for at in done)
        used.add(Knowledge.SUBMISSIONS)
    return days, frozenset(used)


def _known_from(learner: Learner) -> date | None:
    if Knowledge.DAYS not in learner.known or learner.days_known_from is None:
        return None
    return max(learner.days_known_from, learner.enrolled_on or learner.days_known_from)


def _last_month(learner: Learner, days: set[date], today: date) -> tuple[int | None, int]:
    start = _known_from(learner)
    if start is None or start > today:
        return None, 0
    first = max(start, today - timedelta(days=MONTH_DAYS - 1))
    return sum(1 for day in days if first <= day <= today), (today - first).days + 1


def _cadence(learner: Learner, days: set[date], last_on: date) -> tuple[float | None, float | None]:
    """Visits a week, and days from one visit to the next, over the eight weeks up to the last one."""
    start = _known_from(learner)
    if start is None:
        return None, None
    first = max(start, last_on - timedelta(days=2 * MONTH_DAYS - 1))
    span = (last_on - first).days + 1
    if span < CADENCE_DAYS:
        return None, None
    visits = sum(1 for day in days if first <= day <= last_on)
    return visits * 7 / span, span / visits
