"""Recognition: what was really reached, once, and nothing for volume."""

from __future__ import annotations

from dataclasses import replace

from engagement.recognition import Milestone, MilestoneKind, milestones
from engagement.values import Knowledge, Learner
from tests.engagement.people import (
    BEA,
    ESSAY,
    NOW,
    QUIZ_1,
    QUIZ_2,
    QUIZ_3,
    READING,
    ago,
    course,
    days,
    done,
    failed,
    learner,
    passed,
)


def reached(one: Learner) -> dict[MilestoneKind, Milestone]:
    return {found.kind: found for found in milestones(course(one, others=0), NOW)}


def test_bea_passes_quiz_2_at_the_fourth_try() -> None:
    found = reached(learner(BEA, progress={QUIZ_2: passed(1, failed_before=3)}))
    assert found[MilestoneKind.PASSED_AFTER_FAILING].facts == {"tries": 4}
    assert found[MilestoneKind.PASSED_AFTER_FAILING].reached_at == ago(1)
    assert MilestoneKind.PASSED not in found


def test_a_section_is_finished_when_its_last_activity_is() -> None:
    found = reached(learner(BEA, progress={READING: done(9), QUIZ_1: passed(4)}))
    section = found[MilestoneKind.SECTION_FINISHED]
    assert (section.facts["section"], section.reached_at) == ("Week 1", ago(4))


def test_half_the_course_and_all_of_it() -> None:
    every = {READING: done(40), QUIZ_1: passed(39), QUIZ_2: passed(30), ESSAY: done(20), QUIZ_3: passed(3)}
    found = reached(learner(BEA, progress=every))
    assert found[MilestoneKind.HALFWAY].reached_at == ago(30)
    assert found[MilestoneKind.COURSE_COMPLETED].reached_at == ago(3)


def test_coming_every_day_and_trying_often_is_no_milestone() -> None:
    busy = learner(BEA, active_days=days(*range(60)), progress={QUIZ_1: failed(*((n, 0.1) for n in range(20)))})
    assert reached(busy) == {}


def test_a_second_look_finds_the_same_keys_and_each_key_once() -> None:
    every = {READING: done(40), QUIZ_1: passed(39, failed_before=1), QUIZ_2: passed(30), ESSAY: done(20)}
    cohort = course(learner(BEA, progress=every))
    first, again = milestones(cohort, ago(-1)), milestones(replace(cohort, as_of=ago(-2)), ago(-3))
    keys = [(one.learner_id, one.key) for one in first]
    assert len(set(keys)) == len(keys)
    assert first == again


def test_what_will_be_reached_tomorrow_is_not_reached_and_a_gap_is_no_milestone() -> None:
    assert reached(learner(BEA, progress={QUIZ_1: passed(-1)})) == {}
    known = frozenset(Knowledge) - {Knowledge.PROGRESS}
    assert reached(learner(BEA, progress={QUIZ_1: passed(1)}, known=known)) == {}
