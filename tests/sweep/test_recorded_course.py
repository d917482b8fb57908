"""The recorded Moodle course, synced over HTTP and swept: real progress, real stalls, real milestones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from lti_app.house import House
from lti_app.jobs.sweep import sweep_context
from lti_app.jobs.sync import sync_context
from lti_app.models import ActivityProgress, Attempt, Episode, LmsConnection, Match, Milestone
from lti_app.store import offers
from lti_app.store.course_facts import DONE
from lti_app.store.desk import desk_case, desk_queue
from lti_app.store.stall_card import stuck_at
from lti_app.store.support import support_for
from tests.conftest import StillClock
from tests.jobs.recorded_moodle import RecordedMoodle, recorded_moodle
from tests.store.told import make_academy, make_course
from tests.sweep.test_loop import the_house


@pytest.fixture(scope="module")
def running() -> Iterator[RecordedMoodle]:
    with recorded_moodle() as moodle:
        yield moodle


@pytest.fixture
def synced(app: Flask, running: RecordedMoodle) -> tuple[House, int]:
    house = the_house(app)
    with house.db.writing() as session:
        deployment_id = make_academy(session, connected_to=running.url, secret_key=house.settings.secret_key)
        session.scalars(select(LmsConnection)).one().secret = running.sealed_token(house.settings.secret_key)
        context_id = make_course(session, deployment_id)
    summary = sync_context(house, context_id)
    assert summary is not None
    assert summary.state == "done"
    return house, context_id


def test_the_first_sweep_of_a_real_course_stays_within_its_budget_and_names_facts(
    synced: tuple[House, int], clock: StillClock
) -> None:
    house, context_id = synced
    summary = sweep_context(house, context_id)
    with house.db.reading() as session:
        queue = desk_queue(session, context_id, clock.now())
        assert 1 <= len(queue.items) <= queue.budget
        assert all(item.reasons for item in queue.items)
        for item in queue.items:
            case = desk_case(session, context_id, item.episode_id, clock.now())
            assert len(case.strip) == 28
        done = session.query(ActivityProgress).filter(ActivityProgress.state.in_(DONE)).count()
        assert 0 < summary.milestones <= done * 3
        assert Counter(session.scalars(select(Milestone.kind)))["passed"] > 0
    again = sweep_context(house, context_id)
    assert (again.opened, again.ended, again.prompts, again.milestones) == (0, 0, 0, 0)


def test_those_who_passed_what_others_fail_are_proposed_to_them(synced: tuple[House, int], clock: StillClock) -> None:
    house, context_id = synced
    sweep_context(house, context_id)
    with house.db.writing() as session:
        stuck = session.scalars(
            select(Episode).where(Episode.activity_id.is_not(None), Episode.kind == "stuck")
        ).first()
        assert stuck is not None
        assert stuck.activity_id is not None
        passed = session.scalars(
            select(ActivityProgress.membership_id).where(
                ActivityProgress.activity_id == stuck.activity_id, ActivityProgress.state.in_(offers.PASSED)
            )
        ).all()
        for helper in passed[:4]:
            offers.offer_help(
                session, helper, stuck.activity_id, capacity=1, words="", languages=["it"], windows=[], now=clock.now()
            )
        learner_id, activity_id = stuck.membership_id, stuck.activity_id
    sweep_context(house, context_id)
    with house.db.reading() as session:
        helpers = set(session.scalars(select(Match.helper_id).join(Episode).where(Episode.membership_id == learner_id)))
        assert helpers
        assert helpers <= set(passed)
        stall = support_for(session, learner_id, clock.now()).stall
        assert stall is not None
        assert stall.others == stuck_at(session, context_id, activity_id, but=learner_id)
        failed = (
            session.query(Attempt).filter_by(membership_id=learner_id, activity_id=activity_id, passed=False).count()
        )
        assert failed >= 2


def test_a_month_later_nobody_is_judged_on_old_data(synced: tuple[House, int], clock: StillClock) -> None:
    house, context_id = synced
    clock.at += timedelta(days=30)
    assert sweep_context(house, context_id).opened == 0
