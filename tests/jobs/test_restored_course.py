"""A course whose activities come back under other numbers, as after a restore from a backup."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from engagement.facts import Cohort
from lti_app.db import Database
from lti_app.house import House
from lti_app.jobs.sync import sync_context
from lti_app.store.cohorts import load_cohort
from tests.conftest import StillClock
from tests.jobs.recorded_moodle import RecordedMoodle
from tests.jobs.test_sync import RECORDED_AT
from tests.lms_clients.fake_moodle import FakeMoodle, Params

SHIFT = 5000
# Where an answer names an activity: the course module, what stands behind it, the quiz or assignment by its own number.
NAMES = frozenset({"cmid", "coursemodule", "instance", "iteminstance", "quiz", "quizid", "assignmentid"})
# Lists of things that carry such a number as their ``id``.
LISTS = frozenset({"modules", "quizzes", "assignments", "instances", "attempts"})


def shifted(value: Any, inside: str = "") -> Any:
    """An answer in which every activity has another number."""
    if isinstance(value, list):
        return [shifted(one, inside) for one in value]
    if not isinstance(value, dict):
        return value
    return {
        key: one + SHIFT
        if isinstance(one, int) and (key in NAMES or (key == "id" and inside in LISTS))
        else shifted(one, key)
        for key, one in value.items()
    }


class RestoredMoodle(FakeMoodle):
    """The same course after its activities were restored: everything as before, under other numbers."""

    def _recorded(self, function: str, params: Params) -> Any:
        if "quizid" in params:
            params = {**params, "quizid": str(int(params["quizid"]) - SHIFT)}
        return shifted(super()._recorded(function, params))


def cohort(db: Database, context_id: int, clock: StillClock) -> Cohort:
    with db.reading() as session:
        return load_cohort(session, context_id, clock.now())


def done_by(cohort: Cohort) -> dict[int, int]:
    return {one.id: sum(entry.state.is_done for entry in one.progress.values()) for one in cohort.learners}


def test_a_restored_course_has_new_numbers_and_nobody_has_done_less(
    db: Database, house: House, context_id: int, clock: StillClock, moodle: RecordedMoodle
) -> None:
    clock.at = RECORDED_AT + timedelta(hours=1)
    assert sync_context(house, context_id) is not None
    before = cohort(db, context_id, clock)
    assert sum(done_by(before).values()) > 200
    moodle.fake = RestoredMoodle(moodle.table)
    clock.at += timedelta(minutes=15)
    summary = sync_context(house, context_id)
    assert summary is not None
    assert summary.state == "done"
    after = cohort(db, context_id, clock)
    assert len(after.activities) == len(before.activities)
    assert {one.title for one in after.activities} == {one.title for one in before.activities}
    assert not {one.id for one in after.activities} & {one.id for one in before.activities}
    assert done_by(after) == done_by(before)
    tries = {one.id: sum(len(entry.attempts) for entry in one.progress.values()) for one in before.learners}
    assert tries == {one.id: sum(len(entry.attempts) for entry in one.progress.values()) for one in after.learners}
    assert {one.id: one.active_days for one in after.learners} == {one.id: one.active_days for one in before.learners}
