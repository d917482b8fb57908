from __future__ import annotations

import json
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update
from werkzeug.wrappers import Response

from lms_clients import LmsClient, Options, connect
from lms_clients.errors import LmsError
from lti_app.db import Database
from lti_app.house import House
from lti_app.jobs.lease import Lease
from lti_app.jobs.sync import sync_context
from lti_app.models import ActivityProgress, Context, LmsConnection, Membership, Person, SyncRun
from lti_app.store import runs
from lti_app.store.cohorts import freshness
from tests.conftest import StillClock
from tests.jobs.recorded_moodle import TOKEN, RecordedMoodle
from tests.store.told import NOW, make_academy, make_course

RECORDED_AT = datetime.fromtimestamp(1795169537, UTC)
# Short spans: what a production client waits thirty seconds for.
HASTY = Options(
    allow_private=True, connect_seconds=1, read_seconds=0.3, total_seconds=0.5, tries=1, sleep=lambda seconds: None
)


def hasty(house: House, registration_id: int) -> LmsClient:
    with house.db.reading() as session:
        base_url = session.scalars(select(LmsConnection.base_url).filter_by(registration_id=registration_id)).one()
    return connect("moodle", base_url, TOKEN, options=HASTY)


def count(db: Database, model: Any) -> int:
    with db.reading() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def the_course(db: Database, context_id: int) -> Context:
    with db.reading() as session:
        course = session.get_one(Context, context_id)
        session.expunge(course)
    return course


def last_run(db: Database) -> SyncRun:
    with db.reading() as session:
        run = session.scalars(select(SyncRun).order_by(SyncRun.id.desc()).limit(1)).one()
        session.expunge(run)
    return run


def test_the_recorded_course_comes_in_over_http(db: Database, house: House, context_id: int) -> None:
    summary = sync_context(house, context_id)
    assert summary is not None
    assert (summary.state, summary.error) == ("done", None)
    with db.reading() as session:
        learners = session.scalar(
            select(func.count()).select_from(Membership).filter_by(role="learner", state="active")
        )
    assert learners == 40
    assert count(db, ActivityProgress) > 400
    course = the_course(db, context_id)
    assert (course.synced_at, course.sync_failures, course.sync_claimed_until) == (NOW, 0, None)
    assert course.sync_due_at is not None
    assert NOW < course.sync_due_at <= NOW + timedelta(minutes=17)
    run = last_run(db)
    assert (run.state, run.calls, run.counts["people"]) == ("done", summary.calls, 43)


def test_the_second_sync_of_an_unchanged_course_writes_no_row_and_asks_little(
    house: House, context_id: int, clock: StillClock
) -> None:
    # A teacher came once more while the course was being recorded.
    clock.at = RECORDED_AT + timedelta(hours=1)
    first = sync_context(house, context_id)
    clock.at += timedelta(minutes=15)
    second = sync_context(house, context_id)
    assert first is not None
    assert second is not None
    assert second.counts is not None
    assert second.counts.rows == 0
    assert second.calls < first.calls / 2


def test_a_quiet_reading_leaves_what_is_known_of_each_so_that_the_next_is_as_quiet(
    house: House, context_id: int, clock: StillClock, moodle: RecordedMoodle
) -> None:
    moodle.fake["core_course_get_updates_since"]["instances"].clear()
    clock.at = RECORDED_AT + timedelta(hours=1)
    calls = []
    for _ in range(4):
        done = sync_context(house, context_id)
        assert done is not None
        calls.append(done.calls)
        clock.at += timedelta(minutes=15)
    # The site, the course, who is there, who is active, what is new.
    assert calls[1:] == [5, 5, 5]


def moodle_says(errorcode: str) -> Response:
    body = {"exception": "moodle_exception", "errorcode": errorcode, "message": "no"}
    return Response(json.dumps(body), content_type="application/json")


@pytest.mark.parametrize(
    ("trouble", "error"),
    [
        (Response("<html>Accedi al sito</html>", 200, content_type="text/html"), "protocol_trouble"),
        (Response('{"users": ', 200, content_type="application/json"), "protocol_trouble"),
        (Response("[1, 2, 3]", 200, content_type="application/json"), "protocol_trouble"),
        (moodle_says("invalidtoken"), None),
        (Response("", 302, {"Location": "/login/index.php"}), "protocol_trouble"),
        (moodle_says("upgraderunning"), "maintenance"),
        (Response("busy", 500), None),
    ],
)  # fmt: skip
def test_an_lms_that_answers_nonsense_leaves_the_old_snapshot_and_is_asked_again_later(
    db: Database,
    house: House,
    context_id: int,
    clock: StillClock,
    moodle: RecordedMoodle,
    trouble: Response,
    error: str | None,
) -> None:
    sync_context(house, context_id)
    before = count(db, ActivityProgress)
    clock.at += timedelta(minutes=20)
    moodle.trouble = trouble
    summary = sync_context(house, context_id, connect=hasty)
    assert summary is not None
    assert (summary.state, count(db, ActivityProgress)) == ("failed", before)
    assert error in (None, summary.error)
    course = the_course(db, context_id)
    assert (course.synced_at, course.sync_failures, course.sync_claimed_until) == (NOW, 1, None)
    assert course.sync_due_at is not None
    assert course.sync_due_at > clock.at
    with db.reading() as session:
        told = freshness(session, context_id)
    assert (told.as_of, told.failing_since, told.error) == (NOW, clock.at, summary.error)
    assert TOKEN not in told.detail


@pytest.mark.parametrize("why", ["slow", "gone"])
def test_an_lms_that_is_slow_or_gone_is_left_alone_longer_each_time(
    db: Database, house: House, context_id: int, clock: StillClock, moodle: RecordedMoodle, why: str
) -> None:
    sync_context(house, context_id)
    if why == "slow":
        moodle.pause = 1.0
    else:
        with db.writing() as session:
            session.execute(update(LmsConnection).values(base_url="http://127.0.0.1:9"))
    waits = []
    for _ in range(3):
        clock.at += timedelta(hours=12)
        summary = sync_context(house, context_id, connect=hasty)
        assert summary is not None
        assert (summary.state, summary.error) == ("failed", "unreachable")
        due_at = the_course(db, context_id).sync_due_at
        assert due_at is not None
        waits.append((due_at - clock.at).total_seconds() / 900)
    assert 0.7 < waits[0] < 1.3
    assert 1.4 < waits[1] < 2.6
    assert 2.9 < waits[2] < 5.1
    with db.reading() as session:
        connection = session.scalars(select(LmsConnection)).one()
        assert (connection.status, connection.failures) == ("unreachable", 3)
        assert connection.paused_until is not None


def test_a_good_answer_ends_the_pause_and_the_failing(
    db: Database, house: House, context_id: int, clock: StillClock, moodle: RecordedMoodle
) -> None:
    moodle.trouble = Response("busy", 503, {"Retry-After": "120"})
    assert sync_context(house, context_id, connect=hasty) is not None
    moodle.heal()
    clock.at += timedelta(minutes=5)
    summary = sync_context(house, context_id)
    assert summary is not None
    assert summary.state == "done"
    with db.reading() as session:
        connection = session.scalars(select(LmsConnection)).one()
        assert (connection.status, connection.failures, connection.paused_until) == ("ok", 0, None)
        assert freshness(session, context_id).failing_since is None


def test_an_error_of_our_own_is_noted_and_the_course_is_given_back(db: Database, house: House, context_id: int) -> None:
    def broken(house: House, registration_id: int) -> LmsClient:
        raise ZeroDivisionError("a fault with Ada's name in it")

    summary = sync_context(house, context_id, connect=broken)
    assert summary is not None
    assert (summary.error, the_course(db, context_id).sync_claimed_until) == ("ZeroDivisionError", None)
    assert "Ada" not in last_run(db).error_detail


def test_a_secret_that_cannot_be_opened_is_said_and_not_tried(db: Database, house: House, context_id: int) -> None:
    with db.writing() as session:
        session.execute(update(LmsConnection).values(secret="sealed elsewhere"))
    summary = sync_context(house, context_id)
    assert summary is not None
    assert (summary.error, summary.calls) == ("reauthorise", 0)


def test_two_workers_never_sync_one_course_at_once(house: House, context_id: int, moodle: RecordedMoodle) -> None:
    moodle.pause = 0.005
    gate, found = threading.Barrier(5), []

    def work() -> None:
        gate.wait()
        found.append(sync_context(house, context_id, due_only=True))

    workers = [threading.Thread(target=work) for _ in range(5)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [summary.state for summary in found if summary is not None] == ["done"]


def test_one_platform_is_asked_for_one_course_at_a_time_unless_it_allows_more(
    db: Database, house: House, deployment_id: int
) -> None:
    with db.writing() as session:
        courses = [make_course(session, deployment_id, number) for number in (11, 12, 13)]
        other = make_course(session, make_academy(session, 2), 21)
    machine = datetime.now(UTC)
    with db.writing() as session:
        assert runs.claim_course(session, courses[0], NOW, machine) is not None
    with db.writing() as session:
        assert runs.claim_course(session, courses[1], NOW, machine) is None
        assert runs.claim_course(session, other, NOW, machine) is not None
        session.execute(update(LmsConnection).values(concurrency=2))
    with db.writing() as session:
        assert runs.claim_course(session, courses[1], NOW, machine) is not None
        assert runs.claim_course(session, courses[2], NOW, machine) is None


def test_two_who_claim_two_courses_of_one_platform_at_once_see_each_other(
    db: Database, house: House, deployment_id: int
) -> None:
    with db.writing() as session:
        courses = [make_course(session, deployment_id, number) for number in range(100, 108)]
    gate, taken = threading.Barrier(len(courses)), []

    def claim(context_id: int) -> None:
        gate.wait()
        with db.writing() as session:
            if runs.claim_course(session, context_id, NOW, datetime.now(UTC)) is not None:
                taken.append(context_id)

    workers = [threading.Thread(target=claim, args=(context_id,)) for context_id in courses]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(taken) == 1


def test_a_claim_that_ran_out_is_somebody_elses_and_the_late_one_saves_nothing(
    db: Database, house: House, context_id: int, moodle: RecordedMoodle
) -> None:
    def overtaken(house: House, registration_id: int) -> LmsClient:
        with house.db.writing() as session:
            session.execute(update(Context).values(sync_claimed_until=datetime.now(UTC) + timedelta(seconds=60)))
        return connect("moodle", moodle.url, TOKEN, options=Options(allow_private=True))

    summary = sync_context(house, context_id, connect=overtaken)
    assert summary is not None
    assert summary.state == "lost"
    assert count(db, Person) == 0


def test_a_claim_is_renewed_while_the_work_lasts_and_runs_out_when_its_holder_dies(
    db: Database, house: House, context_id: int
) -> None:
    with db.writing() as session:
        claim = runs.claim_course(session, context_id, NOW, datetime.now(UTC))
    assert claim is not None
    with Lease(db, claim, every=0.05) as lease:
        threading.Event().wait(0.3)
        renewed = lease.end()
    assert renewed.until > claim.until
    with db.writing() as session:
        later = renewed.until + timedelta(seconds=1)
        second = runs.claim_course(session, context_id, NOW, later)
        assert second is not None
        assert not runs.release(session, renewed)
    with db.reading() as session:
        assert session.get_one(SyncRun, claim.run_id).state == "lost"


def test_a_launch_during_a_sync_is_not_forgotten(
    db: Database, house: House, context_id: int, moodle: RecordedMoodle
) -> None:
    def launched_meanwhile(house: House, registration_id: int) -> LmsClient:
        with house.db.writing() as session:
            session.execute(update(Context).values(sync_due_at=NOW + timedelta(seconds=1)))
        return connect("moodle", moodle.url, TOKEN, options=Options(allow_private=True))

    sync_context(house, context_id, connect=launched_meanwhile)
    assert the_course(db, context_id).sync_due_at == NOW + timedelta(seconds=1)


def test_no_error_of_the_family_is_without_a_next_time(
    db: Database, house: House, context_id: int, clock: StillClock
) -> None:
    for kind in LmsError.__subclasses__():

        def failing(house: House, registration_id: int, kind: type[LmsError] = kind) -> LmsClient:
            raise kind("so it is", retry_after=400)

        summary = sync_context(house, context_id, connect=failing)
        assert summary is not None
        due_at = the_course(db, context_id).sync_due_at
        assert due_at is None or due_at >= clock.at + timedelta(seconds=400)
        with db.writing() as session:
            session.execute(update(Context).values(sync_failures=0))
