"""A course's past, made ready once and kept for some minutes, so that every move of a slider is answered at once."""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import replace
from datetime import datetime
from functools import partial
from threading import Lock

from flask import current_app
from sqlalchemy.orm import Session

from engagement.budget import AlertHistory
from engagement.estimates import estimates_for
from engagement.preview import Preview, Rehearsal, rehearse, replay
from engagement.values import Holiday, Policy
from lti_app.models import Context
from lti_app.store.calibrations import calibration_of
from lti_app.store.cohorts import load_cohort
from lti_app.store.course_settings import CourseSettings
from lti_app.store.policies import policy_of
from lti_app.store.sweep_values import sweep_facts

KEPT = 4
KEPT_SECONDS = 600
WEEKS = 8
#: So many learner-weeks are rehearsed at most: a course of thousands looks back less far rather than let people wait.
MOST = 5000
_lock = Lock()


def try_out(session: Session, context_id: int, settings: CourseSettings, now: datetime) -> Preview:
    """Return what these settings would do today, and would have done in the past weeks."""
    policy = settings.policy(policy_of(session, context_id))
    facts = sweep_facts(session, context_id, policy, now)
    made = _made_ready(session, context_id, settings, now)
    return _replayed(made, (policy, facts.history, settings.exam_weeks))


def _replayed(made: Rehearsal, asked: tuple[Policy, AlertHistory, tuple[Holiday, ...]]) -> Preview:
    """Return what was found for the same question lately, else find it: thousands of learners take a third of a second.

    A page that is opened again, or a slider that is put back, asks the same.
    """
    kept: deque[tuple[Rehearsal, object, Preview]] = current_app.extensions.setdefault(
        "regista-previews", deque(maxlen=2 * KEPT)
    )
    for one, question, preview in tuple(kept):
        if one is made and question == asked:
            return preview
    preview = replay(made, *asked)
    kept.append((made, asked, preview))
    return preview


def _made_ready(session: Session, context_id: int, settings: CourseSettings, now: datetime) -> Rehearsal:
    calibration = calibration_of(session, context_id)
    synced_at = session.get_one(Context, context_id).synced_at
    key = (context_id, synced_at, settings.holidays, calibration, int(now.timestamp() // KEPT_SECONDS))
    kept: OrderedDict[object, Rehearsal] = current_app.extensions.setdefault("regista-rehearsals", OrderedDict())
    with _lock:
        if key in kept:
            kept.move_to_end(key)
            return kept[key]
    cohort = replace(load_cohort(session, context_id, now), holidays=settings.holidays)
    weeks = max(2, min(WEEKS, MOST // max(len(cohort.learners), 1)))
    made = rehearse(cohort, now, weeks, partial(estimates_for, calibration=calibration))
    with _lock:
        kept[key] = made
        while len(kept) > KEPT:
            kept.popitem(last=False)
    return made
