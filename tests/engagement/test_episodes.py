"""An episode: opened once, told anew as facts change, and closed by the learner's own steps."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from engagement.episodes import Ending, OpenEpisode, decide
from engagement.values import Cohort, Outcome, Policy, Stall, StallKind
from tests.engagement.people import (
    ADA,
    BEA,
    ESSAY,
    LMS_TELLS_LITTLE,
    NOW,
    QUIZ_1,
    QUIZ_2,
    QUIZ_3,
    READING,
    ada,
    ago,
    course,
    day,
    days,
    done,
    failed,
    handed_in,
    learner,
    passed,
    stall,
)

POLICY = Policy()
FAILED = ((9, 0.41), (10, 0.38), (11, 0.4))


def episode(**facts: Any) -> OpenEpisode:
    """Opened three days ago, when Ada had been silent for six... and in silence by the rules: seven."""
    usual: dict[str, Any] = {"kind": StallKind.STUCK, "opened_at": ago(2), "activity_id": QUIZ_2, "since": ago(9)}
    return OpenEpisode(1, ADA, **{**usual, **facts})


def ending(one: OpenEpisode, cohort: Cohort, *stalls: Stall) -> Ending | None:
    return next(iter(decide([one], stalls, cohort, NOW, POLICY).end), None)


def outcome(one: OpenEpisode, cohort: Cohort) -> Outcome | None:
    found = ending(one, cohort)
    return None if found is None else found.outcome


def test_a_stall_opens_one_episode_and_a_second_sweep_opens_none() -> None:
    first = decide([], [stall()], course(ada()), NOW, POLICY)
    assert first.open == (stall(),)
    again = decide([episode(probability=0.5)], [stall()], course(ada()), NOW, POLICY)
    assert (again.open, again.update, again.end) == ((), (), ())


def test_new_facts_are_told_anew_and_the_same_facts_are_not() -> None:
    surer = stall(probability=0.7)
    changed = decide([episode(probability=0.5)], [surer], course(ada()), NOW, POLICY)
    assert [one.stall for one in changed.update] == [surer]


def test_waiting_for_a_mark_opens_nothing() -> None:
    assert decide([], [stall(kind=StallKind.WAITING)], course(ada()), NOW, POLICY).open == ()


def test_ada_passes_after_bruno_accepted() -> None:
    back = ada(progress={QUIZ_2: passed(0.5)}, last_seen_at=ago(0.5))
    assert outcome(episode(matched_at=ago(1), nudged_at=ago(1.5)), course(back)) is Outcome.AFTER_MATCH


@pytest.mark.parametrize(
    ("helped", "expected"),
    [
        ({}, Outcome.CAME_BACK),
        ({"nudged_at": ago(1)}, Outcome.AFTER_NUDGE),
        ({"nudged_at": ago(1), "tutored_at": ago(0.8)}, Outcome.AFTER_TUTOR),
        ({"matched_at": ago(0.1)}, Outcome.CAME_BACK),
    ],
)
def test_only_what_came_before_her_step_may_take_credit(helped: dict[str, Any], expected: Outcome) -> None:
    back = ada(progress={QUIZ_2: passed(0.5)})
    assert outcome(episode(**helped), course(back)) is expected


def test_looking_in_or_failing_once_more_does_not_unstick_her() -> None:
    looking = ada(last_seen_at=ago(0.1), progress={QUIZ_2: failed(*FAILED, (0.1, 0.42))})
    assert outcome(episode(), course(looking)) is None


def test_a_better_score_does() -> None:
    better = ada(last_seen_at=ago(0.1), progress={QUIZ_2: failed(*FAILED, (0.1, 0.5))})
    assert outcome(episode(), course(better)) is Outcome.CAME_BACK


def test_two_active_days_after_a_silence_do() -> None:
    one = ada(active_days=ada().active_days | days(1), last_seen_at=ago(0.1))
    assert outcome(episode(), course(one)) is Outcome.CAME_BACK


def test_but_not_for_somebody_who_was_stuck_while_coming_every_day() -> None:
    one = ada(active_days=ada().active_days | days(0, 1, 2, 3), last_seen_at=ago(0.1))
    assert outcome(episode(since=ago(2)), course(one)) is None


def test_who_was_drifting_has_moved_by_coming() -> None:
    drifting = episode(kind=StallKind.DRIFTING)
    one = learner(ADA, last_seen_at=ago(0.1), known=LMS_TELLS_LITTLE)
    assert outcome(drifting, course(one)) is Outcome.CAME_BACK
    assert outcome(drifting, course(replace(one, last_seen_at=ago(9)))) is None


def test_a_tutors_mark_is_not_her_step() -> None:
    marked = replace(handed_in(12), completed_at=ago(0.5), graded_at=ago(0.5), needs_grading=False)
    one = ada(progress={QUIZ_2: failed(*FAILED), ESSAY: marked})
    assert outcome(episode(kind=StallKind.DRIFTING), course(one)) is None


def test_everything_done_is_completed_and_gone_from_the_roster_is_left() -> None:
    all_done = {READING: done(40), QUIZ_1: passed(39), QUIZ_2: passed(1), ESSAY: done(37), QUIZ_3: passed(1)}
    assert outcome(episode(), course(ada(progress=all_done))) is Outcome.COMPLETED
    assert outcome(episode(), course()) is Outcome.LEFT


def test_an_empty_roster_is_a_gap_and_nobody_has_left() -> None:
    assert outcome(episode(), course(others=0)) is None


def test_this_is_wrong_ends_it_and_so_does_the_end_of_the_course() -> None:
    assert outcome(episode(wrong_at=ago(0.1)), course(ada())) is Outcome.WRONG
    assert outcome(episode(), course(ada(), ends_on=day(1))) is Outcome.COURSE_OVER


def test_who_moved_gets_no_new_episode_in_the_same_sweep() -> None:
    back = ada(progress={QUIZ_2: passed(0.5)})
    changes = decide([episode()], [stall()], course(back), NOW, POLICY)
    assert changes.open == ()
    assert len(changes.end) == 1


def test_steps_from_before_the_opening_or_after_now_do_not_count() -> None:
    for when in (3, -1):
        one = ada(progress={QUIZ_2: failed(*FAILED), QUIZ_1: passed(when)})
        assert outcome(episode(), course(one)) is None


def test_nobody_else_is_touched() -> None:
    assert decide([episode()], [stall(BEA)], course(ada(), learner(BEA)), NOW, POLICY).open == (stall(BEA),)
