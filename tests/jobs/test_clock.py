from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from lms_clients.errors import NotFound, Throttled
from lti_app.config import Settings
from lti_app.db import Database
from lti_app.house import House
from lti_app.jobs import pace
from lti_app.jobs.clock import rest_of, take_turn, tick
from lti_app.jobs.engine import Jobs, make_huey, make_jobs
from lti_app.models import ConsumedState, Context, LmsConnection, Prompt
from lti_app.store import runs
from lti_app.store.courses import CourseLife
from tests.conftest import StillClock
from tests.jobs.recorded_moodle import RecordedMoodle
from tests.store.told import NOW, ago, make_academy, make_course

EVERY = timedelta(minutes=15)


@pytest.fixture
def jobs(settings: Settings) -> Jobs:
    """A queue that nobody works on, so that tests can look into it."""
    huey = make_huey(settings)
    return make_jobs(huey, dict.fromkeys(("turn", "sync", "sweep", "deliver"), lambda *ids: None))


def queued(jobs: Jobs) -> list[tuple[str, tuple[int, ...]]]:
    """Empty the queue and return what was in it."""
    found = []
    while (task := jobs.huey.dequeue()) is not None:
        found.append((type(task).__name__.removeprefix("regista_"), tuple(task.args)))
    return found


def test_a_platform_with_a_course_due_gets_one_turn_however_many_courses_wait(
    db: Database, house: House, jobs: Jobs, deployment_id: int
) -> None:
    with db.writing() as session:
        for number in range(10, 30):
            make_course(session, deployment_id, number)
        make_course(session, make_academy(session, 2), 2, due_at=ago(hours=1))
        make_course(session, make_academy(session, 3), 3, due_at=ago(hours=-1))
    assert tick(house, jobs).platforms == 2
    # The one that waits longest comes first.
    assert queued(jobs) == [("turn", (2,)), ("turn", (1,))]


def test_a_platform_that_is_asked_paused_or_blocked_gets_no_turn(
    db: Database, house: House, jobs: Jobs, context_id: int
) -> None:
    with db.writing() as session:
        assert runs.claim_course(session, context_id, NOW, datetime.now(UTC)) is not None
    assert tick(house, jobs).platforms == 0
    with db.writing() as session:
        session.execute(update(Context).values(sync_claimed_until=None))
        session.execute(update(LmsConnection).values(paused_until=ago(minutes=-5)))
    assert tick(house, jobs).platforms == 0
    with db.writing() as session:
        session.execute(update(LmsConnection).values(paused_until=ago(minutes=5)))
    assert tick(house, jobs).platforms == 1


def test_a_course_rests_after_a_sync_however_often_people_launch(
    db: Database, house: House, jobs: Jobs, context_id: int
) -> None:
    with db.writing() as session:
        session.execute(update(Context).values(synced_at=NOW - rest_of(house) / 2, sync_due_at=NOW))
    assert tick(house, jobs).platforms == 0
    with db.writing() as session:
        session.execute(update(Context).values(synced_at=NOW - rest_of(house)))
    assert tick(house, jobs).platforms == 1


def test_a_turn_syncs_the_longest_waiting_course_and_goes_to_the_end_of_the_queue(
    db: Database, house: House, jobs: Jobs, deployment_id: int, moodle: RecordedMoodle
) -> None:
    with db.writing() as session:
        later = make_course(session, deployment_id, 3, due_at=ago(minutes=1))
        first = make_course(session, deployment_id, 2, due_at=ago(minutes=9))
    summary = take_turn(house, jobs, 1)
    assert summary is not None
    assert (summary.context_id, summary.state) == (first, "done")
    assert queued(jobs) == [("turn", (1,))]
    with db.reading() as session:
        assert session.get_one(Context, later).synced_at is None


def test_a_turn_for_nothing_does_no_harm(house: House, jobs: Jobs, context_id: int) -> None:
    assert take_turn(house, jobs, 1) is not None
    assert take_turn(house, jobs, 1) is None
    assert take_turn(house, jobs, 999) is None
    assert queued(jobs) == []


def test_due_prompts_and_dropped_ones_are_delivered(db: Database, house: House, jobs: Jobs, deployment_id: int) -> None:
    with db.writing() as session:
        context_id = make_course(session, deployment_id, due_at=None)
    assert not tick(house, jobs).prompts
    with db.writing() as session:
        session.add(Prompt(key="a", context_id=context_id, kind="nudge", made_at=ago(minutes=1), due_at=ago(minutes=1)))
    assert tick(house, jobs).prompts
    with db.writing() as session:
        session.execute(update(Prompt).values(state="claimed", claimed_until=ago(minutes=1)))
    assert tick(house, jobs).prompts
    assert queued(jobs) == [("deliver", ()), ("deliver", ())]


def test_used_login_states_are_forgotten_in_the_machines_own_time(db: Database, house: House, jobs: Jobs) -> None:
    machine = datetime.now(UTC)
    with db.writing() as session:
        session.add(ConsumedState(state="old", expires_at=machine - timedelta(seconds=1)))
        session.add(ConsumedState(state="new", expires_at=machine + timedelta(minutes=5)))
    assert tick(house, jobs).used_states == 1
    with db.reading() as session:
        assert session.scalars(select(ConsumedState.state)).all() == ["new"]


def test_a_tick_on_five_workers_leaves_one_sync(
    db: Database, house: House, jobs: Jobs, context_id: int, clock: StillClock
) -> None:
    for _ in range(5):
        tick(house, jobs)
    done = [take_turn(house, jobs, ids[0]) for name, ids in queued(jobs) if name == "turn"]
    assert [summary.state for summary in done if summary is not None] == ["done"]


def life(**known: object) -> CourseLife:
    told = {"state": "active", "ends_at": None, "launched_at": None, "last_access_at": None}
    return CourseLife(**(told | known))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("course", "wait"),
    [
        (life(launched_at=ago(hours=1)), EVERY),
        (life(last_access_at=ago(hours=5)), EVERY),
        (life(last_access_at=ago(days=3)), timedelta(hours=1)),
        (life(last_access_at=ago(days=30)), timedelta(hours=12)),
        (life(), timedelta(hours=12)),
        (life(state="concluded", launched_at=ago(hours=1)), None),
        (life(ends_at=ago(days=20), last_access_at=ago(hours=1)), None),
        (life(ends_at=ago(days=2), last_access_at=ago(hours=1)), EVERY),
    ],
)
def test_a_living_course_is_asked_soon_a_quiet_one_rarely_and_one_that_is_over_not_at_all(
    course: CourseLife, wait: timedelta | None
) -> None:
    assert pace.after_success(course, EVERY, NOW, 0.5) == (None if wait is None else NOW + wait)


def test_back_off_doubles_up_to_six_hours_and_is_spread() -> None:
    waits = [pace.back_off(failures, EVERY, 0.5) for failures in range(8)]
    assert waits[:4] == [EVERY, 2 * EVERY, 4 * EVERY, 8 * EVERY]
    assert max(waits) == timedelta(hours=6)
    assert pace.back_off(0, EVERY, 0.0) < pace.back_off(0, EVERY, 1.0)


def test_a_throttling_lms_decides_how_long_we_wait() -> None:
    throttled = Throttled("slow down", retry_after=7200)
    assert pace.after_failure(throttled, 0, EVERY, NOW, 0.5) == NOW + timedelta(hours=2)
    assert pace.pause_after(throttled, 0, EVERY, NOW, 0.0) == NOW + timedelta(hours=2)


def test_a_course_that_is_gone_for_good_is_not_asked_for_ever() -> None:
    assert pace.after_failure(NotFound("no such course"), 2, EVERY, NOW, 0.5) is not None
    assert pace.after_failure(NotFound("no such course"), 5, EVERY, NOW, 0.5) is None
    assert pace.pause_after(NotFound("no such course"), 0, EVERY, NOW, 0.5) is None
