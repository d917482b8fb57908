"""The points card: every weight is a log-odds with a fact a person can check, and they add up to the probability.

The weights of silence and of active days were measured on 360,000 learner-weeks of open university courses of 2013
(CC BY 4.0); those of due work, pace and failing are small on purpose, because that data cannot tell them apart.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from datetime import date

from engagement.course import NOTHING
from engagement.facts import Activity, Feeling
from engagement.flow import failing_reason, has_asked, recent_feeling
from engagement.moments import day_of
from engagement.policy import Policy
from engagement.rhythm import MONTH_DAYS, Rhythm
from engagement.standing import Standing, due_of
from engagement.verdicts import Reason, ReasonCode

BASE = -1.0
SILENT_FROM = (0, 1, 3, 5, 7, 10, 14, 21, 28)
#: With a month of days known, how often somebody comes says more than the last time they did.
SILENT_WITH_DAYS = (-1.4, -0.6, -0.3, -0.2, 0.1, 0.2, 0.35, 0.4, 1.5)
SILENT_ALONE = (-2.6, -1.4, -0.75, -0.5, 0.0, 0.3, 0.7, 1.0, 3.0)
NEVER_FROM = (0, 7, 14, 21, 28, 35)
NEVER = (-1.0, 1.1, 1.6, 2.3, 2.6, 4.3)
ACTIVE_FROM = (0, 1, 2, 4, 7, 12)
ACTIVE = (1.5, 1.0, 0.5, -0.1, -0.8, -2.1)
#: Fewer known days than these say nothing about how often somebody comes.
ENOUGH_DAYS = 14
SAID = {Feeling.JUST_RIGHT: -0.7, Feeling.TOO_HARD: 0.3, Feeling.NO_TIME: 0.3, Feeling.TOO_EASY: 0.1}
#: Below the first share of others who came this week the bar rises; below the second nobody stands out.
QUIET, DEAD = 0.3, 0.15
HIGHER_BAR = 1.0
LATE_BAR = 1.0


def _step(at: float, starts: tuple[int, ...], weights: tuple[float, ...]) -> float:
    return weights[bisect_right(starts, at) - 1]


def card_reasons(standing: Standing, policy: Policy) -> tuple[Reason, ...]:
    """Everything the card says of one learner, heaviest first and the base last; the weights add up to the log-odds."""
    found = [
        *_silence(standing),
        *_due(standing),
        *_pace(standing),
        *_failing(standing),
        *_said(standing, policy),
    ]
    found.sort(key=lambda reason: (-abs(reason.weight), reason.code))
    return (*found, Reason(ReasonCode.BASE, {}, BASE))


def judged_silence(standing: Standing) -> int | None:
    """Days of silence that count: without holidays, and not from before the course or the enrolment began."""
    rhythm, course = standing.rhythm, standing.course
    begun = max(filter(None, (standing.learner.enrolled_on, course.cohort.starts_on)), default=None)
    since_start = None if begun is None else max((course.today - begun).days, 0)
    if rhythm.never_came:
        # One day more than any visit could have left: whoever came at all is not worse off than who never came.
        return MONTH_DAYS if since_start is None else since_start + 1
    if rhythm.counted_days is None:
        return None
    return rhythm.counted_days if since_start is None else min(rhythm.counted_days, since_start)


def _silence(standing: Standing) -> list[Reason]:
    rhythm, days = standing.rhythm, judged_silence(standing)
    if days is None:
        return []
    monthly = _monthly(rhythm)
    weight = _step(days, SILENT_FROM, SILENT_ALONE if monthly is None else SILENT_WITH_DAYS)
    often = 0.0 if monthly is None else _step(monthly, ACTIVE_FROM, ACTIVE)
    if rhythm.never_came:
        # Never below what a single visit would leave, or coming once would look worse than not at all.
        worst = max(_step(days, NEVER_FROM, NEVER), weight + often)
        return [Reason(ReasonCode.NEVER_CAME, {"enrolled_days": rhythm.enrolled_days}, worst)]
    usual = None if rhythm.usual_per_week is None else round(rhythm.usual_per_week, 1)
    silent = Reason(ReasonCode.SILENT, {"days": rhythm.silent_days, "usual_per_week": usual}, weight)
    if monthly is None:
        return [silent]
    facts = {"active": rhythm.active, "of": rhythm.of, "usual": None if usual is None else round(usual * rhythm.of / 7)}
    return [silent, Reason(ReasonCode.FADING, facts, often)]


def _monthly(rhythm: Rhythm) -> float | None:
    if rhythm.active is None or rhythm.of < ENOUGH_DAYS:
        return None
    return rhythm.active * MONTH_DAYS / rhythm.of


def _due(standing: Standing) -> list[Reason]:
    course, found = standing.course, []
    late = [one for one in standing.overdue if course.done_share[one.id] >= 0.5]
    for number, activity in enumerate(late[:2]):
        facts = {**_when(standing, activity), "done_share": round(course.done_share[activity.id], 2)}
        found.append(Reason(ReasonCode.OVERDUE, facts, 0.2 if number else 0.4))
    for activity in standing.due_soon[:1]:
        begun = course.begun_share[activity.id]
        if begun >= 0.5 and not standing.learner.progress.get(activity.id, NOTHING).attempts:
            facts = {**_when(standing, activity), "begun_share": round(begun, 2)}
            found.append(Reason(ReasonCode.DUE_SOON, facts, 0.2))
    return found


def _when(standing: Standing, activity: Activity) -> dict[str, int | float | str | date | None]:
    due_at = due_of(activity, standing.learner.progress.get(activity.id, NOTHING))
    on = None if due_at is None else day_of(due_at, standing.course.cohort.time_zone)
    days = None if on is None else abs((on - standing.course.today).days)
    return {"activity_id": activity.id, "due_on": on, "days": days}


def _pace(standing: Standing) -> list[Reason]:
    done, typical, of = standing.done, standing.course.typical_done, len(standing.course.open)
    if done is None or typical is None or standing.next_up is None:
        return []
    gap = typical - done
    if gap < max(2.0, 0.25 * typical):
        return []
    facts = {"done": done, "typical": int(typical), "of": of}
    return [Reason(ReasonCode.BEHIND, facts, 0.5 if gap >= 0.5 * of else 0.3)]


def _failing(standing: Standing) -> list[Reason]:
    failing = standing.failing
    if failing is None or failing.rising or failing.failures < 2:
        return []
    return [failing_reason(standing, min(0.2 + 0.1 * (failing.failures - 2), 0.6))]


def _said(standing: Standing, policy: Policy) -> list[Reason]:
    learner, zone_name, found = standing.learner, standing.course.cohort.time_zone, []
    feeling = recent_feeling(standing, policy)
    if feeling is not None and learner.feeling_at is not None:
        facts = {"feeling": feeling.value, "on": day_of(learner.feeling_at, zone_name)}
        found.append(Reason(ReasonCode.SAID, facts, SAID[feeling]))
    if has_asked(standing, policy) and learner.asked_for_help_at is not None:
        facts_on = {"on": day_of(learner.asked_for_help_at, zone_name)}
        found.append(Reason(ReasonCode.ASKED_FOR_HELP, facts_on, 0.2))
    return found


def bar(standing: Standing, policy: Policy) -> tuple[float, tuple[Reason, ...]]:
    """The log-odds that an alert on silence must reach here and now, and the facts that raised it.

    The probability itself is left as it is: a quiet course and a late week make alerts less useful, not less likely.
    """
    height = math.log(policy.threshold / (1 - policy.threshold)) if 0 < policy.threshold < 1 else math.inf
    raised: list[Reason] = []
    share = standing.course.active_share_beside(standing.learner.id)
    if share is not None and share < QUIET:
        height += math.inf if share < DEAD else HIGHER_BAR
        raised.append(Reason(ReasonCode.COURSE_QUIET, {"active_share": round(share, 2), "raised": 1}))
    passed = standing.course.passed_share
    if passed is not None and passed > policy.late_from:
        height += LATE_BAR
        raised.append(Reason(ReasonCode.LATE, {"share": round(passed, 2), "raised": 1}))
    return height, tuple(raised)
