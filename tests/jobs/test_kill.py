from __future__ import annotations

import os
import random
import time
from contextlib import AbstractContextManager
from decimal import Decimal

from sqlalchemy import func, select

from lti_app.db import Database
from lti_app.models import ActivityProgress, Context, CourseGroup, GroupMember, Membership, Person, SyncRun
from tests.jobs.doomed import LEARNERS
from tests.nursery import Nursery, nursery
from tests.store.told import make_academy, make_course

LEASE = "0.4"
# The long run of 200 kills is for a machine with time: REGISTA_TESTS_KILLS=200.
KILLS = int(os.environ.get("REGISTA_TESTS_KILLS", "25"))


def workers_of(database_url: str, context_id: int) -> AbstractContextManager[Nursery]:
    return nursery("-m", "tests.jobs.doomed", database_url, str(context_id), LEASE)


def check_that_one_round_is_whole(db: Database, context_id: int) -> int:
    """Return which round the database holds, after making sure that it holds all of it and nothing else."""
    with db.reading() as session:
        if db.engine.dialect.name == "postgresql":
            # Its usual isolation would let one look see two rounds.
            session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        number = int(
            (session.scalar(select(Context.sync_cursor).where(Context.id == context_id)) or {}).get("round", "0")
        )
        if number == 0:
            assert session.scalar(select(func.count()).select_from(Person)) == 0
            return 0
        scores = session.execute(select(ActivityProgress.score, func.count()).group_by(ActivityProgress.score)).all()
        assert [tuple(row) for row in scores] == [(Decimal(number), LEARNERS * 3)]
        names = set(session.scalars(select(func.substr(Person.name, 14))))
        assert names == {f"del giro {number}"}
        assert session.scalars(select(CourseGroup.name)).all() == [f"giro {number}"]
        assert session.scalar(select(func.count()).select_from(GroupMember)) == LEARNERS
        assert set(session.scalars(select(Membership.lms_mark))) == {str(number)}
        done = session.scalar(select(func.count()).select_from(SyncRun).where(SyncRun.state == "done"))
        assert done == number
        return number


def wait_for_another_round(db: Database, context_id: int, after: int) -> None:
    end = time.monotonic() + 120
    while check_that_one_round_is_whole(db, context_id) <= after:
        assert time.monotonic() < end, "the course did not become due again"
        time.sleep(0.02)


def lost(db: Database) -> int:
    """How many syncs ended with the death of their worker."""
    with db.reading() as session:
        return session.scalar(select(func.count()).select_from(SyncRun).where(SyncRun.state == "lost")) or 0


def test_workers_killed_at_any_moment_leave_the_old_or_the_new_snapshot(db: Database, database_url: str) -> None:
    with db.writing() as session:
        context_id = make_course(session, make_academy(session))
    chance, reached = random.Random(7), 0
    with workers_of(database_url, context_id) as workers:
        # One goes on all the time: it takes over from the killed, and never works at the same moment as they.
        workers.born()
        for number in range(4 * KILLS):
            # Whoever dies before their turn proves nothing: some must have died at work.
            if number >= KILLS and lost(db) > 0:
                break
            worker = workers.born()
            time.sleep(chance.uniform(0.0, 0.25))
            workers.kill(worker)
            reached = check_that_one_round_is_whole(db, context_id)
        wait_for_another_round(db, context_id, reached)
    assert lost(db) > 0


def test_the_course_of_a_killed_worker_becomes_due_again(db: Database, database_url: str) -> None:
    with db.writing() as session:
        context_id = make_course(session, make_academy(session))
    with workers_of(database_url, context_id) as workers:
        for _ in range(3):
            before = check_that_one_round_is_whole(db, context_id)
            worker = workers.born()
            wait_for_another_round(db, context_id, before)
            workers.kill(worker)
    with db.reading() as session:
        states = set(session.scalars(select(SyncRun.state)))
    assert "done" in states
    assert states <= {"done", "lost", "running"}
