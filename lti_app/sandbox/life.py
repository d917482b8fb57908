"""The course goes on by itself: those who were coming keep coming at their own pace, those who had stopped stay away.

Nothing here is drawn anew: who comes when depends on the learner and the recording only, so that the same week
looks the same in every practice LMS that was started at the same hour.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from lti_app.sandbox.deeds import Deed, do, open_activities, possible
from lti_app.sandbox.lms import Lms
from lti_app.sandbox.people import DAY, Trail, trails

ACTIVE_DAYS = 10
#: Nobody watches longer; a practice LMS that slept for a year does not make up for it.
MOST_DAYS = 120
SLOWING = 2
_HOURS = (8, 9, 12, 13, 17, 18, 19, 20, 21)


@dataclass(frozen=True, slots=True)
class Pace:
    """How somebody comes: every how many days, how many activities at a time, and the chance to pass a quiz."""

    person: int
    #: Epoch second of the last time before the practice began, or of the moment in which somebody stuck got free.
    last_at: int
    every: float
    at_once: int
    passes: float
    #: Days after the recording from which this learner comes no more.
    stops: float | None = None


def catch_up(here: Lms) -> int:
    """Let everything happen that was due between the last time and now; return how many things did."""
    with here.lock:
        # An hour late, so that nothing that follows from a visit lies ahead.
        now = here.now() - 3600
        since = max(int(here.ledger.setting("lived_until") or here.started_at), now - MOST_DAYS * DAY)
        if now <= since:
            return 0
        visits = sorted(_visits(here, since, now), key=lambda v: (v[0], v[1].person))
        done = sum(_visit(here, at, pace) for at, pace in visits)
        here.ledger.keep("lived_until", str(now))
        return done


def paces(here: Lms) -> list[Pace]:
    """Return the pace of everybody who keeps coming; one who was stuck comes again after getting free."""
    ways = [t for t in _recorded_trails(here) if t.silent is not None and t.silent < ACTIVE_DAYS]
    most = max((t.done for t in ways), default=0)
    spoken_for = {here.cast.well, here.cast.helper, here.cast.stalled}
    unfinished = [t for t in ways if t.done < most and not t.stuck_at and t.person not in spoken_for]
    unfinished.sort(key=lambda t: _lot(t.person, 0).random())
    slowing = {t.person: 1.5 + 2 * i for i, t in enumerate(unfinished[:SLOWING])}
    found = [_pace(here, t, slowing.get(t.person)) for t in ways]
    return [pace for pace in found if pace is not None]


def _recorded_trails(here: Lms) -> list[Trail]:
    """As they were at the start; kept, because the course has moved on since."""
    if here.trails is None:
        here.trails = trails(here.untouched(), here.started_at)
    return here.trails


def _pace(here: Lms, trail: Trail, stops: float | None) -> Pace | None:
    last_at = here.untouched().roster[trail.person]["lastcourseaccess"]
    if trail.stuck_at:
        status = here.course.status(trail.person, trail.stuck_at)
        if status is None or not status["isoverallcomplete"]:
            return None
        last_at = status["timecompleted"]
    statuses = here.untouched().completion[trail.person]["statuses"]
    times = sorted(s["timecompleted"] for s in statuses if s["timecompleted"])
    days = max(1, len({t // DAY for t in times}))
    span = max(1.0, (times[-1] - times[0]) / DAY) if times else 7.0
    attempts = [a for (_, p), tries in here.untouched().attempts.items() if p == trail.person for a in tries]
    quizzes = sum(1 for s in statuses if s["modname"] == "quiz" and s["isoverallcomplete"])
    return Pace(
        trail.person,
        last_at,
        every=min(5.0, max(0.8, span / days)),
        at_once=min(3, max(1, round(trail.done / days))),
        passes=min(0.9, max(0.4, quizzes / max(1, len(attempts)))),
        stops=stops,
    )


def _visits(here: Lms, since: int, until: int) -> Iterator[tuple[int, Pace]]:
    staff = [p for p in here.people.values() if p.role in ("teacher", "tutor")]
    for pace in [*paces(here), *(Pace(p.id, here.started_at, 1.3, 0, 0) for p in staff)]:
        end = until if pace.stops is None else min(until, here.started_at + int(pace.stops * DAY))
        period = pace.every * DAY
        first = max(1, int((since - pace.last_at) / period) - 1)
        for number in range(first, max(first, int((end - pace.last_at) / period) + 2)):
            lot = _lot(pace.person, number)
            near = pace.last_at + period * (number + lot.uniform(-0.3, 0.3))
            at = int(near // DAY * DAY) + lot.choice(_HOURS) * 3600 + lot.randrange(3600)
            if max(since, pace.last_at) < at <= end:
                yield at, pace


def _lot(person: int, number: int) -> random.Random:
    return random.Random(f"practice {person} {number}")  # noqa: S311 - the lot of a play, to be the same every time


def _visit(here: Lms, at: int, pace: Pace) -> int:
    do(here, Deed("come", pace.person, None, ""), at=at)
    lot = _lot(pace.person, at)
    done = 1
    for step in range(pace.at_once):
        if not open_activities(here.course, pace.person):
            break
        done += _step(here, pace, at + 420 * (step + 1), lot)
    return done


def _step(here: Lms, pace: Pace, at: int, lot: random.Random) -> int:
    """Do the next thing in the course; a quiz that was not passed is tried again some minutes later."""
    module = open_activities(here.course, pace.person)[0]
    deeds = {d.kind: d for d in possible(here.course, pace.person) if d.cmid == module["id"]}
    if "pass" not in deeds:
        do(here, next(iter(deeds.values())), at=at)
        return 1
    if lot.random() < pace.passes:
        do(here, deeds["pass"], at=at, share=lot.choice((0.6, 0.8, 0.8, 1.0)))
        return 1
    do(here, deeds["fail"], at=at, share=lot.choice((0.2, 0.4)))
    do(here, deeds["pass"], at=at + 1800, share=0.6)
    return 2
